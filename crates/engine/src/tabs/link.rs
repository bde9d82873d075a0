//! What tabs of one scope say to each other. Tokens and trust never travel here: anything of the same
//! origin can read and forge these messages, so nothing of a leader is believed below its term.

use crate::{Batch, Hint, RawFrame, SendRequest};
use sentinelops_protocol::Subject;
use serde::{Deserialize, Serialize};

/// One number for everything tabs share: database version, lock and channel names, these messages and
/// the stored rows. Raise it when any of them changes shape (the golden-bytes tests notice).
pub const LINK_VERSION: u32 = 1;

/// Names a tab for life: the page's id.
pub type TabId = String;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// Every tab of the scope.
    All,
    /// One tab: it alone hears its batches.
    Tab(TabId),
}

/// What a page looks at, told to the leader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Subscribed subjects.
    pub subjects: Vec<Subject>,
    /// Counters wanted.
    pub metrics: bool,
    /// The list of messages wanted.
    pub outbox: bool,
    /// Frames that are none of the protocol's messages wanted.
    pub raw: bool,
}

/// A message that was saved, and of whose end its sender has not heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// Which.
    pub id: String,
    /// A newer one may have replaced it.
    pub coalesced: bool,
    /// Its page wanted it dropped.
    pub discarded: bool,
}

/// A message between tabs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LinkMessage {
    /// Leader: I lead. Every second, and when asked; also before it knows its term.
    Beat {
        /// Its term.
        term: u64,
    },
    /// Leader, new: everybody say what you look at.
    RollCall {
        /// Its term.
        term: u64,
    },
    /// Follower: does anybody lead?
    Ask,
    /// Follower: this is what my page looks at (whole, replaces what was said before).
    Attach {
        /// Who.
        tab: TabId,
        /// A new one: my page has nothing of it yet. Repeated with every batch and credit, so that
        /// nothing of an earlier turn counts.
        turn: u64,
        /// What.
        interest: Interest,
    },
    /// Follower: gone, or leading itself. Leader: this tab died without a word.
    Detach {
        /// Who.
        tab: TabId,
    },
    /// Follower: my page took the batch.
    Credit {
        /// Who.
        tab: TabId,
        /// See `Attach`.
        turn: u64,
        /// Which.
        number: u64,
    },
    /// Follower: rows were appended, look.
    Poke,
    /// Follower: send what cannot or need not be stored.
    Send {
        /// Who.
        tab: TabId,
        /// What.
        requests: Vec<SendRequest>,
        /// All that the tab has, in order, what it saved included: the leader cannot read the store.
        whole: bool,
    },
    /// Follower: the leader alone may do this.
    Retry {
        /// Who.
        tab: TabId,
        /// Which message.
        id: String,
        /// A new id is fine.
        confirm: bool,
    },
    /// Follower: the leader alone may do this.
    Discard {
        /// Who.
        tab: TabId,
        /// Which message.
        id: String,
    },
    /// Follower: a person pressed "try now", or a sign from the browser.
    Hint {
        /// `None` is "try now".
        hint: Option<Hint>,
    },
    /// Follower: how did these end?
    Inquire {
        /// Who.
        tab: TabId,
        /// Which.
        about: Vec<Inquiry>,
    },
    /// Leader, on the tab's own channel.
    Batch {
        /// Its term.
        term: u64,
        /// See `Attach`.
        turn: u64,
        /// Where the credit goes: nobody else needs to hear of it.
        from: TabId,
        /// The batch.
        batch: Batch,
    },
    /// Follower: send everything, then end the session.
    SignOut,
    /// The session of this user is over.
    SignedOut,
    /// The page of the leader, for it: goes away, and its worker may stand still before it gives the lock
    /// back. Builds that do not know it yet wait for the beat that does not come.
    Leaving {
        /// The leader's term.
        term: u64,
    },
    /// Follower: send this frame of my page's own, at once or not at all.
    Raw {
        /// As it is.
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
            turn: 5,
            interest: Interest {
                subjects: vec![Subject::topic(Channel::Chat, "c")],
                metrics: false,
                outbox: true,
                raw: false,
            },
        };
        for (message, golden) in [
            (LinkMessage::Beat { term: 3 }, vec![0, 3]),
            (attach, vec![3, 1, b't', 5, 1, 2, 1, 1, b'c', 0, 1, 0]),
            (LinkMessage::Poke, vec![6]),
            (LinkMessage::Hint { hint: None }, vec![10, 0]),
            (LinkMessage::Leaving { term: 3 }, vec![15, 3]),
        ] {
            assert_eq!(postcard::to_allocvec(&message).unwrap(), golden, "raise LINK_VERSION: {message:?}");
            assert_eq!(postcard::from_bytes::<LinkMessage>(&golden).unwrap(), message);
        }
    }
}
