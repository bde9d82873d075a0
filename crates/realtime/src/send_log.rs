//! What the page knows of each message it sent: how it stands, what people want of it, and a copy of what a new worker
//! has to be given again after one died.

use super::{MessageId, SendState};
use sentinelops_engine::tabs::Inquiry;
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageInfo, MessageUpdate, SendRequest};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// So many messages that ended are remembered for `use_send_state`.
const REMEMBERED: usize = 1_000;

/// See the module.
#[derive(Default)]
pub(crate) struct SendLog {
    messages: HashMap<MessageId, Sent>,
    /// Those with [`PageCopy::Unsaved`], in order of sending.
    unsaved: BTreeMap<u64, MessageId>,
    next: u64,
    /// Those that ended, the oldest first.
    ended: VecDeque<MessageId>,
}

/// One message.
struct Sent {
    state: SendState,
    copy: PageCopy,
    /// A newer one may replace it.
    coalesced: bool,
    wish: Option<Wish>,
}

/// What the page keeps of its content.
enum PageCopy {
    /// Nothing, and it may be asked for: it is the worker's or the disk's, or is over.
    None,
    /// Nothing: it arrives or it does not, and no update of it comes.
    Ephemeral,
    /// It is not on disk and has not ended: the worker's memory is all it has beside this.
    Unsaved { order: u64, request: SendRequest },
    /// It ended badly and in memory only. An engine that is gone has forgotten it, so to try it again it is handed in
    /// again.
    Failed(SendRequest),
}

/// What a person last wanted of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Discard,
    /// Until it ends again.
    Retry,
}

impl Sent {
    fn new(state: SendState, copy: PageCopy) -> Self {
        Self { state, copy, coalesced: false, wish: None }
    }

    fn is_dropped(&self) -> bool {
        self.wish == Some(Wish::Discard) && self.state.delivery == DeliveryState::Queued
    }

    /// What a worker may have on disk: how it ended, or did not, is the store's to say.
    fn lasts_without_page(&self) -> bool {
        match self.copy {
            // Tried again out of the failed list, where it stays until it is stored as a row.
            PageCopy::None => self.state.durability == Durability::Durable || self.wish == Some(Wish::Retry),
            // The last worker had it, nobody knows how far it came, and it is not handed in again.
            PageCopy::Unsaved { .. } => self.is_dropped(),
            PageCopy::Ephemeral | PageCopy::Failed(_) => false,
        }
    }

    /// The copy is needed as long as neither disk nor server has the message.
    fn keep_copy_as_needed(&mut self, state: &SendState) {
        let saved = state.durability == Durability::Durable;
        if !saved && !state.is_final() {
            return;
        }
        let failed = !saved && state.delivery.allows_another_try();
        self.copy = match std::mem::replace(&mut self.copy, PageCopy::None) {
            PageCopy::Unsaved { mut request, .. } if failed => {
                request.again &= !state.delivery.was_refused();
                PageCopy::Failed(request)
            }
            PageCopy::Failed(request) if failed => PageCopy::Failed(request),
            PageCopy::Ephemeral => PageCopy::Ephemeral,
            _ => PageCopy::None,
        };
    }
}

impl SendLog {
    /// A message is handed to the worker for the first time.
    pub(crate) fn add(&mut self, id: &MessageId, request: &SendRequest) {
        let mut sent = Sent::new(SendState::default(), PageCopy::Ephemeral);
        sent.coalesced = request.coalesce.is_some();
        self.messages.insert(id.clone(), sent);
        if request.ephemeral { self.remember(id) } else { self.keep(id, request.clone()) }
    }

    fn keep(&mut self, id: &MessageId, request: SendRequest) {
        let Some(sent) = self.messages.get_mut(id) else { return };
        sent.copy = PageCopy::Unsaved { order: self.next, request };
        self.unsaved.insert(self.next, id.clone());
        self.next += 1;
    }

    /// A list of the outbox shows it: also what another page sent.
    pub(crate) fn listed(&mut self, info: &MessageInfo) {
        let id = MessageId::from(info.update.id.as_str());
        if !self.messages.contains_key(&id) {
            self.update(&info.update);
        }
        if let Some(sent) = self.messages.get_mut(&id) {
            sent.coalesced |= info.coalesced;
        }
    }

    /// What the worker reports. `true`: it is news.
    pub(crate) fn update(&mut self, update: &MessageUpdate) -> bool {
        let id = MessageId::from(update.id.as_str());
        let state = SendState { durability: update.durability, delivery: update.delivery.clone() };
        let is_final = state.is_final();
        let Some(sent) = self.messages.get_mut(&id) else {
            self.messages.insert(id.clone(), Sent::new(state, PageCopy::None));
            if is_final {
                self.remember(&id);
            }
            return true;
        };
        if let PageCopy::Unsaved { order, .. } = sent.copy
            && (is_final || state.durability == Durability::Durable)
        {
            self.unsaved.remove(&order);
        }
        sent.keep_copy_as_needed(&state);
        let known = &sent.state;
        let was_final = known.is_final();
        // A new leader may have to find out again how it ended: that is no news here, unless it arrived
        // after all, or a person tried it again.
        let ended = was_final && sent.wish != Some(Wish::Retry);
        if ended && (known.is_delivered() || !state.is_delivered()) || *known == state {
            return false;
        }
        if is_final {
            sent.wish.take_if(|wish| *wish == Wish::Retry);
        }
        sent.state = state;
        match (was_final, is_final) {
            (false, true) => self.remember(&id),
            // A failed message may be tried again: then it is no longer to be forgotten.
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
            self.messages.remove(&oldest);
        }
    }

    /// It was given to a worker: to the next one it may have been sent.
    pub(crate) fn mark_handed_over(&mut self, id: &MessageId) {
        if let Some(Sent { copy: PageCopy::Unsaved { request, .. }, .. }) = self.messages.get_mut(id) {
            request.again = true;
        }
    }

    /// A person wants it tried again.
    pub(crate) fn retry(&mut self, id: &MessageId) {
        if let Some(sent) = self.messages.get_mut(id).filter(|sent| sent.state.is_final()) {
            sent.wish = Some(Wish::Retry);
        }
    }

    /// It is tried again, here or in another tab: what to hand in again, because no disk has it.
    pub(crate) fn resubmit(&mut self, id: &MessageId) -> Option<SendRequest> {
        let sent = self.messages.get(id)?;
        let PageCopy::Failed(request) = &sent.copy else { return None };
        let request = request.clone();
        self.keep(id, request.clone());
        Some(request)
    }

    /// A person does not want it any more. `down`: there is no worker. `true`: then it is over at once,
    /// because it can be nowhere but here.
    pub(crate) fn discard(&mut self, id: &MessageId, down: bool) -> bool {
        let Some(sent) = self.messages.get_mut(id) else { return false };
        if matches!(sent.copy, PageCopy::Failed(_)) {
            sent.copy = PageCopy::None;
        }
        if sent.state.is_final() {
            return false;
        }
        sent.wish = Some(Wish::Discard);
        let in_memory = sent.state.durability == Durability::MemoryOnly;
        let only_here =
            matches!(&sent.copy, PageCopy::Unsaved { request, .. } if in_memory || !request.again);
        down && only_here && sent.state.delivery == DeliveryState::Queued
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
        self.iter_unsaved().filter(|(sent, _)| !sent.is_dropped()).map(|(_, request)| request)
    }

    /// In order of sending.
    fn iter_unsaved(&self) -> impl Iterator<Item = (&Sent, &SendRequest)> {
        self.unsaved.values().filter_map(|id| {
            let sent = self.messages.get(id)?;
            match &sent.copy {
                PageCopy::Unsaved { request, .. } => Some((sent, request)),
                _ => None,
            }
        })
    }

    /// What is or may be on disk and has not ended as far as is known: a new worker is asked how it did.
    pub(crate) fn saved(&self) -> Vec<Inquiry> {
        let open =
            self.messages.iter().filter(|(_, sent)| !sent.state.is_final() && sent.lasts_without_page());
        open.map(|(id, sent)| inquiry(id, sent)).collect()
    }

    /// The question how it ended.
    pub(crate) fn inquiry(&self, id: &MessageId) -> Option<Inquiry> {
        self.messages.get(id).map(|sent| inquiry(id, sent))
    }

    /// What ends without a word because the session does; `kept`: but for what is on disk.
    pub(crate) fn signed_out(&self, kept: bool) -> Vec<MessageUpdate> {
        let open = self.messages.iter().map(|(id, sent)| (id, &sent.state)).filter(|(_, s)| !s.is_final());
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
        let unqueued = self.iter_unsaved().filter(|(_, request)| !(queues && request.queue));
        unqueued.map(|(_, request)| MessageId::from(request.id.as_str())).collect()
    }

    /// Whether something is on its way to the disk.
    pub(crate) fn is_saving(&self) -> bool {
        self.iter_unsaved().any(|(sent, _)| sent.state.durability == Durability::Pending)
    }

    /// Whether a page that goes away now would lose something.
    pub(crate) fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    pub(crate) fn state(&self, id: &MessageId) -> Option<&SendState> {
        self.messages.get(id).map(|sent| &sent.state)
    }
}

fn inquiry(id: &MessageId, sent: &Sent) -> Inquiry {
    let discarded = sent.wish == Some(Wish::Discard);
    Inquiry { id: id.to_string(), coalesced: sent.coalesced, discarded }
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
        assert_eq!(
            send_log.saved(),
            [send_log.inquiry(&id).expect("it is known")],
            "the worker died before it was stored"
        );
    }

    #[test]
    fn message_that_was_discarded_and_is_tried_again_is_given_to_the_next_worker() {
        let mut send_log = SendLog::default();
        let (memory, id) = (Durability::MemoryOnly, MessageId::from("a"));
        add(&mut send_log, "a");
        send_log.mark_handed_over(&id);
        send_log.discard(&id, false);
        send_log.update(&news("a", memory, DeliveryState::Evicted));
        send_log.retry(&id);
        assert!(send_log.resubmit(&id).is_some());
        send_log.update(&news("a", memory, DeliveryState::Queued));
        assert_eq!(unsaved(&mut send_log), ["a"]);
        assert!(send_log.inquiry(&id).is_some_and(|inquiry| !inquiry.discarded));
    }

    #[test]
    fn the_past_is_bounded_and_a_retry_is_the_present() {
        let mut send_log = SendLog::default();
        let failed = DeliveryState::Evicted;
        for n in 0..REMEMBERED + 10 {
            add(&mut send_log, &n.to_string());
            send_log.update(&news(&n.to_string(), Durability::Durable, failed.clone()));
        }
        assert_eq!(send_log.messages.len(), REMEMBERED);
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
