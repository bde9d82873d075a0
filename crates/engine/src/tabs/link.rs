//! Messages between the tabs of one scope. Tokens never travel here: every script of the origin can read and forge these
//! messages. Messages of a leader with a lower term are ignored.

use crate::{Batch, Hint, RawFrame, SendRequest};
use sentinelops_protocol::Subject;
use serde::{Deserialize, Serialize};

/// Version of everything tabs share: the database, lock and channel names, these messages and the stored rows. Raise it
/// when the layout of one of them changes (golden-bytes tests detect that).
pub const LINK_VERSION: u32 = 2;

/// Id of a tab: the id of its page, the same over worker restarts.
pub type TabId = String;

/// Receiver of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// Every tab of the scope.
    All,
    /// One tab, on its own channel.
    Tab(TabId),
}

/// What a page watches, sent to the leader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Subscribed subjects.
    pub subjects: Vec<Subject>,
    /// Whether it wants counters.
    pub metrics: bool,
    /// Whether it wants the outbox list.
    pub outbox: bool,
    /// Whether it wants frames that are no protocol messages.
    pub raw: bool,
    /// Whether it wants a connection. A leader whose own page wants none gives way to a tab that does.
    pub connect: bool,
}

/// Asks how a saved message ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// Id of the message.
    pub id: String,
    /// It has a coalesce name, so a newer message may have replaced it.
    pub coalesced: bool,
    /// Its page requested that it is discarded.
    pub discarded: bool,
}

/// A message between tabs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LinkMessage {
    /// Heartbeat of the leader: every second and when asked, also before it knows its term.
    Heartbeat {
        /// Its term.
        term: u64,
    },
    /// A new leader: every tab is to send `Attach`.
    RollCall {
        /// Its term.
        term: u64,
    },
    /// A follower asks whether a tab leads.
    Ask,
    /// A follower sends everything its page watches; replaces what it sent before.
    Attach {
        /// The sender.
        tab: TabId,
        /// Random id of this attachment. Repeated with every batch and credit, so that those of an earlier one are
        /// ignored.
        attachment: u64,
        /// What its page watches.
        interest: Interest,
    },
    /// A follower is gone or leads itself. Sent by the leader for a tab that died without sending it.
    Detach {
        /// The tab.
        tab: TabId,
    },
    /// A follower's page took a batch.
    Credit {
        /// The sender.
        tab: TabId,
        /// See `Attach`.
        attachment: u64,
        /// Number of the batch.
        number: u64,
    },
    /// A follower hands over messages: once per attachment those that are saved and have no end, then the others.
    Send {
        /// The sender.
        tab: TabId,
        /// Its saved messages without an end, in order. They are earlier than all others, and count only where the leader
        /// cannot read the store.
        saved: Vec<SendRequest>,
        /// The messages to send, in order.
        requests: Vec<SendRequest>,
    },
    /// The user deleted unreadable records in another tab: so many are left.
    Unreadable {
        /// How many.
        count: u32,
    },
    /// A follower asks the leader to retry a failed message.
    Retry {
        /// The sender.
        tab: TabId,
        /// Id of the message.
        id: String,
        /// The user accepts a new id (the message may then arrive twice).
        confirm: bool,
    },
    /// A follower asks the leader to discard a message.
    Discard {
        /// The sender.
        tab: TabId,
        /// Id of the message.
        id: String,
    },
    /// A follower passes on a hint of its browser, or a reconnect its user asked for.
    Hint {
        /// `None`: reconnect now.
        hint: Option<Hint>,
    },
    /// A follower asks how these messages ended.
    Inquire {
        /// The sender.
        tab: TabId,
        /// The messages.
        about: Vec<Inquiry>,
    },
    /// A batch of the leader, on the tab's own channel.
    Batch {
        /// Its term.
        term: u64,
        /// See `Attach`.
        attachment: u64,
        /// The leader's tab: the credit goes to it alone.
        from: TabId,
        /// The batch.
        batch: Batch,
    },
    /// A follower asks the leader to send everything and then end the session.
    SignOut,
    /// The session of this user has ended.
    SignedOut,
    /// Sent by the leader's page when it goes away, because its worker may be frozen before it releases the lock. A build
    /// that does not know this message waits for the missing heartbeat.
    Leaving {
        /// The leader's term.
        term: u64,
    },
    /// A follower asks the leader to send a raw frame, at once or not at all.
    Raw {
        /// The frame.
        frame: RawFrame,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::Channel;

    /// Another build may be running in the next tab: the bytes are part of LINK_VERSION.
    #[test]
    fn golden_bytes() {
        let attach = LinkMessage::Attach {
            tab: "t".into(),
            attachment: 5,
            interest: Interest {
                subjects: vec![Subject::topic(Channel::Chat, "c")],
                metrics: false,
                outbox: true,
                raw: false,
                connect: true,
            },
        };
        for (message, golden) in [
            (LinkMessage::Heartbeat { term: 3 }, vec![0, 3]),
            (attach, vec![3, 1, b't', 5, 1, 2, 1, 1, b'c', 0, 1, 0, 1]),
            (LinkMessage::Unreadable { count: 2 }, vec![7, 2]),
            (LinkMessage::Hint { hint: None }, vec![10, 0]),
            (LinkMessage::Leaving { term: 3 }, vec![15, 3]),
        ] {
            assert_eq!(postcard::to_allocvec(&message).unwrap(), golden, "raise LINK_VERSION: {message:?}");
            assert_eq!(postcard::from_bytes::<LinkMessage>(&golden).unwrap(), message);
        }
    }
}
