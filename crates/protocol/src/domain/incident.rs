//! Incidents, their partial updates, and how these apply.

use super::{Patch, Severity};
use crate::{Json, scan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// `incident.viewing`: never queued, never kept.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"incidentId": "inc-1", "userId": "ann"}"#)?;
/// let (payload, problem) = decode_payload("incident.viewing", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Viewing(viewing) if viewing.user_id == "ann"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewing {
    /// Which incident.
    pub incident_id: String,
    /// Who looks at it.
    pub user_id: String,
}

/// `incident.update` and `incident.create`: what a client asks to change, or the fields of a new incident whose id the
/// client chooses. The server answers with an incident event.
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

/// Fields beyond the listed ones follow the same rule: absent is unchanged, `null` is cleared. What changed stands
/// last; a value stays as it is written.
fn merge(before: Option<&Json>, changes: &Json) -> Option<Json> {
    let texts = before.into_iter().chain([changes]);
    let members: Vec<_> = texts.flat_map(|json| scan::members(json.as_str()).unwrap_or_default()).collect();
    // Of one name the last counts.
    let mut last = BTreeMap::new();
    last.extend(members.iter().enumerate().map(|(at, m)| (&*m.name, at)));
    let kept =
        members.iter().enumerate().filter(|(at, m)| last.get(&*m.name) == Some(at) && m.value != "null");
    Json::of_members(kept.map(|(_, member)| member))
}
