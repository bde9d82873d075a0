//! What is sent by itself: receipts of conversations and typing notices, and who views an incident.

use super::changes::Dependency;
use super::{Client, SentMessage};
use crate::fold::State as FoldState;
use crate::platform::Timer;
use crate::{Message, MessageId};
use sentinelops_protocol::{Channel, Subject};
use std::collections::BTreeMap;

/// Shortest interval (ms) between two typing notices.
const TYPING_MS: u64 = 3_000;
/// Shortest interval (ms) between two viewing notices.
const VIEWING_MS: u64 = 5_000;

/// Shortest interval (ms) between two receipts of one kind in one conversation. The last one is sent when it is over.
const RECEIPT_MS: u64 = 1_000;

/// The receipt for what was received of a conversation that was sent last.
pub(super) struct SentReceipt {
    up_to: u64,
    id: MessageId,
    /// Monotonic ms.
    at: u64,
}

/// The same for what was read.
pub(super) struct ReadReceipt {
    up_to: u64,
    /// Monotonic ms.
    at: u64,
}

/// Receipts that wait for the interval to be over.
#[derive(Default)]
pub(super) struct LateReceipts {
    /// Up to where conversations were read meanwhile.
    read: BTreeMap<String, u64>,
    /// What was received is to be looked at in every conversation.
    is_due: bool,
    timer: Option<Timer>,
}

impl Client {
    /// Sends that everything received of a conversation was read, at most once a second: what is read meanwhile is
    /// sent when the second is over. `None`: nothing is new, another tab or device of this user has confirmed as much, or
    /// it is sent later.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// /// When the conversation comes into view.
    /// fn seen(client: &Client, conversation: &str) {
    ///     if let Some(sent) = client.mark_read(conversation) {
    ///         log::info!("receipt {}", sent.id());
    ///     }
    /// }
    /// ```
    pub fn mark_read(&self, conversation: &str) -> Option<SentMessage> {
        let now = self.platform().mono();
        let subject = Subject::topic(Channel::Chat, conversation);
        let (newest, sent_at) = {
            let state = self.state();
            let FoldState::Chat(fold) = &state.view.subjects.get(&subject)?.folded.state else { return None };
            let newest = fold.newest()?;
            let elsewhere = self.user().and_then(|user| fold.read_by(user));
            let sent = state.receipts.read_up_to.get(conversation);
            if elsewhere.max(sent.map(|sent| sent.up_to)) >= Some(newest) {
                return None;
            }
            (newest, sent.map(|sent| sent.at))
        };
        if let Some(next) = sent_at.map(|at| at + RECEIPT_MS).filter(|next| now < *next) {
            self.state_mut().receipts.late.read.insert(conversation.to_owned(), newest);
            self.send_late_receipts_at(now, next);
            return None;
        }
        Some(self.send_read(conversation, newest))
    }

    fn send_read(&self, conversation: &str, up_to: u64) -> SentMessage {
        let at = self.platform().mono();
        {
            let mut state = self.state_mut();
            state.receipts.late.read.remove(conversation);
            state.receipts.read_up_to.insert(conversation.to_owned(), ReadReceipt { up_to, at });
        }
        self.send(Message::chat_read(conversation, up_to))
    }

    /// The page goes away, or its session ends: what was read and waits for its second is sent now.
    pub(super) fn send_waiting_reads(&self) {
        let read = std::mem::take(&mut self.state_mut().receipts.late.read);
        for (conversation, up_to) in read {
            self.send_read(&conversation, up_to);
        }
    }

    /// Sends that one is typing in a conversation, at most once in 3 s.
    ///
    /// ```
    /// use sentinelops_realtime::use_client;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Line() -> Html {
    ///     let client = use_client();
    ///     html! { <input oninput={move |_| client.send_typing("conv-1")} /> }
    /// }
    /// ```
    pub fn send_typing(&self, conversation: &str) {
        let now = self.platform().mono();
        {
            let mut state = self.state_mut();
            if state.receipts.typed_at.get(conversation).is_some_and(|last| now < last + TYPING_MS) {
                return;
            }
            state.receipts.typed_at.insert(conversation.to_owned(), now);
        }
        self.send(Message::typing(conversation));
    }

    /// Sends that one has an incident open, at most once in 5 s; not while the page is hidden.
    pub(crate) fn viewing(&self, incident: &str) {
        let now = self.platform().mono();
        let sent = self.state().receipts.viewed_at.get(incident).is_some_and(|last| now < last + VIEWING_MS);
        if sent || !self.platform().visible() {
            return;
        }
        self.state_mut().receipts.viewed_at.insert(incident.to_owned(), now);
        self.send(Message::viewing(incident));
    }

    /// After each frame: sends, for the conversations on this page, up to where their messages came in. One
    /// receipt of a conversation is under way at a time, and none where another tab or device of this
    /// user has confirmed as much.
    pub(super) fn send_delivery_receipts(&self) {
        if !self.0.settings.options.receipts {
            return;
        }
        let now = self.platform().mono();
        let mut next: Option<u64> = None;
        let due: Vec<(String, u64)> = {
            let mut state = self.state_mut();
            let all = std::mem::take(&mut state.receipts.late.is_due);
            let state = &*state;
            let user = self.user();
            let newest = state.view.subjects.iter().filter_map(|(subject, followed)| {
                let (Channel::Chat, Some(conversation)) = (subject.channel, &subject.topic) else {
                    return None;
                };
                let FoldState::Chat(fold) = &followed.folded.state else { return None };
                let sent =
                    state.receipts.received.get(conversation).map(|sent| Dependency::Send(sent.id.clone()));
                let changed = all
                    || state.listeners.dirty.contains(&Dependency::Subject(subject.clone()))
                    || sent.is_some_and(|sent| state.listeners.dirty.contains(&sent));
                if !changed {
                    return None;
                }
                Some((conversation.clone(), fold.newest_unconfirmed(user)?))
            });
            let changes = newest.filter(|(conversation, up_to)| {
                state.receipts.received.get(conversation).is_none_or(|sent| {
                    let under_way = state.sends.log.state(&sent.id).is_some_and(|state| !state.is_final());
                    let is_news = sent.up_to < *up_to && !under_way;
                    let at = sent.at + RECEIPT_MS;
                    if is_news && now < at {
                        next = Some(next.map_or(at, |next| next.min(at)));
                    }
                    is_news && now >= at
                })
            });
            changes.collect()
        };
        for (conversation, up_to) in due {
            let id = self.send(Message::chat_delivered(&conversation, up_to)).id();
            self.state_mut().receipts.received.insert(conversation, SentReceipt { up_to, id, at: now });
        }
        if let Some(next) = next {
            self.send_late_receipts_at(now, next);
        }
    }

    fn send_late_receipts_at(&self, now: u64, at: u64) {
        if self.state().receipts.late.timer.is_some() {
            return;
        }
        let client = self.downgrade();
        let send = Box::new(move || client.with(Client::send_late_receipts));
        let timer = self.platform().after(u32::try_from(at - now).unwrap_or(u32::MAX), send);
        self.state_mut().receipts.late.timer = Some(timer);
    }

    fn send_late_receipts(&self) {
        let timer = {
            let mut state = self.state_mut();
            state.receipts.late.is_due = true;
            state.receipts.late.timer.take()
        };
        drop(timer);
        self.send_waiting_reads();
        self.schedule_flush();
    }
}
