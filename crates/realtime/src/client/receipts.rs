//! What one tells a conversation without a message: received, read, typing; and an incident, that one views it.

use super::news::Interest;
use super::{Client, SentMessage};
use crate::fold::State as FoldState;
use crate::{Message, MessageId};
use sentinelops_protocol::{Channel, Subject};

/// Shortest interval (ms) between two typing notices.
const TYPING_MS: u64 = 3_000;
/// Shortest interval (ms) between two viewing notices.
const VIEWING_MS: u64 = 5_000;

/// The receipt of a conversation that was sent last.
pub(super) struct SentReceipt {
    up_to: u64,
    id: MessageId,
}

impl Client {
    /// Tells a conversation that one has read everything received of it. `None`: nothing is new, or another
    /// tab or device of this user has confirmed as much.
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
        let subject = Subject::topic(Channel::Chat, conversation);
        let newest = {
            let mut state = self.state_mut();
            let FoldState::Chat(fold) = &state.subjects.get(&subject)?.folded.state else { return None };
            let newest = fold.newest()?;
            let elsewhere = self.user().and_then(|user| fold.read_by(user));
            if elsewhere.max(state.read_up_to.get(conversation).copied()) >= Some(newest) {
                return None;
            }
            state.read_up_to.insert(conversation.to_owned(), newest);
            newest
        };
        Some(self.send(Message::chat_read(conversation, newest)))
    }

    /// Tells a conversation that one is typing, at most once in 3 s.
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
            if state.typed_at.get(conversation).is_some_and(|last| now < last + TYPING_MS) {
                return;
            }
            state.typed_at.insert(conversation.to_owned(), now);
        }
        self.send(Message::typing(conversation));
    }

    /// Tells the others that one has an incident open, at most once in 5 s; not while the page is hidden.
    pub(crate) fn viewing(&self, incident: &str) {
        let now = self.platform().mono();
        let sent = self.state().viewed_at.get(incident).is_some_and(|last| now < last + VIEWING_MS);
        if sent || !self.platform().visible() {
            return;
        }
        self.state_mut().viewed_at.insert(incident.to_owned(), now);
        self.send(Message::viewing(incident));
    }

    /// After each frame: tells the conversations on this page up to where their messages came in. One
    /// receipt of a conversation is under way at a time, and none where another tab or device of this
    /// user has confirmed as much.
    pub(super) fn send_delivery_receipts(&self) {
        if !self.0.settings.options.receipts {
            return;
        }
        let due: Vec<(String, u64)> = {
            let state = self.state();
            let user = self.user();
            let newest = state.subjects.iter().filter_map(|(subject, followed)| {
                let (Channel::Chat, Some(conversation)) = (subject.channel, &subject.topic) else {
                    return None;
                };
                let FoldState::Chat(fold) = &followed.folded.state else { return None };
                let sent = state.received.get(conversation).map(|sent| Interest::Send(sent.id.clone()));
                let changed = state.dirty.contains(&Interest::Subject(subject.clone()))
                    || sent.is_some_and(|sent| state.dirty.contains(&sent));
                if !changed {
                    return None;
                }
                Some((conversation.clone(), fold.newest_unconfirmed(user)?))
            });
            let news = newest.filter(|(conversation, up_to)| {
                state.received.get(conversation).is_none_or(|sent| {
                    let under_way = state.ledger.state(&sent.id).is_some_and(|state| !state.is_final());
                    sent.up_to < *up_to && !under_way
                })
            });
            news.collect()
        };
        for (conversation, up_to) in due {
            let id = self.send(Message::chat_delivered(&conversation, up_to)).id();
            self.state_mut().received.insert(conversation, SentReceipt { up_to, id });
        }
    }
}
