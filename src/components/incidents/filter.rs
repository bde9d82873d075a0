//! Which incidents are shown, in which order. Pure.

use crate::components::marks::severity_rank;
use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};
use std::cmp::Reverse;
use std::ops::Deref;

/// Where an incident may stand to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything that is not over.
    #[default]
    Open,
    /// Nobody has looked yet.
    New,
    /// Somebody has seen it.
    Acknowledged,
    /// Being worked on.
    Investigating,
    /// Handed upwards.
    Escalated,
    /// Over.
    Resolved,
    /// Everything.
    All,
}

impl Scope {
    /// Every choice, in the order offered.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::New,
        Self::Acknowledged,
        Self::Investigating,
        Self::Escalated,
        Self::Resolved,
        Self::All,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::New => "New",
            Self::Acknowledged => "Acknowledged",
            Self::Investigating => "Investigating",
            Self::Escalated => "Escalated",
            Self::Resolved => "Resolved",
            Self::All => "All",
        }
    }

    fn takes(self, status: Option<&IncidentStatus>) -> bool {
        let wanted = match self {
            Self::All => return true,
            Self::Open => return status != Some(&IncidentStatus::Resolved),
            Self::New => IncidentStatus::New,
            Self::Acknowledged => IncidentStatus::Acknowledged,
            Self::Investigating => IncidentStatus::Investigating,
            Self::Escalated => IncidentStatus::Escalated,
            Self::Resolved => IncidentStatus::Resolved,
        };
        status == Some(&wanted)
    }
}

/// What a person asked to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncidentFilter {
    /// Where it stands.
    pub scope: Scope,
    /// Of these severities; empty is every one.
    pub severities: Vec<Severity>,
    /// Part of title, id or assignee; letter case does not matter.
    pub text: String,
}

impl IncidentFilter {
    /// Whether it leaves something out that the default would show.
    pub fn narrows(&self) -> bool {
        !self.severities.is_empty() || !self.text.trim().is_empty() || self.scope != Scope::default()
    }

    fn takes_text(&self, needle: &str, incident: &Incident) -> bool {
        let has = |text: &str| text.to_lowercase().contains(needle);
        needle.is_empty()
            || has(&incident.id)
            || incident.title.as_deref().is_some_and(has)
            || incident.assigned_to.as_deref().is_some_and(has)
    }
}

/// How many incidents of each severity there are in the scope, critical first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts(pub [u32; 4]);

/// The severities people filter by, most urgent first.
pub const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// The incidents to show, most urgent first and the newest of equals first, and how many of each severity the scope
/// holds. The order rests on when an incident began, not on when it last changed: rows must not jump while they are
/// read.
pub fn arrange<I>(incidents: &[I], filter: &IncidentFilter) -> (Vec<I>, SeverityCounts)
where
    I: Deref<Target = Incident> + Clone,
{
    let needle = filter.text.trim().to_lowercase();
    let mut counts = SeverityCounts::default();
    let mut shown = Vec::new();
    for incident in incidents.iter().filter(|i| filter.scope.takes(i.status.as_ref())) {
        let which = SEVERITIES.iter().position(|s| Some(s) == incident.severity.as_ref());
        if let Some(count) = which.and_then(|which| counts.0.get_mut(which)) {
            *count += 1;
        }
        let severity = incident.severity.as_ref();
        let wanted = filter.severities.is_empty() || severity.is_some_and(|s| filter.severities.contains(s));
        if wanted && filter.takes_text(&needle, incident) {
            shown.push(incident.clone());
        }
    }
    shown.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.id.cmp(&b.id)));
    (shown, counts)
}

fn order(incident: &Incident) -> (bool, u8, Reverse<u64>) {
    let done = incident.status == Some(IncidentStatus::Resolved);
    let began = incident.created_at.or(incident.updated_at).unwrap_or(0);
    (done, severity_rank(incident.severity.as_ref()), Reverse(began))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn incident(id: &str, severity: Severity, status: IncidentStatus, at: u64) -> Rc<Incident> {
        let mut incident = Incident::new(id);
        incident.severity = Some(severity);
        incident.status = Some(status);
        incident.created_at = Some(at);
        incident.title = Some(format!("Title of {id}"));
        Rc::new(incident)
    }

    fn ids(list: &[Rc<Incident>]) -> Vec<&str> {
        list.iter().map(|i| i.id.as_str()).collect()
    }

    #[test]
    fn urgent_first_then_newest_and_resolved_last() {
        let all = [
            incident("old", Severity::High, IncidentStatus::New, 1),
            incident("low", Severity::Low, IncidentStatus::New, 9),
            incident("done", Severity::Critical, IncidentStatus::Resolved, 9),
            incident("new", Severity::High, IncidentStatus::Investigating, 5),
            incident("worst", Severity::Critical, IncidentStatus::New, 1),
        ];
        let (shown, counts) =
            arrange(&all, &IncidentFilter { scope: Scope::All, ..IncidentFilter::default() });
        assert_eq!(ids(&shown), ["worst", "new", "old", "low", "done"]);
        assert_eq!(counts.0, [2, 2, 0, 1]);
        let (shown, counts) = arrange(&all, &IncidentFilter::default());
        assert_eq!(shown.len(), 4);
        assert_eq!(counts.0, [1, 2, 0, 1]);
    }

    #[test]
    fn severity_and_text_narrow() {
        let all = [
            incident("a", Severity::High, IncidentStatus::New, 1),
            incident("b", Severity::Low, IncidentStatus::New, 2),
        ];
        let mut filter = IncidentFilter { severities: vec![Severity::Low], ..IncidentFilter::default() };
        assert_eq!(ids(&arrange(&all, &filter).0), ["b"]);
        filter = IncidentFilter { text: "TITLE OF A".into(), ..IncidentFilter::default() };
        assert_eq!(ids(&arrange(&all, &filter).0), ["a"]);
        // The counts tell what the severity chips would show, whatever is typed.
        assert_eq!(arrange(&all, &filter).1.0, [0, 1, 0, 1]);
    }
}
