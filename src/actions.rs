//! What a person does to an incident, and how it is undone. Pure.

use sentinelops_protocol::domain::{Activity, Incident, IncidentPatch, IncidentStatus, Patch, TimelineEntry};
use sentinelops_realtime::{IncidentEdit, MessageId};
use std::collections::BTreeMap;
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

    /// The entry of somebody else who changed last what this one changed, from the incident's timeline, oldest entry
    /// first. `me`: the person at this page.
    pub fn changed_by<'a>(
        &self,
        timeline: &'a [Rc<TimelineEntry>],
        me: Option<&str>,
    ) -> Option<&'a TimelineEntry> {
        self.since(timeline).into_iter().rev().find(|entry| me != Some(&*entry.actor))
    }

    /// What somebody else made of the same before this one reached the server, unseen by `me`, the person at this page;
    /// and how long before, ms. No time: this one has not reached the server yet, or found nothing left to change.
    pub fn overtaken_by<'a>(
        &self,
        timeline: &'a [Rc<TimelineEntry>],
        me: &str,
    ) -> Option<(&'a TimelineEntry, Option<u64>)> {
        // Without a time of the server nobody knows what the person had seen.
        self.before.updated_at?;
        let since = self.since(timeline);
        let own = since.iter().position(|entry| entry.actor == me && self.did(entry));
        let before = &since[..own.unwrap_or(since.len())];
        let other = before.iter().rev().find(|entry| entry.actor != me).filter(|entry| !self.saw(entry))?;
        Some((other, own.map(|own| since[own].timestamp.saturating_sub(other.timestamp))))
    }

    /// Entries about what this one changed, later than what the person had seen; oldest first.
    fn since<'a>(&self, timeline: &'a [Rc<TimelineEntry>]) -> Vec<&'a TimelineEntry> {
        let touches = |entry: &TimelineEntry| {
            self.changes.status != Patch::Keep && entry.status.is_some()
                || self.changes.assigned_to != Patch::Keep && entry.assigned_to != Patch::Keep
        };
        // Both by the server's clock.
        let is_later = |entry: &TimelineEntry| self.before.updated_at.is_none_or(|at| entry.timestamp > at);
        timeline.iter().map(|entry| &**entry).filter(|entry| is_later(entry) && touches(entry)).collect()
    }

    /// Whether an entry leads to what the person saw: clocks of those who report incidents may be behind the server's.
    fn saw(&self, entry: &TimelineEntry) -> bool {
        let who = match &entry.assigned_to {
            Patch::Keep => true,
            Patch::Clear => self.before.assigned_to.is_none(),
            Patch::Set(who) => self.before.assigned_to.as_ref() == Some(who),
        };
        who && (entry.status.is_none() || entry.status == self.before.status)
    }

    /// Whether an entry says what this one made of the incident.
    fn did(&self, entry: &TimelineEntry) -> bool {
        let status =
            matches!((&self.changes.status, &entry.status), (Patch::Set(to), Some(now)) if to == now);
        status || self.changes.assigned_to != Patch::Keep && self.changes.assigned_to == entry.assigned_to
    }
}

/// Those whose incident somebody else worked on before the person saw it, by the activity of everybody; at most `most`,
/// and how many there are. `me`: the person at this page.
pub fn contested<'a>(
    all: &'a [Done],
    activities: &[Rc<Activity>],
    me: &str,
    most: usize,
) -> (Vec<&'a Done>, usize) {
    let mut others = BTreeMap::<&str, u64>::new();
    // Its beginning is no work on it, and may bear the time of who reported it.
    let is_work = |activity: &&Rc<Activity>| activity.actor != me && activity.action != "created";
    for activity in activities.iter().filter(is_work) {
        if let Some(target) = &activity.target {
            let latest = others.entry(target).or_default();
            *latest = activity.timestamp.max(*latest);
        }
    }
    let is_contested = |done: &&Done| {
        let other = others.get(&*done.before.id);
        other.zip(done.before.updated_at).is_some_and(|(other, seen)| *other > seen)
    };
    let contested = all.iter().filter(is_contested);
    (contested.clone().take(most).collect(), contested.count())
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

    fn entry(
        timestamp: u64,
        actor: &str,
        status: Option<IncidentStatus>,
        who: Patch<String>,
    ) -> Rc<TimelineEntry> {
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
    }

    #[test]
    fn timeline_says_who_changed_it() {
        let timeline = [
            entry(10, "bob", Some(IncidentStatus::New), Patch::Set("bob".to_owned())),
            entry(20, "jonas", Some(IncidentStatus::Resolved), Patch::Keep),
            entry(30, "ann", Some(IncidentStatus::Acknowledged), Patch::Keep),
        ];
        let mut before = incident(IncidentStatus::New, None);
        before.updated_at = Some(10);
        let by = |action, me| done(action, &before).changed_by(&timeline, me).map(|entry| &*entry.actor);
        assert_eq!(by(Action::Acknowledge, Some("ann")), Some("jonas"));
        assert_eq!(by(Action::Acknowledge, None), Some("ann"));
        assert_eq!(by(Action::Unassign, Some("ann")), None, "it was before");
        assert_eq!(done(Action::Resolve, &before).changed_by(&[], None), None);
    }

    #[test]
    fn who_was_faster_is_told_with_the_time_between() {
        use IncidentStatus::{Acknowledged, Investigating, Resolved};
        let mut before = incident(IncidentStatus::New, None);
        before.updated_at = Some(10);
        let entry = |at, actor, status| entry(at, actor, Some(status), Patch::Keep);
        let by = |action, timeline: &[Rc<TimelineEntry>]| {
            done(action, &before).overtaken_by(timeline, "ann").map(|(entry, ms)| (entry.timestamp, ms))
        };
        let (bob, own) = (entry(20, "bob", Resolved), entry(24, "ann", Acknowledged));
        assert_eq!(by(Action::Acknowledge, &[bob.clone(), own.clone()]), Some((20, Some(4))));
        assert_eq!(
            by(Action::Acknowledge, &[own.clone(), entry(30, "bob", Resolved)]),
            None,
            "ann was faster"
        );
        assert_eq!(
            by(Action::Acknowledge, &[entry(10, "bob", Investigating), own.clone()]),
            None,
            "ann saw it"
        );
        assert_eq!(
            by(Action::Acknowledge, std::slice::from_ref(&bob)),
            Some((20, None)),
            "not sent yet, or the same"
        );
        assert_eq!(by(Action::Assign("cy".to_owned()), &[bob.clone(), own.clone()]), None, "something else");
        assert_eq!(by(Action::Acknowledge, &[entry(20, "api", IncidentStatus::New)]), None, "what ann saw");
        // An own step of before is not this one.
        let timeline = [own, bob, entry(30, "ann", Investigating)];
        assert_eq!(by(Action::Investigate, &timeline), Some((20, Some(10))));
        before.updated_at = None;
        assert_eq!(done(Action::Investigate, &before).overtaken_by(&timeline, "ann"), None, "nobody knows");
    }

    #[test]
    fn those_that_others_worked_on_meanwhile_are_contested() {
        let activity = |actor: &str, target: &str, timestamp| {
            Rc::new(Activity {
                id: String::new(),
                actor: actor.to_owned(),
                action: "updated".to_owned(),
                target: Some(target.to_owned()),
                timestamp,
                extra: None,
            })
        };
        let all: Vec<_> = ["a", "b", "c", "d"]
            .map(|id| {
                let mut before = Incident::new(id);
                before.updated_at = Some(10);
                done(Action::Resolve, &before)
            })
            .into();
        let activities = [
            activity("bob", "b", 20),
            activity("bob", "b", 5),
            activity("bob", "d", 11),
            activity("bob", "a", 10),
            activity("ann", "c", 20),
            Rc::new(Activity { action: "created".to_owned(), ..(*activity("api", "c", 20)).clone() }),
        ];
        let found = |most| {
            let (first, count) = contested(&all, &activities, "ann", most);
            (first.into_iter().map(|done| done.before.id.clone()).collect::<Vec<_>>(), count)
        };
        assert_eq!(found(3), (vec!["b".to_owned(), "d".to_owned()], 2));
        assert_eq!(found(1), (vec!["b".to_owned()], 2));
    }
}
