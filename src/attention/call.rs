//! Which change of an incident calls, and why.

use super::level;
use crate::words::{self, attention as texts};
use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};

/// Why an incident calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is new.
    New,
    /// Its severity is higher than before.
    Raised,
    /// It was escalated.
    Escalated,
    /// It was resolved before.
    Reopened,
    /// It was assigned to the person at this page.
    Assigned,
    /// A message about it names the person at this page.
    Named,
}

impl Reason {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::New => texts::NEW,
            Self::Raised => texts::RAISED,
            Self::Escalated => texts::ESCALATED,
            Self::Reopened => texts::REOPENED,
            Self::Assigned => texts::ASSIGNED,
            Self::Named => texts::NAMED,
        }
    }
}

/// An incident that calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub id: String,
    pub title: String,
    pub severity: Option<Severity>,
    pub reason: Reason,
}

impl Call {
    /// The severity it counts as: a message that names the person counts as high at least.
    pub fn urgency(&self) -> Option<&Severity> {
        match self.reason {
            Reason::Named if level(self.severity.as_ref()) > level(Some(&Severity::High)) => {
                Some(&Severity::High)
            }
            _ => self.severity.as_ref(),
        }
    }

    pub fn headline(&self) -> String {
        texts::headline(&words::severity(self.severity.as_ref()), &self.title)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub level: usize,
    pub status: Option<IncidentStatus>,
    pub assigned_to: Option<String>,
}

impl Known {
    pub fn of(incident: &Incident) -> Self {
        Self {
            level: level(incident.severity.as_ref()),
            status: incident.status.clone(),
            assigned_to: incident.assigned_to.clone(),
        }
    }

    pub fn change(&self, id: &str) -> String {
        let status = self.status.as_ref().map_or("", IncidentStatus::as_str);
        format!("{id}\t{status}\t{}", self.assigned_to.as_deref().unwrap_or_default())
    }
}

/// What a user has made of an incident, in a line: another change of it by somebody else is another line.
pub fn own_change(incident: &Incident) -> String {
    Known::of(incident).change(&incident.id)
}

pub(super) fn is_own(own: &[(String, u64)], change: &str) -> bool {
    own.iter().any(|(known, _)| known == change)
}

/// Own changes are of status and assignee, or new incidents; a severity raised meanwhile is somebody else's, and so is a message.
pub(super) fn may_be_own(reason: Reason) -> bool {
    !matches!(reason, Reason::Raised | Reason::Named)
}

/// What happened to an incident that is worth a call.
pub(super) fn reason(before: Option<&Known>, now: &Known, me: Option<&str>) -> Option<Reason> {
    if now.status == Some(IncidentStatus::Resolved) {
        return None;
    }
    let Some(before) = before else { return Some(Reason::New) };
    let is = |known: &Known, status: IncidentStatus| known.status == Some(status);
    if is(before, IncidentStatus::Resolved) {
        Some(Reason::Reopened)
    } else if now.level < before.level {
        Some(Reason::Raised)
    } else if is(now, IncidentStatus::Escalated) && !is(before, IncidentStatus::Escalated) {
        Some(Reason::Escalated)
    } else if me.is_some() && now.assigned_to.as_deref() == me && before.assigned_to.as_deref() != me {
        Some(Reason::Assigned)
    } else {
        None
    }
}
