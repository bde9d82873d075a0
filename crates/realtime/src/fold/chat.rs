//! A conversation: the newest messages, watermarks, who types, and own messages on their way.

use super::{Feed, KEEP, OwnChat};
use crate::{List, MessageId, SendState};
use sentinelops_engine::MAX_KEYS;
use sentinelops_protocol::domain::{ChatMessage, Receipt, ReceiptKind, Typing};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};

/// How long (ms) a typing notice is valid.
const TYPING_MS: u64 = 5_000;

/// One line of a conversation.
///
/// ```
/// use sentinelops_realtime::ChatEntry;
///
/// fn line(entry: &ChatEntry) -> String {
///     format!("{}: {} {}", entry.message.sender_id, entry.message.content, entry.label())
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Debug)]
pub struct ChatEntry {
    /// Names the line for as long as it is shown: an own message keeps its key when the server
    /// takes it.
    pub key: Rc<str>,
    /// What was written. Of an own message the server has not shown (a basic one may never do so),
    /// sender and time are this page's guess.
    pub message: Rc<ChatMessage>,
    /// This page (or, with the provider's `user` given, this user) wrote it.
    pub mine: bool,
    /// What became of it on the way to the server; `None` for what others wrote or another page
    /// sent.
    pub send: Option<SendState>,
    /// Somebody else's device has it.
    pub received: bool,
    /// Somebody else has read it.
    pub read: bool,
}

impl ChatEntry {
    /// A word or two for people: `read` and `received` above what the way to the server says.
    ///
    /// ```
    /// use sentinelops_realtime::{ChatEntry, List};
    ///
    /// /// What stands below one's last message.
    /// fn last_label(messages: &List<ChatEntry>) -> &'static str {
    ///     messages.iter().rev().find(|entry| entry.mine).map_or("", ChatEntry::label)
    /// }
    /// ```
    pub fn label(&self) -> &'static str {
        match &self.send {
            _ if !self.mine => "",
            Some(state) if !state.is_delivered() => state.label(),
            _ if self.read => "read",
            _ if self.received => "received",
            Some(state) => state.label(),
            None => "delivered",
        }
    }
}

impl PartialEq for ChatEntry {
    fn eq(&self, other: &Self) -> bool {
        let same = Rc::ptr_eq(&self.message, &other.message) || self.message == other.message;
        same && (&self.key, self.mine, &self.send, self.received, self.read)
            == (&other.key, other.mine, &other.send, other.received, other.read)
    }
}

/// Up to which server time (ms) each user received and read a conversation.
///
/// ```
/// use sentinelops_realtime::Watermarks;
///
/// /// Who has read up to this server time.
/// fn readers(receipts: &Watermarks, timestamp: u64) -> Vec<&str> {
///     let read = receipts.read.iter().filter(|(_, up_to)| **up_to >= timestamp);
///     read.map(|(user, _)| user.as_str()).collect()
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watermarks {
    /// By user.
    pub delivered: BTreeMap<String, u64>,
    /// By user.
    pub read: BTreeMap<String, u64>,
}

/// A conversation as handed out.
#[derive(Clone, Default)]
pub(crate) struct ChatView {
    pub messages: List<ChatEntry>,
    pub typing: List<Rc<str>>,
    pub receipts: Rc<Watermarks>,
}

/// What the server reported about a conversation.
#[derive(Default)]
pub(crate) struct ChatFold {
    messages: Feed<ChatMessage>,
    /// Of the newest messages, which message of a client brought them about.
    causes: HashMap<String, MessageId>,
    receipts: Rc<Watermarks>,
    /// User, conversation, until when.
    typing: Vec<(Rc<str>, String, u64)>,
    version: u64,
    shown: Option<((u64, u64, bool), ChatView)>,
}

impl ChatFold {
    pub(crate) fn clear(&mut self) {
        // Who types is no part of a snapshot, and wrong in a moment anyway.
        let version = self.version + 1;
        *self = Self { version, ..Self::default() };
    }

    pub(crate) fn message(&mut self, message: &ChatMessage, cause: Option<&str>) {
        if let Some(cause) = cause {
            if self.causes.len() >= 2 * KEEP {
                let kept: HashSet<_> =
                    self.messages.list().iter().map(|message| message.id.clone()).collect();
                self.causes.retain(|id, _| kept.contains(id));
            }
            self.causes.insert(message.id.clone(), cause.into());
        }
        self.typing.retain(|(user, conversation, _)| {
            **user != *message.sender_id || *conversation != message.conversation_id
        });
        self.messages.push(&message.id, Rc::new(message.clone()), KEEP);
        self.version += 1;
    }

    pub(crate) fn receipt(&mut self, receipt: &Receipt) {
        let marks = Rc::make_mut(&mut self.receipts);
        let by_user = match receipt.kind {
            ReceiptKind::Delivered => &mut marks.delivered,
            ReceiptKind::Read => &mut marks.read,
        };
        let mark = by_user.entry(receipt.user_id.clone()).or_default();
        *mark = receipt.up_to.max(*mark);
        if by_user.len() > MAX_KEYS
            && let Some(oldest) =
                by_user.iter().min_by_key(|(_, up_to)| **up_to).map(|(user, _)| user.clone())
        {
            by_user.remove(&oldest);
        }
        self.version += 1;
    }

    pub(crate) fn typing(&mut self, typing: &Typing, now: u64) {
        self.typing.retain(|(user, conversation, _)| {
            **user != *typing.user_id || *conversation != typing.conversation_id
        });
        self.typing.push((typing.user_id.as_str().into(), typing.conversation_id.clone(), now + TYPING_MS));
        self.version += 1;
    }

    /// Forgets typing notices that are over. `true`: there was one.
    pub(crate) fn expire(&mut self, now: u64) -> bool {
        let before = self.typing.len();
        self.typing.retain(|(.., until)| *until > now);
        let changed = self.typing.len() != before;
        self.version += u64::from(changed);
        changed
    }

    /// When [`ChatFold::expire`] has something to do.
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        self.typing.iter().map(|(.., until)| *until).min()
    }

    /// Server time of the newest message of others, if `user` has not confirmed to have received it.
    pub(crate) fn newest_unconfirmed(&self, user: Option<&str>) -> Option<u64> {
        let of_others = |message: &&Rc<ChatMessage>| {
            user != Some(&*message.sender_id) && !self.causes.contains_key(&message.id)
        };
        let messages = self.messages.list();
        let newest = messages.iter().filter(of_others).map(|message| message.timestamp).max()?;
        // What was read has been delivered.
        let marks = [&self.receipts.delivered, &self.receipts.read];
        let marked = user.and_then(|user| marks.into_iter().filter_map(|marks| marks.get(user)).max());
        marked.is_none_or(|marked| newest > *marked).then_some(newest)
    }

    /// Up to when a user has read it, as the server knows.
    pub(crate) fn read_by(&self, user: &str) -> Option<u64> {
        self.receipts.read.get(user).copied()
    }

    /// Server time of the newest message.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.messages.list().iter().map(|message| message.timestamp).max()
    }

    /// Whether the server has confirmed an own message by showing it.
    pub(crate) fn has_cause(&self, id: &MessageId) -> bool {
        self.causes.values().any(|cause| cause == id)
    }

    /// The conversation with own messages in it; the same lists until something changed.
    /// `own` in order of sending (asked for only when needed), `own_version` changes with it;
    /// `basic`: the server names no causes.
    pub(crate) fn view(
        &mut self,
        own: impl FnOnce() -> Vec<OwnChat>,
        own_version: u64,
        user: Option<&str>,
        basic: bool,
    ) -> ChatView {
        let version = (self.version, own_version, basic);
        if let Some((shown, view)) = &self.shown
            && *shown == version
        {
            return view.clone();
        }
        let entries = self.entries(&own(), user, basic);
        let typing: Vec<Rc<str>> =
            self.typing.iter().map(|(who, ..)| who.clone()).filter(|who| user != Some(who)).collect();
        let before = self.shown.take().map(|(_, view)| view).unwrap_or_default();
        let same_typing = before.typing.iter().eq(typing.iter());
        let same_entries = before.messages.iter().eq(entries.iter());
        let view = ChatView {
            messages: if same_entries { before.messages } else { entries.into() },
            typing: if same_typing { before.typing } else { typing.into() },
            receipts: self.receipts.clone(),
        };
        self.shown = Some((version, view.clone()));
        view
    }

    fn entries(&self, own: &[OwnChat], user: Option<&str>, basic: bool) -> Vec<ChatEntry> {
        let messages = self.messages.list();
        let cause = |message: &ChatMessage| self.causes.get(&message.id);
        let by_id: HashMap<&MessageId, &OwnChat> = own.iter().map(|own| (&own.id, own)).collect();
        let mut arrived: HashSet<&MessageId> = messages.iter().filter_map(|message| cause(message)).collect();
        let may_be_echoed = |own: &&OwnChat| own.may_be_echoed(basic) && !arrived.contains(&own.id);
        let mut echoable: Vec<&OwnChat> = own.iter().filter(may_be_echoed).collect();
        let mut entries = Vec::new();
        for message in &messages {
            let sent = match cause(message) {
                Some(id) => by_id.get(id).copied(),
                None => {
                    let echo = echoable.iter().position(|own| own.is_echoed_by(message, user));
                    echo.map(|at| echoable.remove(at))
                }
            };
            arrived.extend(sent.map(|own| &own.id));
            let mine = sent.is_some() || user == Some(&*message.sender_id);
            let key = cause(message).or(sent.map(|own| &own.id)).map_or(&*message.id, MessageId::as_str);
            entries.push(self.entry(key, message, mine, sent));
        }
        let waiting = own.iter().filter(|own| !arrived.contains(&own.id));
        let (settled, waiting): (Vec<_>, Vec<_>) = waiting.partition(|own| own.is_handed_over());
        for own in settled {
            let earlier = |entry: &ChatEntry| entry.message.timestamp <= own.message.timestamp;
            let place = entries.iter().rposition(earlier).map_or(0, |last| last + 1);
            entries.insert(place, self.entry(own.id.as_str(), &own.message, true, Some(own)));
        }
        entries.drain(..entries.len().saturating_sub(KEEP));
        // Those have no time of the server yet: no receipt can be about them.
        entries.extend(waiting.into_iter().map(|own| ChatEntry {
            received: false,
            read: false,
            ..self.entry(own.id.as_str(), &own.message, true, Some(own))
        }));
        entries
    }

    /// A line, with the receipts of others applied to it.
    fn entry(&self, key: &str, message: &Rc<ChatMessage>, mine: bool, sent: Option<&OwnChat>) -> ChatEntry {
        let others = |marks: &BTreeMap<String, u64>| {
            marks.iter().any(|(who, up_to)| *who != message.sender_id && *up_to >= message.timestamp)
        };
        let read = others(&self.receipts.read);
        ChatEntry {
            key: key.into(),
            message: message.clone(),
            mine,
            send: sent.map(|own| own.state.clone()),
            received: read || others(&self.receipts.delivered),
            read,
        }
    }
}

#[cfg(test)]
mod tests;
