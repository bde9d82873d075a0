//! Who a connection belongs to, and what this user may read and write.

use sentinelops_protocol::{Channel, Subject};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Whether connections have to prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// The welcome waits for a valid token ([`crate::Output::CheckToken`], [`crate::Gateway::authenticated`]).
    Required,
    /// The user given to [`crate::Gateway::connect`] is believed and may do everything; tokens are not checked.
    #[default]
    Open,
}

/// A token as the client sent it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself, for the check. Never log it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// What a valid token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: the user of every command, and `welcome.user`.
    pub user: Arc<str>,
    /// What the user may do until the token expires.
    pub rights: Rights,
    /// Wall clock, ms since the epoch: the connection is closed with 4401 then. `None`: it does not end.
    pub expires_at_ms: Option<u64>,
    /// `jti`: names the token for [`crate::Gateway::revoke`].
    pub jti: Option<String>,
}

impl Identity {
    /// A user with every right and no expiry.
    pub fn open(user: impl Into<Arc<str>>) -> Self {
        Self { user: user.into(), rights: Rights::all(), expires_at_ms: None, jti: None }
    }
}

/// Why a token was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// For people, in the close reason (123 bytes). Names the claim that failed; never holds the token.
    pub reason: String,
    /// The token could not be checked at the moment (say, the keys are not there): the connection is closed with
    /// 1013 and comes back after so many ms. `None`: the token is invalid, 4401.
    pub retry_after_ms: Option<u64>,
}

impl Denied {
    /// The token is invalid.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry_after_ms: None }
    }

    /// The token cannot be checked now.
    pub fn unavailable(reason: impl Into<String>, retry_after_ms: u64) -> Self {
        Self { reason: reason.into(), retry_after_ms: Some(retry_after_ms) }
    }
}

/// What a user may read and write: names of channels (`incidents`), topics of a channel (`chat:inc-7`) and rights of
/// operators (`admin`, `ingest:NAME`). A channel's name covers its topics.
///
/// ```
/// use sentinelops_gateway::Rights;
/// use sentinelops_protocol::{Channel, Subject};
///
/// let rights = Rights::of(["incidents", "chat:inc-7"], ["chat:inc-7"]);
/// assert!(rights.may_read(&Subject::topic(Channel::Chat, "inc-7")));
/// assert!(!rights.may_read(&Subject::channel(Channel::Chat)));
/// assert!(!rights.may_write(Channel::Incidents, Some("inc-7")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights(Option<Arc<Names>>);

#[derive(Debug, PartialEq, Eq)]
struct Names {
    read: BTreeSet<String>,
    write: BTreeSet<String>,
}

impl Rights {
    /// Every right there is.
    pub fn all() -> Self {
        Self(None)
    }

    /// The named rights only (`so.read` and `so.write` of a token). Unknown names grant nothing.
    pub fn of<S: Into<String>>(
        read: impl IntoIterator<Item = S>,
        write: impl IntoIterator<Item = S>,
    ) -> Self {
        let set = |names: &mut dyn Iterator<Item = S>| names.map(Into::into).collect();
        Self(Some(Arc::new(Names { read: set(&mut read.into_iter()), write: set(&mut write.into_iter()) })))
    }

    /// Whether a subscription to `subject` is allowed.
    pub fn may_read(&self, subject: &Subject) -> bool {
        let Some(names) = &self.0 else { return true };
        covers(&names.read, subject.channel, subject.topic.as_deref())
    }

    /// Whether a command about `topic` of a channel is allowed.
    pub fn may_write(&self, channel: Channel, topic: Option<&str>) -> bool {
        let Some(names) = &self.0 else { return true };
        covers(&names.write, channel, topic)
    }

    /// Whether `name` is among the rights to write, by its exact text: `admin`, `ingest:NAME`.
    pub fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.write.contains(name))
    }
}

/// The channel whose right counts: a timeline is part of its incident.
pub(super) fn of_right(channel: Channel) -> Channel {
    if matches!(channel, Channel::Timeline | Channel::Stats) { Channel::Incidents } else { channel }
}

fn covers(names: &BTreeSet<String>, channel: Channel, topic: Option<&str>) -> bool {
    let whole = of_right(channel).as_str();
    names.contains(whole) || topic.is_some_and(|topic| names.contains(&format!("{whole}:{topic}")))
}
