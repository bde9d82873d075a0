//! Domain messages as plain types, and how a change applies to a state.
//!
//! Their serde derives carry no attribute on purpose: they are what page and worker exchange in
//! postcard. The JSON of the wire is read and written in `wire.rs`.

use crate::Json;
use serde::{Deserialize, Serialize};

/// A field of a partial update: absent is unchanged, `null` is cleared.
///
/// ```
/// use sentinelops_protocol::domain::{IncidentPatch, Patch};
///
/// let handed_back = IncidentPatch { assigned_to: Patch::Clear, ..IncidentPatch::default() };
/// assert_eq!(handed_back.title, Patch::Keep);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Patch<T> {
    /// Absent: unchanged.
    #[default]
    Keep,
    /// `null`: cleared.
    Clear,
    /// A new value.
    Set(T),
}

impl<T: Clone> Patch<T> {
    /// Applies the change to a field.
    ///
    /// ```
    /// use sentinelops_protocol::domain::Patch;
    ///
    /// let mut assigned_to = Some("ann");
    /// Patch::Keep.apply(&mut assigned_to);
    /// assert_eq!(assigned_to, Some("ann"));
    /// Patch::Set("bob").apply(&mut assigned_to);
    /// assert_eq!(assigned_to, Some("bob"));
    /// Patch::Clear.apply(&mut assigned_to);
    /// assert_eq!(assigned_to, None);
    /// ```
    pub fn apply(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// `None` becomes [`Patch::Keep`].
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}

macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A value this version does not know, kept as text.
            Other(String),
        }

        impl $name {
            /// The name on the wire.
            ///
            /// ```
            #[doc = concat!("use sentinelops_protocol::domain::", stringify!($name), ";")]
            ///
            $(#[doc = concat!("assert_eq!(", stringify!($name), "::", stringify!($variant), ".as_str(), \"", $text, "\");")])+
            /// ```
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }

            /// The value of a wire name; an unknown one is kept as text.
            ///
            /// ```
            #[doc = concat!("use sentinelops_protocol::domain::", stringify!($name), ";")]
            ///
            #[doc = concat!("let unknown = ", stringify!($name), "::parse(\"of_the_future\");")]
            #[doc = concat!("assert_eq!(unknown, ", stringify!($name), "::Other(\"of_the_future\".to_owned()));")]
            /// ```
            pub fn parse(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

// Behind the macro, which they use.
mod chat;
mod incident;
mod stats;
mod timeline;

pub use chat::{ChatMessage, Receipt, ReceiptKind, Typing};
pub use incident::{
    Incident, IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, IncidentUpdate, Viewing,
};
pub use stats::{Counts, Durations, OldestUnacknowledged, QuarterHours, SourceAge, Spread, Stats};
pub use timeline::{TimelineAction, TimelineEntry};

open_enum! {
    /// How bad an incident or alert is.
    ///
    /// ```
    /// use sentinelops_protocol::domain::Severity;
    ///
    /// fn wakes_people(severity: &Severity) -> bool {
    ///     matches!(severity, Severity::Critical | Severity::High)
    /// }
    /// ```
    Severity {
        /// Can wait.
        Low = "low",
        /// Worth a look today.
        Medium = "medium",
        /// Needs somebody now.
        High = "high",
        /// Wakes people up.
        Critical = "critical",
    }
}

open_enum! {
    /// Whether an agent can take work.
    ///
    /// ```
    /// use sentinelops_protocol::domain::{AgentStatus, Presence};
    ///
    /// fn free(agents: &[AgentStatus]) -> impl Iterator<Item = &AgentStatus> {
    ///     agents.iter().filter(|agent| agent.status == Presence::Online)
    /// }
    /// ```
    Presence {
        /// There.
        Online = "online",
        /// Not at the desk.
        Away = "away",
        /// There, but occupied.
        Busy = "busy",
        /// Gone.
        Offline = "offline",
    }
}

/// `agent.status`: always the full state of one agent.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"agentId": "ann", "status": "online", "lastSeen": 5}"#)?;
/// let (payload, problem) = decode_payload("agent.status", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Agent(agent) if agent.agent_id == "ann" && agent.last_seen == 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Which agent.
    pub agent_id: String,
    /// Whether they can take work.
    pub status: Presence,
    /// When they were last seen, ms since the epoch.
    pub last_seen: u64,
    /// A name to show.
    pub name: Option<String>,
    /// Other fields: a JSON object.
    pub extra: Option<Json>,
}

/// What an alert event says happened.
///
/// ```
/// use sentinelops_protocol::domain::{Alert, AlertChange};
///
/// fn needs_somebody(alerts: &[Alert]) -> impl Iterator<Item = &Alert> {
///     alerts.iter().filter(|alert| alert.change == AlertChange::Raised)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AlertChange {
    /// `alert.raised`
    Raised,
    /// `alert.acknowledged`
    Acknowledged,
    /// `alert.cleared`
    Cleared,
}

/// `alert.raised|acknowledged|cleared`: always the full state of one alert.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"id": "alr-1", "severity": "high", "title": "CPU at 100 %"}"#)?;
/// let (payload, problem) = decode_payload("alert.raised", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Alert(alert) if alert.title == "CPU at 100 %"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// Where it stands: as of its last event.
    pub change: AlertChange,
    /// How bad it is.
    pub severity: Severity,
    /// One line a person reads.
    pub title: String,
    /// What raised it.
    pub source: Option<String>,
    /// The incident it belongs to.
    pub incident_id: Option<String>,
    /// Other fields: a JSON object.
    pub extra: Option<Json>,
}

/// `activity.event`.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"id": "act-1", "actor": "ann", "action": "resolved", "timestamp": 5}"#)?;
/// let (payload, problem) = decode_payload("activity.event", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Activity(activity) if activity.actor == "ann"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// Who did it; the server sets it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// When, ms since the epoch.
    pub timestamp: u64,
    /// Other fields: a JSON object.
    pub extra: Option<Json>,
}
