//! Domain messages as plain types, and how a change applies to a state.
//!
//! Their serde derives carry no attribute on purpose: they are what page and worker exchange in
//! postcard. The JSON of the wire is read and written in `wire.rs`.

use crate::Json;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Where an incident stands in its life.
    ///
    /// ```
    /// use sentinelops_protocol::domain::IncidentStatus;
    ///
    /// fn is_open(status: Option<&IncidentStatus>) -> bool {
    ///     status != Some(&IncidentStatus::Resolved)
    /// }
    /// ```
    IncidentStatus {
        /// Nobody has looked yet.
        New = "new",
        /// Somebody has seen it.
        Acknowledged = "acknowledged",
        /// Being worked on.
        Investigating = "investigating",
        /// Handed upwards.
        Escalated = "escalated",
        /// Over.
        Resolved = "resolved",
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

/// What an incident event says happened; it repeats the tail of the message type.
///
/// ```
/// use sentinelops_protocol::domain::IncidentChange;
///
/// let urgent = |change| matches!(change, IncidentChange::Created | IncidentChange::Escalated);
/// assert!(urgent(IncidentChange::Escalated) && !urgent(IncidentChange::Resolved));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IncidentChange {
    /// `incident.created`
    Created,
    /// `incident.updated`
    Updated,
    /// `incident.resolved`
    Resolved,
    /// `incident.escalated`
    Escalated,
}

/// The fields of an incident that an event changes. Times are ms since the epoch.
///
/// ```
/// use sentinelops_protocol::domain::{Incident, IncidentPatch, IncidentStatus, Patch};
///
/// let mut incident = Incident::new("inc-1");
/// let status = Patch::Set(IncidentStatus::Investigating);
/// incident.apply(&IncidentPatch { status, ..IncidentPatch::default() });
/// assert_eq!(incident.status, Some(IncidentStatus::Investigating));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IncidentPatch {
    /// One line a person reads.
    pub title: Patch<String>,
    /// How bad it is.
    pub severity: Patch<Severity>,
    /// Where it stands.
    pub status: Patch<IncidentStatus>,
    /// Agent id of who works on it.
    pub assigned_to: Patch<String>,
    /// When it began.
    pub created_at: Patch<u64>,
    /// When it last changed.
    pub updated_at: Patch<u64>,
    /// Fields beyond the listed ones: a JSON object, passed on unread.
    pub extra: Option<Json>,
}

/// `incident.created|updated|resolved|escalated`.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"incidentId": "inc-1", "type": "created", "data": {"title": "Disk full"}}"#)?;
/// let (payload, problem) = decode_payload("incident.created", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Incident(event) if event.incident_id == "inc-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// Which incident.
    pub incident_id: String,
    /// What happened.
    pub change: IncidentChange,
    /// What changed.
    pub data: IncidentPatch,
}

/// `incident.update`: what a client asks to change. The server answers with an incident event.
///
/// ```
/// use sentinelops_protocol::domain::{IncidentPatch, IncidentStatus, IncidentUpdate, Patch};
/// use sentinelops_protocol::encode_incident_update;
///
/// let changes = IncidentPatch { status: Patch::Set(IncidentStatus::Resolved), ..IncidentPatch::default() };
/// let update = IncidentUpdate { id: "123".to_owned(), changes };
/// assert_eq!(encode_incident_update(&update).as_str(), r#"{"id":"123","status":"resolved"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentUpdate {
    /// Which incident.
    pub id: String,
    /// What to change.
    pub changes: IncidentPatch,
}

/// The state of one incident, folded from its events.
///
/// ```
/// use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};
///
/// fn is_urgent(incident: &Incident) -> bool {
///     incident.severity == Some(Severity::Critical) && incident.status != Some(IncidentStatus::Resolved)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// One line a person reads.
    pub title: Option<String>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Where it stands.
    pub status: Option<IncidentStatus>,
    /// Agent id of who works on it.
    pub assigned_to: Option<String>,
    /// When it began, ms since the epoch.
    pub created_at: Option<u64>,
    /// When it last changed, ms since the epoch.
    pub updated_at: Option<u64>,
    /// Other fields: a JSON object, merged field by field like the listed ones.
    pub extra: Option<Json>,
}

impl Incident {
    /// An incident nothing is known of yet.
    ///
    /// ```
    /// use sentinelops_protocol::domain::Incident;
    ///
    /// let incident = Incident::new("inc-1");
    /// assert_eq!((incident.id.as_str(), incident.title), ("inc-1", None));
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: None,
            severity: None,
            status: None,
            assigned_to: None,
            created_at: None,
            updated_at: None,
            extra: None,
        }
    }

    /// Applies a partial update: absent fields are unchanged, cleared ones become `None`.
    ///
    /// ```
    /// use sentinelops_protocol::domain::{Incident, IncidentPatch, Patch};
    ///
    /// let mut incident = Incident { title: Some("Disk full".to_owned()), ..Incident::new("inc-1") };
    /// incident.apply(&IncidentPatch { assigned_to: Patch::Set("ann".to_owned()), ..IncidentPatch::default() });
    /// assert_eq!(incident.title.as_deref(), Some("Disk full"), "what is absent stays");
    /// ```
    pub fn apply(&mut self, patch: &IncidentPatch) {
        patch.title.apply(&mut self.title);
        patch.severity.apply(&mut self.severity);
        patch.status.apply(&mut self.status);
        patch.assigned_to.apply(&mut self.assigned_to);
        patch.created_at.apply(&mut self.created_at);
        patch.updated_at.apply(&mut self.updated_at);
        if let Some(changes) = &patch.extra {
            self.extra = merge(self.extra.as_ref(), changes);
        }
    }

    /// The event that carries the whole state, as snapshots do.
    ///
    /// ```
    /// use sentinelops_protocol::domain::{Incident, IncidentChange};
    ///
    /// let incident = Incident { title: Some("Disk full".to_owned()), ..Incident::new("inc-1") };
    /// let event = incident.to_event(IncidentChange::Created);
    /// let mut copy = Incident::new(event.incident_id);
    /// copy.apply(&event.data);
    /// assert_eq!(copy, incident);
    /// ```
    pub fn to_event(&self, change: IncidentChange) -> IncidentEvent {
        IncidentEvent {
            incident_id: self.id.clone(),
            change,
            data: IncidentPatch {
                title: self.title.clone().into(),
                severity: self.severity.clone().into(),
                status: self.status.clone().into(),
                assigned_to: self.assigned_to.clone().into(),
                created_at: self.created_at.into(),
                updated_at: self.updated_at.into(),
                extra: self.extra.clone(),
            },
        }
    }
}

/// Fields beyond the listed ones follow the same rule: absent is unchanged, `null` is cleared.
fn merge(before: Option<&Json>, changes: &Json) -> Option<Json> {
    type Fields = BTreeMap<String, serde_json::Value>;
    let mut fields: Fields = before.and_then(|json| json.read().ok()).unwrap_or_default();
    for (name, value) in changes.read::<Fields>().unwrap_or_default() {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    if fields.is_empty() { None } else { Json::from_value(&fields).ok() }
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

/// `chat.message`.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"id": "m1", "conversationId": "c1", "senderId": "ann", "content": "hi", "timestamp": 5}"#)?;
/// let (payload, problem) = decode_payload("chat.message", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Chat(message) if message.content == "hi"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Its id.
    pub id: String,
    /// Which conversation.
    pub conversation_id: String,
    /// Who wrote it; the server sets it.
    pub sender_id: String,
    /// What was written. Text, never HTML.
    pub content: String,
    /// When the server took it, ms since the epoch.
    pub timestamp: u64,
    /// Other fields: a JSON object.
    pub extra: Option<Json>,
}

/// What a receipt vouches for.
///
/// ```
/// use sentinelops_protocol::domain::ReceiptKind;
///
/// let tick = |kind| match kind {
///     ReceiptKind::Delivered => "✓",
///     ReceiptKind::Read => "✓✓",
/// };
/// assert_eq!(tick(ReceiptKind::Read), "✓✓");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReceiptKind {
    /// `chat.delivered`: it arrived on the user's device.
    Delivered,
    /// `chat.read`: the user saw it.
    Read,
}

/// `chat.delivered` and `chat.read`: a watermark, merged by maximum.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"conversationId": "c1", "userId": "ann", "upTo": 5}"#)?;
/// let (payload, problem) = decode_payload("chat.read", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Receipt(receipt) if receipt.up_to == 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Delivered or read.
    pub kind: ReceiptKind,
    /// Which conversation.
    pub conversation_id: String,
    /// Whose receipt; the server sets it.
    pub user_id: String,
    /// Server timestamp (ms) of the newest message it covers.
    pub up_to: u64,
}

/// `chat.typing`: never queued, never kept.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"conversationId": "c1", "userId": "ann"}"#)?;
/// let (payload, problem) = decode_payload("chat.typing", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Typing(typing) if typing.user_id == "ann"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typing {
    /// Which conversation.
    pub conversation_id: String,
    /// Who types.
    pub user_id: String,
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
    /// Where it stands: what the last event of it said.
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
