//! A new incident.

use super::{IncidentEdit, Message};
use sentinelops_protocol::domain::Severity;
use sentinelops_protocol::{Channel, encode_incident_update};

/// An incident that does not exist yet, without its id. The client chooses the id, so that what belongs to the incident
/// can be sent at once, also without a connection: edits and messages of its conversation follow its creation.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Severity;
/// use sentinelops_realtime::NewIncident;
///
/// let message = NewIncident::new("Disk full").severity(Severity::High).with_id("inc-7");
/// assert_eq!(message.kind(), "incident.create");
/// assert_eq!(message.payload().as_str(), r#"{"id":"inc-7","title":"Disk full","severity":"high"}"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewIncident(IncidentEdit);

impl NewIncident {
    /// A new incident with this title. The server makes it `new` and `medium` unless set otherwise.
    ///
    /// ```
    /// use sentinelops_realtime::{NewIncident, IncidentRow, UseFeedHandle};
    ///
    /// fn report(incidents: &UseFeedHandle<IncidentRow>, title: &str) -> String {
    ///     incidents.create(NewIncident::new(title)).0
    /// }
    /// ```
    pub fn new(title: impl Into<String>) -> Self {
        Self(IncidentEdit::new("").title(title))
    }

    /// How bad it is.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Severity;
    /// use sentinelops_realtime::NewIncident;
    ///
    /// let outage = NewIncident::new("Nothing works").severity(Severity::Critical);
    /// # let _ = outage;
    /// ```
    pub fn severity(self, severity: Severity) -> Self {
        Self(self.0.severity(severity))
    }

    /// Who works on it: an agent id.
    ///
    /// ```
    /// use sentinelops_realtime::NewIncident;
    ///
    /// let mine = NewIncident::new("Disk full").assigned_to("ann");
    /// # let _ = mine;
    /// ```
    pub fn assigned_to(self, agent: impl Into<String>) -> Self {
        Self(self.0.assigned_to(agent))
    }

    /// The message that creates it under this id, 1 to 64 characters that no other incident has.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, NewIncident};
    ///
    /// fn import(client: &Client, ticket: u32) {
    ///     client.send(NewIncident::new("From the old system").with_id(format!("ticket-{ticket}")));
    /// }
    /// ```
    pub fn with_id(self, id: impl Into<String>) -> Message {
        let payload = encode_incident_update(&self.0.into_update(id.into()));
        Message::raw(Channel::Incidents, "incident.create", payload)
    }
}
