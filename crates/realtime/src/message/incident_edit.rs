//! A change to an incident.

use super::Message;
use sentinelops_protocol::domain::{IncidentPatch, IncidentStatus, IncidentUpdate, Patch, Severity};
use sentinelops_protocol::{Channel, encode_incident_update};

/// A change to an incident, field by field: what is not named stays as it is.
///
/// ```
/// use sentinelops_realtime::IncidentEdit;
/// use sentinelops_realtime::protocol::domain::{IncidentStatus, Severity};
///
/// let edit = IncidentEdit::new("inc-123")
///     .status(IncidentStatus::Investigating)
///     .severity(Severity::High)
///     .assigned_to("agent-456");
/// assert_eq!(edit.id(), "inc-123");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentEdit(IncidentUpdate);

impl IncidentEdit {
    /// Changes nothing yet.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, IncidentEdit};
    ///
    /// fn rename(client: &Client, id: &str, title: &str) {
    ///     client.send(IncidentEdit::new(id).title(title));
    /// }
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self(IncidentUpdate { id: id.into(), changes: IncidentPatch::default() })
    }

    /// Which incident.
    ///
    /// ```
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// assert_eq!(IncidentEdit::new("inc-123").id(), "inc-123");
    /// ```
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What changes.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::{IncidentPatch, Patch};
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// assert_eq!(IncidentEdit::new("inc-123").changes(), &IncidentPatch::default());
    /// let edit = IncidentEdit::new("inc-123").unassign();
    /// assert_eq!(edit.changes().assigned_to, Patch::Clear);
    /// ```
    pub fn changes(&self) -> &IncidentPatch {
        &self.0.changes
    }

    /// A new title.
    ///
    /// ```
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// let edit = IncidentEdit::new("inc-123").title("Checkout answers slowly");
    /// # let _ = edit;
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.0.changes.title = Patch::Set(title.into());
        self
    }

    /// A new severity.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Severity;
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// let edit = IncidentEdit::new("inc-123").severity(Severity::Critical);
    /// # let _ = edit;
    /// ```
    pub fn severity(mut self, severity: Severity) -> Self {
        self.0.changes.severity = Patch::Set(severity);
        self
    }

    /// A new status.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::IncidentStatus;
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// let edit = IncidentEdit::new("inc-123").status(IncidentStatus::Investigating);
    /// # let _ = edit;
    /// ```
    pub fn status(mut self, status: IncidentStatus) -> Self {
        self.0.changes.status = Patch::Set(status);
        self
    }

    /// Who works on it now.
    ///
    /// ```
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// let edit = IncidentEdit::new("inc-123").assigned_to("agent-456");
    /// # let _ = edit;
    /// ```
    pub fn assigned_to(mut self, agent: impl Into<String>) -> Self {
        self.0.changes.assigned_to = Patch::Set(agent.into());
        self
    }

    /// Nobody works on it any more.
    ///
    /// ```
    /// use sentinelops_realtime::IncidentEdit;
    ///
    /// let edit = IncidentEdit::new("inc-123").unassign();
    /// # let _ = edit;
    /// ```
    pub fn unassign(mut self) -> Self {
        self.0.changes.assigned_to = Patch::Clear;
        self
    }
}

impl IncidentEdit {
    pub(super) fn into_update(self, id: String) -> IncidentUpdate {
        IncidentUpdate { id, ..self.0 }
    }
}

impl From<IncidentUpdate> for IncidentEdit {
    fn from(update: IncidentUpdate) -> Self {
        Self(update)
    }
}

impl From<IncidentEdit> for Message {
    fn from(edit: IncidentEdit) -> Self {
        Self::raw(Channel::Incidents, "incident.update", encode_incident_update(&edit.0))
    }
}
