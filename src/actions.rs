//! What a person does to an incident, and how it is undone. Pure.

use sentinelops_protocol::domain::{Incident, IncidentPatch, IncidentStatus, Patch, TimelineEntry};
use sentinelops_realtime::IncidentEdit;
use std::rc::Rc;

/// One thing a person does to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Somebody has seen it.
    Acknowledge,
    /// Somebody works on it.
    Investigate,
    /// Hand it upwards.
    Escalate,
    /// It is over.
    Resolve,
    /// It is not over.
    Reopen,
    /// Assign it to this person, the one at this page; acknowledges what is new.
    Take(String),
    /// Assign it to this person.
    Assign(String),
    /// Assign it to nobody.
    Unassign,
}

impl Action {
    /// The status it leads to, where it leads to one from `now`.
    fn status(&self, now: Option<&IncidentStatus>) -> Option<IncidentStatus> {
        match self {
            Self::Acknowledge => Some(IncidentStatus::Acknowledged),
            Self::Investigate | Self::Reopen => Some(IncidentStatus::Investigating),
            Self::Escalate => Some(IncidentStatus::Escalated),
            Self::Resolve => Some(IncidentStatus::Resolved),
            Self::Take(_) if now == Some(&IncidentStatus::New) => Some(IncidentStatus::Acknowledged),
            Self::Take(_) | Self::Assign(_) | Self::Unassign => None,
        }
    }

    /// Whether it makes sense now. Nothing leads backwards but [`Action::Reopen`].
    pub fn is_offered(&self, incident: &Incident) -> bool {
        use IncidentStatus::{Acknowledged, Escalated, Investigating, Resolved};
        match (self, &incident.status) {
            (Self::Assign(who), _) => incident.assigned_to.as_ref() != Some(who),
            (Self::Unassign, _) => incident.assigned_to.is_some(),
            (Self::Reopen, status) => *status == Some(Resolved),
            (_, Some(Resolved)) => false,
            (Self::Take(me), status) => {
                incident.assigned_to.as_ref() != Some(me) || *status == Some(IncidentStatus::New)
            }
            (Self::Acknowledge, status) => !matches!(status, Some(Acknowledged | Investigating | Escalated)),
            (Self::Investigate, status) => *status != Some(Investigating),
            (Self::Escalate, status) => *status != Some(Escalated),
            (Self::Resolve, _) => true,
        }
    }

    /// What is sent.
    pub fn edit(&self, incident: &Incident) -> IncidentEdit {
        let edit = IncidentEdit::new(&*incident.id);
        let edit = match self.status(incident.status.as_ref()) {
            Some(status) => edit.status(status),
            None => edit,
        };
        match self {
            Self::Take(who) | Self::Assign(who) => edit.assigned_to(&**who),
            Self::Unassign => edit.unassign(),
            _ => edit,
        }
    }
}

/// Something that was done and may be undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What.
    pub action: Action,
    /// The incident before it.
    pub before: Rc<Incident>,
    changes: IncidentPatch,
}

impl Done {
    /// `action` was done to `before`.
    pub fn new(action: Action, before: Rc<Incident>) -> Self {
        let changes = action.edit(&before).changes().clone();
        Self { action, before, changes }
    }

    /// The edit that takes it back, given the incident as it stands now. `None`: somebody changed meanwhile what it
    /// would take back.
    pub fn inverse(&self, now: &Incident) -> Option<IncidentEdit> {
        let mut after = (*self.before).clone();
        after.apply(&self.changes);
        let (of_status, of_assignee) =
            (self.changes.status != Patch::Keep, self.changes.assigned_to != Patch::Keep);
        if of_status && now.status != after.status || of_assignee && now.assigned_to != after.assigned_to {
            return None;
        }
        let mut edit = IncidentEdit::new(&*self.before.id);
        if let Some(status) = self.before.status.clone().filter(|_| of_status) {
            edit = edit.status(status);
        }
        Some(match &self.before.assigned_to {
            Some(who) if of_assignee => edit.assigned_to(&**who),
            None if of_assignee => edit.unassign(),
            _ => edit,
        })
    }

    /// Who changed last what this one changed, from the incident's timeline, oldest entry first.
    pub fn changed_by<'a>(&self, timeline: &'a [Rc<TimelineEntry>]) -> Option<&'a str> {
        let touches = |entry: &TimelineEntry| {
            self.changes.status != Patch::Keep && entry.status.is_some()
                || self.changes.assigned_to != Patch::Keep && entry.assigned_to != Patch::Keep
        };
        timeline.iter().rev().find(|entry| touches(entry)).map(|entry| &*entry.actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(status: IncidentStatus, who: Option<&str>) -> Incident {
        let mut incident = Incident::new("inc-1");
        incident.status = Some(status);
        incident.assigned_to = who.map(str::to_owned);
        incident
    }

    fn after(edit: &IncidentEdit, incident: &Incident) -> Incident {
        let mut after = incident.clone();
        after.apply(edit.changes());
        after
    }

    #[test]
    fn take_assigns_and_acknowledges_what_is_new_only() {
        let take = Action::Take("ann".to_owned());
        for (status, expected) in [
            (IncidentStatus::New, IncidentStatus::Acknowledged),
            (IncidentStatus::Investigating, IncidentStatus::Investigating),
        ] {
            let before = incident(status, Some("bob"));
            assert_eq!(after(&take.edit(&before), &before), incident(expected, Some("ann")));
        }
        assert!(!take.is_offered(&incident(IncidentStatus::Acknowledged, Some("ann"))));
        assert!(take.is_offered(&incident(IncidentStatus::New, Some("ann"))));
        assert!(!take.is_offered(&incident(IncidentStatus::Resolved, None)));
    }

    #[test]
    fn undo_restores_what_was_touched_and_nothing_else() {
        let before = incident(IncidentStatus::New, None);
        for action in [
            Action::Acknowledge,
            Action::Resolve,
            Action::Escalate,
            Action::Take("ann".to_owned()),
            Action::Assign("bob".to_owned()),
        ] {
            let done = Done::new(action.clone(), before.clone().into());
            let mut now = after(&action.edit(&before), &before);
            // Somebody changed something else.
            now.title = Some("Other".to_owned());
            let inverse = done.inverse(&now).expect("nothing stands against it");
            assert_eq!(
                after(&inverse, &now),
                Incident { title: now.title.clone(), ..before.clone() },
                "{action:?}"
            );
        }
    }

    #[test]
    fn undo_is_refused_when_somebody_changed_the_same() {
        let before = incident(IncidentStatus::New, None);
        let done = Done::new(Action::Acknowledge, before.clone().into());
        assert_eq!(done.inverse(&incident(IncidentStatus::Resolved, None)), None);
        assert!(done.inverse(&incident(IncidentStatus::Acknowledged, Some("bob"))).is_some());
        let taken = Done::new(Action::Take("ann".to_owned()), before.into());
        assert_eq!(taken.inverse(&incident(IncidentStatus::Acknowledged, Some("bob"))), None);
    }

    #[test]
    fn timeline_says_who_changed_it() {
        let entry = |actor: &str, status: Option<IncidentStatus>, who: Patch<String>| {
            Rc::new(TimelineEntry {
                id: String::new(),
                incident_id: "inc-1".to_owned(),
                actor: actor.to_owned(),
                action: sentinelops_protocol::domain::TimelineAction::Changed,
                timestamp: 0,
                status,
                severity: None,
                assigned_to: who,
                alert_id: None,
                title: None,
                extra: None,
            })
        };
        let timeline = [
            entry("ann", Some(IncidentStatus::Acknowledged), Patch::Keep),
            entry("jonas", Some(IncidentStatus::Resolved), Patch::Keep),
            entry("mia", None, Patch::Set("mia".to_owned())),
        ];
        let of = |action| Done::new(action, incident(IncidentStatus::New, None).into());
        assert_eq!(of(Action::Acknowledge).changed_by(&timeline), Some("jonas"));
        assert_eq!(of(Action::Unassign).changed_by(&timeline), Some("mia"));
        assert_eq!(of(Action::Resolve).changed_by(&[]), None);
    }
}
