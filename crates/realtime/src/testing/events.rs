//! Events for tests, in a line each.

use super::time::START;
use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch,
    IncidentStatus, Patch, Presence, Receipt, ReceiptKind, Severity, TimelineAction, TimelineEntry, Typing,
    Viewing,
};
use sentinelops_protocol::{Channel, Event, Json, Payload, Priority};

/// An event with this payload. Change the public fields as the test needs them.
///
/// ```
/// use sentinelops_realtime::protocol::{Channel, Json, Payload};
/// use sentinelops_realtime::testing::event;
///
/// let mut deploy = event(Channel::Activity, "deploy.started", Payload::Raw(Json::null()));
/// deploy.seq = Some(7);
/// ```
pub fn event(channel: Channel, kind: &str, payload: Payload) -> Event {
    Event {
        id: None,
        kind: kind.to_owned(),
        channel,
        topic: None,
        payload,
        timestamp: Some(START),
        priority: Priority::Normal,
        seq: None,
        prev: None,
        cause: None,
    }
}

/// An event of one's own type; `json` is its payload.
///
/// # Panics
/// When `json` is not JSON: the test is wrong.
///
/// ```
/// use sentinelops_realtime::protocol::Channel;
/// use sentinelops_realtime::testing::{FakeConnection, raw};
///
/// let connection = FakeConnection::new();
/// connection.deliver(raw(Channel::Activity, "deploy.started", r#"{"service": "api"}"#));
/// ```
pub fn raw(channel: Channel, kind: &str, json: &str) -> Event {
    match Json::parse(json) {
        Ok(json) => event(channel, kind, Payload::Raw(json)),
        Err(why) => panic!("payload of {kind}: {why}"),
    }
}

/// An event of an incident: `incident.created` unless set otherwise, titled by its id.
///
/// ```
/// use sentinelops_realtime::protocol::domain::{IncidentChange, IncidentStatus};
/// use sentinelops_realtime::testing::{FakeConnection, incident};
///
/// let connection = FakeConnection::new();
/// connection.deliver(incident("inc-1").title("Disk full"));
/// connection.deliver(incident("inc-1").change(IncidentChange::Resolved).status(IncidentStatus::Resolved));
/// ```
pub fn incident(id: &str) -> IncidentBuilder {
    IncidentBuilder {
        change: IncidentChange::Created,
        id: id.to_owned(),
        patch: IncidentPatch::default(),
        cause: None,
    }
}

/// See [`incident`]. It becomes an [`Event`] where one is wanted.
///
/// ```
/// use sentinelops_realtime::protocol::Event;
/// use sentinelops_realtime::testing::incident;
///
/// let event: Event = incident("inc-1").into();
/// assert_eq!(event.kind, "incident.created");
/// ```
#[derive(Clone, Debug)]
pub struct IncidentBuilder {
    change: IncidentChange,
    id: String,
    patch: IncidentPatch,
    cause: Option<String>,
}

impl IncidentBuilder {
    /// What happened.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Event, domain::IncidentChange};
    /// use sentinelops_realtime::testing::incident;
    ///
    /// let event = Event::from(incident("inc-1").change(IncidentChange::Escalated));
    /// assert_eq!(event.kind, "incident.escalated");
    /// ```
    pub fn change(mut self, change: IncidentChange) -> Self {
        self.change = change;
        self
    }

    /// Its title.
    ///
    /// ```
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// FakeConnection::new().deliver(incident("inc-1").title("Disk full"));
    /// ```
    pub fn title(mut self, title: &str) -> Self {
        self.patch.title = Patch::Set(title.to_owned());
        self
    }

    /// Its status.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::IncidentStatus;
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// FakeConnection::new().deliver(incident("inc-1").status(IncidentStatus::Investigating));
    /// ```
    pub fn status(mut self, status: IncidentStatus) -> Self {
        self.patch.status = Patch::Set(status);
        self
    }

    /// Its severity.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Severity;
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// FakeConnection::new().deliver(incident("inc-1").severity(Severity::Critical));
    /// ```
    pub fn severity(mut self, severity: Severity) -> Self {
        self.patch.severity = Patch::Set(severity);
        self
    }

    /// The message of a client that brought it about.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::IncidentChange;
    /// use sentinelops_realtime::testing::{FakeConnection, incident};
    ///
    /// /// The server carries out what the page sent last.
    /// fn confirm(connection: &FakeConnection) {
    ///     if let Some(id) = connection.last_id() {
    ///         connection.deliver(incident("inc-1").change(IncidentChange::Updated).cause(id));
    ///     }
    /// }
    /// ```
    pub fn cause(mut self, id: impl ToString) -> Self {
        self.cause = Some(id.to_string());
        self
    }
}

impl From<IncidentBuilder> for Event {
    fn from(builder: IncidentBuilder) -> Self {
        let IncidentBuilder { change, id, mut patch, cause } = builder;
        if change == IncidentChange::Created && patch.title == Patch::Keep {
            patch.title = Patch::Set(id.clone());
        }
        let kind = match change {
            IncidentChange::Created => "incident.created",
            IncidentChange::Updated => "incident.updated",
            IncidentChange::Resolved => "incident.resolved",
            IncidentChange::Escalated => "incident.escalated",
        };
        let payload = Payload::Incident(IncidentEvent { incident_id: id, change, data: patch });
        Event { cause, ..event(Channel::Incidents, kind, payload) }
    }
}

/// `agent.status`.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Presence;
/// use sentinelops_realtime::testing::{FakeConnection, agent};
///
/// FakeConnection::new().deliver(agent("ann", Presence::Online));
/// ```
pub fn agent(id: &str, status: Presence) -> Event {
    let agent = AgentStatus { agent_id: id.to_owned(), status, last_seen: START, name: None, extra: None };
    event(Channel::Agents, "agent.status", Payload::Agent(agent))
}

/// `chat.message`.
///
/// ```
/// use sentinelops_realtime::testing::{FakeConnection, chat_message};
///
/// FakeConnection::new().deliver(chat_message("conv-1", "msg-1", "ann", "on it"));
/// ```
pub fn chat_message(conversation: &str, id: &str, sender: &str, content: &str) -> Event {
    let message = ChatMessage {
        id: id.to_owned(),
        conversation_id: conversation.to_owned(),
        sender_id: sender.to_owned(),
        content: content.to_owned(),
        timestamp: START,
        extra: None,
    };
    event(Channel::Chat, "chat.message", Payload::Chat(message))
}

/// `chat.delivered` or `chat.read`.
///
/// ```
/// use sentinelops_realtime::protocol::domain::ReceiptKind;
/// use sentinelops_realtime::testing::{FakeConnection, receipt};
///
/// let connection = FakeConnection::new();
/// connection.deliver(receipt(ReceiptKind::Read, "conv-1", "ann", connection.now()));
/// ```
pub fn receipt(kind: ReceiptKind, conversation: &str, user: &str, up_to: u64) -> Event {
    let name = match kind {
        ReceiptKind::Delivered => "chat.delivered",
        ReceiptKind::Read => "chat.read",
    };
    let receipt = Receipt { kind, conversation_id: conversation.to_owned(), user_id: user.to_owned(), up_to };
    event(Channel::Chat, name, Payload::Receipt(receipt))
}

/// `chat.typing`.
///
/// ```
/// use sentinelops_realtime::testing::{FakeConnection, typing};
///
/// FakeConnection::new().deliver(typing("conv-1", "ann"));
/// ```
pub fn typing(conversation: &str, user: &str) -> Event {
    let typing = Typing { conversation_id: conversation.to_owned(), user_id: user.to_owned() };
    event(Channel::Chat, "chat.typing", Payload::Typing(typing))
}

/// `incident.viewing`.
///
/// ```
/// use sentinelops_realtime::testing::{FakeConnection, viewing};
///
/// FakeConnection::new().deliver(viewing("inc-1", "ann"));
/// ```
pub fn viewing(incident: &str, user: &str) -> Event {
    let viewing = Viewing { incident_id: incident.to_owned(), user_id: user.to_owned() };
    event(Channel::Incidents, "incident.viewing", Payload::Viewing(viewing))
}

/// `timeline.entry`: a status that changed.
///
/// ```
/// use sentinelops_realtime::protocol::domain::IncidentStatus;
/// use sentinelops_realtime::testing::{FakeConnection, timeline};
///
/// FakeConnection::new().deliver(timeline("inc-1", "tl-1", "ann", IncidentStatus::Resolved));
/// ```
pub fn timeline(incident: &str, id: &str, actor: &str, status: IncidentStatus) -> Event {
    let entry = TimelineEntry {
        id: id.to_owned(),
        incident_id: incident.to_owned(),
        actor: actor.to_owned(),
        action: TimelineAction::Changed,
        timestamp: 1_700_000_000_000,
        status: Some(status),
        severity: None,
        assigned_to: Patch::Keep,
        alert_id: None,
        title: None,
        extra: None,
    };
    event(Channel::Timeline, "timeline.entry", Payload::Timeline(Box::new(entry)))
}

/// `alert.raised|acknowledged|cleared`.
///
/// ```
/// use sentinelops_realtime::protocol::domain::{AlertChange, Severity};
/// use sentinelops_realtime::testing::{FakeConnection, alert};
///
/// FakeConnection::new().deliver(alert("alert-1", AlertChange::Raised, Severity::High));
/// ```
pub fn alert(id: &str, change: AlertChange, severity: Severity) -> Event {
    let kind = match change {
        AlertChange::Raised => "alert.raised",
        AlertChange::Acknowledged => "alert.acknowledged",
        AlertChange::Cleared => "alert.cleared",
    };
    let alert = Alert {
        id: id.to_owned(),
        change,
        severity,
        title: id.to_owned(),
        source: None,
        incident_id: None,
        extra: None,
    };
    event(Channel::Alerts, kind, Payload::Alert(alert))
}

/// `activity.event`.
///
/// ```
/// use sentinelops_realtime::testing::{FakeConnection, activity};
///
/// FakeConnection::new().deliver(activity("act-1", "ann", "restarted the api"));
/// ```
pub fn activity(id: &str, actor: &str, action: &str) -> Event {
    let activity = Activity {
        id: id.to_owned(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: None,
        timestamp: START,
        extra: None,
    };
    event(Channel::Activity, "activity.event", Payload::Activity(activity))
}
