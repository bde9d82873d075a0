//! The page's send_log of what it sent: what has to be handed in again after a worker died, and what
//! is known of each message.

use super::{MessageId, SendState};
use sentinelops_engine::tabs::Inquiry;
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageInfo, MessageUpdate, SendRequest};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// So many messages that ended are remembered for `use_send_state`.
const REMEMBERED: usize = 1_000;

/// See the module.
#[derive(Default)]
pub(crate) struct SendLog {
    /// Not yet on disk and not ended, in order of sending: the worker's memory is all they have.
    unsaved: BTreeMap<u64, SendRequest>,
    order: HashMap<MessageId, u64>,
    next: u64,
    /// Ended badly and in memory only: an engine that is gone has forgotten them, so to try one again it is
    /// handed in again.
    failed: HashMap<MessageId, SendRequest>,
    states: HashMap<MessageId, SendState>,
    ended: VecDeque<MessageId>,
    /// A newer one may replace these.
    coalesced: HashSet<MessageId>,
    /// A person wanted these dropped.
    discarded: HashSet<MessageId>,
    /// A person tries these again.
    retried: HashSet<MessageId>,
}

impl SendLog {
    /// A message is handed to the worker for the first time.
    pub(crate) fn add(&mut self, id: &MessageId, request: &SendRequest) {
        self.states.insert(id.clone(), SendState::default());
        if request.ephemeral {
            // No update of it will come: it arrives or it does not.
            self.remember(id);
            return;
        }
        if request.coalesce.is_some() {
            self.coalesced.insert(id.clone());
        }
        self.keep(id, request.clone());
    }

    fn keep(&mut self, id: &MessageId, request: SendRequest) {
        self.unsaved.insert(self.next, request);
        self.order.insert(id.clone(), self.next);
        self.next += 1;
    }

    /// Of what another page sent, a list says whether a newer one may replace it.
    pub(crate) fn listed(&mut self, info: &MessageInfo) {
        if info.coalesced {
            self.coalesced.insert(MessageId::from(info.update.id.as_str()));
        }
    }

    /// What the worker says. `true`: it is news.
    pub(crate) fn update(&mut self, update: &MessageUpdate) -> bool {
        let id = MessageId::from(update.id.as_str());
        let state = SendState { durability: update.durability, delivery: update.delivery.clone() };
        let saved = state.durability == Durability::Durable;
        if saved || state.is_final() {
            let request = self.order.remove(&id).and_then(|order| self.unsaved.remove(&order));
            if saved || !state.delivery.allows_another_try() {
                self.failed.remove(&id);
            } else if let Some(mut request) = request {
                request.again &= !state.delivery.was_refused();
                self.failed.insert(id.clone(), request);
            }
        }
        let known = self.states.get(&id);
        // A new leader may have to find out again how it ended: that is no news here, unless it arrived
        // after all, or a person tried it again.
        let ended = known.is_some_and(SendState::is_final) && !self.retried.contains(&id);
        if ended && (known.is_some_and(SendState::is_delivered) || !state.is_delivered())
            || known == Some(&state)
        {
            return false;
        }
        if state.is_final() {
            self.retried.remove(&id);
        }
        // A failed message may be tried again: then it is no longer to be forgotten.
        let was_final = self.states.get(&id).is_some_and(SendState::is_final);
        let is_final = state.is_final();
        self.states.insert(id.clone(), state);
        match (was_final, is_final) {
            (false, true) => self.remember(&id),
            (true, false) => self.ended.retain(|ended| *ended != id),
            _ => {}
        }
        true
    }

    fn remember(&mut self, id: &MessageId) {
        self.ended.push_back(id.clone());
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.states.remove(&oldest);
            self.failed.remove(&oldest);
            self.coalesced.remove(&oldest);
            self.discarded.remove(&oldest);
        }
    }

    /// It was given to a worker: to the next one it may have been sent.
    pub(crate) fn mark_handed_over(&mut self, id: &MessageId) {
        if let Some(request) = self.order.get(id).and_then(|order| self.unsaved.get_mut(order)) {
            request.again = true;
        }
    }

    /// A person wants it tried again.
    pub(crate) fn retry(&mut self, id: &MessageId) {
        if self.states.get(id).is_some_and(SendState::is_final) {
            self.retried.insert(id.clone());
        }
    }

    /// It is tried again, here or in another tab: what to hand in again, because no disk has it.
    pub(crate) fn resubmit(&mut self, id: &MessageId) -> Option<SendRequest> {
        let request = self.failed.remove(id)?;
        self.keep(id, request.clone());
        Some(request)
    }

    /// A person does not want it any more. `down`: there is no worker. `true`: then it is over at once,
    /// because it can be nowhere but here.
    pub(crate) fn discard(&mut self, id: &MessageId, down: bool) -> bool {
        self.failed.remove(id);
        let Some(state) = self.states.get(id).filter(|state| !state.is_final()) else { return false };
        self.discarded.insert(id.clone());
        let in_memory = state.durability == Durability::MemoryOnly;
        let request = self.order.get(id).and_then(|order| self.unsaved.get(order));
        down && state.delivery == DeliveryState::Queued
            && request.is_some_and(|request| in_memory || !request.again)
    }

    /// What a new worker has to be given, in order: not what a person dropped meanwhile.
    pub(crate) fn unsaved(&mut self) -> Vec<SendRequest> {
        let given: Vec<SendRequest> = self.lost_with_page().cloned().collect();
        for request in &given {
            self.mark_handed_over(&MessageId::from(request.id.as_str()));
        }
        given
    }

    /// What only this page's memory has, in order: not what a person dropped meanwhile.
    pub(crate) fn lost_with_page(&self) -> impl Iterator<Item = &SendRequest> {
        self.unsaved.values().filter(|request| {
            let id = MessageId::from(request.id.as_str());
            let queued = self.states.get(&id).is_some_and(|s| s.delivery == DeliveryState::Queued);
            !(queued && self.discarded.contains(&id))
        })
    }

    /// What is or may be on disk and has not ended as far as is known: a new worker is asked how it did.
    pub(crate) fn saved(&self) -> Vec<Inquiry> {
        let open = self.states.iter().filter(|(id, s)| {
            let kept = s.durability == Durability::Durable
                // Tried again out of the failed list, where it stays until it is stored as a row.
                || self.retried.contains(*id) && !self.order.contains_key(*id)
                // The last worker had it, nobody knows how far it came, and it is not handed in again.
                || self.order.contains_key(*id)
                    && self.discarded.contains(*id)
                    && s.delivery == DeliveryState::Queued;
            kept && !s.is_final()
        });
        open.map(|(id, _)| self.inquiry(id)).collect()
    }

    /// The question how it ended.
    pub(crate) fn inquiry(&self, id: &MessageId) -> Inquiry {
        Inquiry {
            id: id.to_string(),
            coalesced: self.coalesced.contains(id),
            discarded: self.discarded.contains(id),
        }
    }

    /// What ends without a word because the session does; `kept`: but for what is on disk.
    pub(crate) fn signed_out(&self, kept: bool) -> Vec<MessageUpdate> {
        let open = self.states.iter().filter(|(_, s)| !s.is_final());
        let ends = open.filter(|(_, s)| !kept || s.durability != Durability::Durable);
        let end = |(id, state): (&MessageId, &SendState)| MessageUpdate {
            id: id.to_string(),
            durability: state.durability,
            delivery: DeliveryState::Failed(FailReason::SignedOut),
        };
        ends.map(end).collect()
    }

    /// What was to be sent at once or not at all, and was given to a worker that never ran.
    pub(crate) fn unqueued(&self, queues: bool) -> Vec<MessageId> {
        let unqueued = self.unsaved.values().filter(|request| !(queues && request.queue));
        unqueued.map(|request| MessageId::from(request.id.as_str())).collect()
    }

    /// Whether something is on its way to the disk.
    pub(crate) fn is_saving(&self) -> bool {
        self.order.keys().any(|id| self.states.get(id).is_some_and(|s| s.durability == Durability::Pending))
    }

    /// Whether a page that goes away now would lose something.
    pub(crate) fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    pub(crate) fn state(&self, id: &MessageId) -> Option<&SendState> {
        self.states.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn add(send_log: &mut SendLog, id: &str) {
        let id = MessageId::from(id);
        send_log.add(&id, &Message::chat("c", "text").into_request(&id));
    }

    fn news(id: &str, durability: Durability, delivery: DeliveryState) -> MessageUpdate {
        MessageUpdate { id: id.to_owned(), durability, delivery }
    }

    fn unsaved(send_log: &mut SendLog) -> Vec<String> {
        send_log.unsaved().into_iter().map(|request| request.id).collect()
    }

    #[test]
    fn kept_in_order_until_saved_or_over() {
        let mut send_log = SendLog::default();
        for id in ["c", "a", "b", "d"] {
            add(&mut send_log, id);
        }
        assert_eq!(unsaved(&mut send_log), ["c", "a", "b", "d"]);
        assert!(send_log.update(&news("a", Durability::Durable, DeliveryState::Queued)));
        assert!(send_log.update(&news("c", Durability::MemoryOnly, DeliveryState::Sent)));
        assert!(send_log.update(&news("d", Durability::MemoryOnly, DeliveryState::Delivered)));
        assert_eq!(unsaved(&mut send_log), ["c", "b"], "sent but in memory only: still the page's to keep");
        assert!(!send_log.update(&news("a", Durability::Durable, DeliveryState::Queued)), "no news");
        assert_eq!(send_log.saved(), [Inquiry { id: "a".to_owned(), coalesced: false, discarded: false }]);
        send_log.update(&news("a", Durability::Durable, DeliveryState::Delivered));
        assert_eq!(send_log.saved(), []);
    }

    #[test]
    fn a_worker_is_told_what_an_earlier_one_may_have_sent() {
        let mut send_log = SendLog::default();
        add(&mut send_log, "given");
        send_log.mark_handed_over(&MessageId::from("given"));
        add(&mut send_log, "kept");
        let again = |send_log: &mut SendLog| send_log.unsaved().iter().map(|r| r.again).collect::<Vec<_>>();
        assert_eq!(again(&mut send_log), [true, false]);
        assert_eq!(again(&mut send_log), [true, true]);
    }

    #[test]
    fn an_ephemeral_message_is_never_handed_in_again() {
        let mut send_log = SendLog::default();
        let id = MessageId::from("t");
        send_log.add(&id, &Message::typing("c").into_request(&id));
        assert!(!send_log.has_unsaved());
    }

    #[test]
    fn what_arrived_has_arrived() {
        let mut send_log = SendLog::default();
        add(&mut send_log, "a");
        assert!(send_log.update(&news("a", Durability::Durable, DeliveryState::Delivered)));
        assert!(!send_log.update(&news("a", Durability::Durable, DeliveryState::Unconfirmed)));
        assert!(send_log.state(&"a".into()).is_some_and(SendState::is_delivered));
        add(&mut send_log, "b");
        assert!(send_log.update(&news("b", Durability::Durable, DeliveryState::Evicted)));
        assert!(!send_log.update(&news("b", Durability::Durable, DeliveryState::Unconfirmed)));
        send_log.retry(&"b".into());
        assert!(send_log.update(&news("b", Durability::Durable, DeliveryState::Queued)));
    }

    #[test]
    fn what_failed_in_memory_only_is_handed_in_again() {
        let mut send_log = SendLog::default();
        let (memory, id) = (Durability::MemoryOnly, MessageId::from("a"));
        let (code, message) = (sentinelops_protocol::Code::Unavailable, String::new());
        let reason = FailReason::TooManyAttempts { attempts: 3, code, message };
        let failed = || DeliveryState::Failed(reason.clone());
        add(&mut send_log, "a");
        send_log.mark_handed_over(&id);
        send_log.update(&news("a", memory, failed()));
        assert_eq!(unsaved(&mut send_log), [""; 0]);
        send_log.retry(&id);
        assert!(send_log.resubmit(&id).is_some_and(|request| request.again));
        assert!(send_log.resubmit(&id).is_none(), "once");
        assert_eq!(unsaved(&mut send_log), ["a"], "the next worker gets it, too");
        send_log.update(&news("a", Durability::Durable, failed()));
        assert!(send_log.resubmit(&id).is_none(), "on the disk it is the worker's to try again");

        let id = MessageId::from("b");
        add(&mut send_log, "b");
        send_log.mark_handed_over(&id);
        send_log.update(&news("b", memory, DeliveryState::Failed(FailReason::QueueFull { capacity: 1 })));
        assert!(send_log.resubmit(&id).is_some_and(|request| !request.again), "no queue ever held it");
        send_log.update(&news("b", memory, DeliveryState::Expired { may_have_arrived: true }));
        assert!(send_log.resubmit(&id).is_none(), "somebody has to confirm that");
    }

    #[test]
    fn message_that_is_tried_again_is_asked_after_when_its_worker_dies() {
        let mut send_log = SendLog::default();
        let (id, full) = (MessageId::from("a"), DeliveryState::Failed(FailReason::QueueFull { capacity: 1 }));
        add(&mut send_log, "a");
        send_log.update(&news("a", Durability::Durable, full));
        send_log.retry(&id);
        assert_eq!(send_log.saved(), [], "shown as failed, as it is listed");
        send_log.update(&news("a", Durability::Pending, DeliveryState::Queued));
        assert_eq!(unsaved(&mut send_log), [""; 0]);
        assert_eq!(send_log.saved(), [send_log.inquiry(&id)], "the worker died before it was stored");
    }

    #[test]
    fn the_past_is_bounded_and_a_retry_is_the_present() {
        let mut send_log = SendLog::default();
        let failed = DeliveryState::Evicted;
        for n in 0..REMEMBERED + 10 {
            add(&mut send_log, &n.to_string());
            send_log.update(&news(&n.to_string(), Durability::Durable, failed.clone()));
        }
        assert_eq!(send_log.states.len(), REMEMBERED);
        send_log.retry(&"50".into());
        send_log.update(&news("50", Durability::Durable, DeliveryState::Queued));
        for n in 0..REMEMBERED {
            let id = format!("later-{n}");
            add(&mut send_log, &id);
            send_log.update(&news(&id, Durability::Durable, failed.clone()));
        }
        assert!(send_log.state(&"50".into()).is_some());
        assert!(send_log.state(&"51".into()).is_none());
    }
}
