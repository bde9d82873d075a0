//! What a person does to an incident, and how it is undone. Pure.

use sentinelops_protocol::domain::{Incident, IncidentPatch, IncidentStatus, Patch, TimelineEntry};
use sentinelops_realtime::{IncidentEdit, MessageId};
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
    /// The message that did it.
    pub sent: MessageId,
    changes: IncidentPatch,
    /// States that the server goes through if only this person changes it, oldest first; the last one is after `action`.
    expected: Vec<Rc<Incident>>,
}

/// So many states are expected at most: of those that came just before, some may be on their way.
const EXPECTED_MAX: usize = 12;

impl Done {
    /// `action` was done to `before`, which is what the page showed, by the message `sent`. `confirmed`: the incident as
    /// the server had it then. `earlier`: what this person did last.
    pub fn new(
        action: Action,
        before: Rc<Incident>,
        sent: MessageId,
        confirmed: Option<Rc<Incident>>,
        earlier: Option<&Done>,
    ) -> Self {
        let changes = action.edit(&before).changes().clone();
        let mut after = (*before).clone();
        after.apply(&changes);
        let earlier = earlier.filter(|earlier| earlier.before.id == before.id);
        let mut expected = earlier.map(|earlier| earlier.expected.clone()).unwrap_or_default();
        expected.extend(confirmed);
        expected.extend([before.clone(), Rc::new(after)]);
        expected.drain(..expected.len().saturating_sub(EXPECTED_MAX));
        Self { action, before, sent, changes, expected }
    }

    /// The edit that takes it back, given the incident as the page shows it now, and as the server has it. `None`:
    /// somebody changed meanwhile what it would take back. An own edit that is not confirmed hides that on the page.
    pub fn inverse(&self, now: &Incident, confirmed: Option<&Incident>) -> Option<IncidentEdit> {
        let (of_status, of_assignee) =
            (self.changes.status != Patch::Keep, self.changes.assigned_to != Patch::Keep);
        let is_same = |one: &Incident, other: &Incident| {
            (!of_status || one.status == other.status)
                && (!of_assignee || one.assigned_to == other.assigned_to)
        };
        let is_expected = |confirmed| self.expected.iter().any(|expected| is_same(expected, confirmed));
        if !self.expected.last().is_some_and(|after| is_same(after, now))
            || !confirmed.is_none_or(is_expected)
        {
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

    /// Who else changed last what this one changed, from the incident's timeline, oldest entry first. `me`: the person
    /// at this page.
    pub fn changed_by<'a>(&self, timeline: &'a [Rc<TimelineEntry>], me: Option<&str>) -> Option<&'a str> {
        let touches = |entry: &TimelineEntry| {
            self.changes.status != Patch::Keep && entry.status.is_some()
                || self.changes.assigned_to != Patch::Keep && entry.assigned_to != Patch::Keep
        };
        // Both by the server's clock.
        let is_later = |entry: &TimelineEntry| self.before.updated_at.is_none_or(|at| entry.timestamp > at);
        let others = timeline.iter().rev().filter(|entry| me != Some(&*entry.actor) && is_later(entry));
        others.into_iter().find(|entry| touches(entry)).map(|entry| &*entry.actor)
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

    fn done(action: Action, before: &Incident) -> Done {
        let before = Rc::new(before.clone());
        Done::new(action, before.clone(), "m".into(), Some(before), None)
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
            let done = done(action.clone(), &before);
            let mut now = after(&action.edit(&before), &before);
            // Somebody changed something else.
            now.title = Some("Other".to_owned());
            let inverse = done.inverse(&now, Some(&now)).expect("nothing stands against it");
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
        let acknowledged = done(Action::Acknowledge, &before);
        assert_eq!(acknowledged.inverse(&incident(IncidentStatus::Resolved, None), None), None);
        assert!(acknowledged.inverse(&incident(IncidentStatus::Acknowledged, Some("bob")), None).is_some());
        let taken = done(Action::Take("ann".to_owned()), &before);
        assert_eq!(taken.inverse(&incident(IncidentStatus::Acknowledged, Some("bob")), None), None);
    }

    #[test]
    fn undo_is_refused_when_an_own_edit_hides_what_somebody_changed() {
        let before = incident(IncidentStatus::New, None);
        let acknowledged = done(Action::Acknowledge, &before);
        let shown = incident(IncidentStatus::Acknowledged, None);
        let by = |confirmed: &Incident| acknowledged.inverse(&shown, Some(confirmed));
        assert!(by(&before).is_some() && by(&shown).is_some(), "on its way, or confirmed");
        assert_eq!(by(&incident(IncidentStatus::Investigating, None)), None);
        assert!(by(&incident(IncidentStatus::New, Some("bob"))).is_some(), "something else");

        // Three in a row, and the server has the first of them.
        let one = done(Action::Investigate, &shown);
        let one = Done { expected: [acknowledged.expected, one.expected].concat(), ..one };
        let shown = Rc::new(incident(IncidentStatus::Investigating, None));
        let two = Done::new(Action::Resolve, shown, "m".into(), Some(before.into()), Some(&one));
        let resolved = incident(IncidentStatus::Resolved, None);
        assert!(two.inverse(&resolved, Some(&incident(IncidentStatus::Acknowledged, None))).is_some());
        assert_eq!(two.inverse(&resolved, Some(&incident(IncidentStatus::Escalated, None))), None);
    }

    #[test]
    fn timeline_says_who_changed_it() {
        let entry = |timestamp, actor: &str, status: Option<IncidentStatus>, who: Patch<String>| {
            Rc::new(TimelineEntry {
                id: String::new(),
                incident_id: "inc-1".to_owned(),
                actor: actor.to_owned(),
                action: sentinelops_protocol::domain::TimelineAction::Changed,
                timestamp,
                status,
                severity: None,
                assigned_to: who,
                alert_id: None,
                title: None,
                extra: None,
            })
        };
        let timeline = [
            entry(10, "bob", Some(IncidentStatus::New), Patch::Set("bob".to_owned())),
            entry(20, "jonas", Some(IncidentStatus::Resolved), Patch::Keep),
            entry(30, "ann", Some(IncidentStatus::Acknowledged), Patch::Keep),
        ];
        let mut before = incident(IncidentStatus::New, None);
        before.updated_at = Some(10);
        let by = |action, me| done(action, &before).changed_by(&timeline, me);
        assert_eq!(by(Action::Acknowledge, Some("ann")), Some("jonas"));
        assert_eq!(by(Action::Acknowledge, None), Some("ann"));
        assert_eq!(by(Action::Unassign, Some("ann")), None, "it was before");
        assert_eq!(done(Action::Resolve, &before).changed_by(&[], None), None);
    }
}
