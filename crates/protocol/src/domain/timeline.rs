//! What happened to an incident, entry by entry.

use super::{IncidentStatus, Patch, Severity};
use crate::Json;
use serde::{Deserialize, Serialize};

open_enum! {
    /// What an entry of a timeline says happened.
    ///
    /// ```
    /// use sentinelops_protocol::domain::TimelineAction;
    ///
    /// fn is_about_an_alert(action: &TimelineAction) -> bool {
    ///     matches!(action, TimelineAction::AlertRaised | TimelineAction::AlertCleared)
    /// }
    /// ```
    TimelineAction {
        /// The incident was created.
        Created = "created",
        /// Its status, severity or assignee changed.
        Changed = "changed",
        /// An alert of it was raised.
        AlertRaised = "alert_raised",
        /// An alert of it was cleared.
        AlertCleared = "alert_cleared",
    }
}

/// `timeline.entry`: one thing that happened to an incident.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"id": "tl-1", "incidentId": "inc-1", "actor": "ann", "action": "changed",
///     "timestamp": 5, "status": "resolved"}"#)?;
/// let (payload, problem) = decode_payload("timeline.entry", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Timeline(entry) if entry.actor == "ann"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Its id.
    pub id: String,
    /// Which incident.
    pub incident_id: String,
    /// Who did it; the server sets it.
    pub actor: String,
    /// What happened.
    pub action: TimelineAction,
    /// When, ms since the epoch.
    pub timestamp: u64,
    /// The new status, where it changed.
    pub status: Option<IncidentStatus>,
    /// The new severity, where it changed.
    pub severity: Option<Severity>,
    /// The new assignee, where it changed.
    pub assigned_to: Patch<String>,
    /// Which alert, where the entry is about one.
    pub alert_id: Option<String>,
    /// The title of that alert.
    pub title: Option<String>,
    /// Other fields: a JSON object.
    pub extra: Option<Json>,
}
