//! Own edits of incidents, shown before the server confirmed them.
//!
//! An edit is laid over the incident from the click on. It ends when the event it brought about
//! arrives (`cause`), when a fresh snapshot comes after its ack, when it failed, or some seconds
//! after an ack that nothing followed (the edit changed nothing).

use super::{IncidentEdit, IncidentRow, MessageId, SendState};
use sentinelops_engine::DeliveryState;
use sentinelops_protocol::domain::{Incident, IncidentPatch, IncidentStatus};
use std::rc::Rc;

/// How long an acked edit waits for its event, ms.
const ACKED_MS: u64 = 5_000;
/// How long a failed edit's state stays on its row, ms.
const FAILED_MS: u64 = 8_000;

struct Edit {
    id: MessageId,
    incident: String,
    changes: IncidentPatch,
    /// Of an `incident.create`: the incident before its fields, as long as the server has not shown it.
    base: Option<Rc<Incident>>,
    state: SendState,
    /// When it came into its final state.
    ended: Option<u64>,
    /// The incident with the edit laid over it, so that an unchanged row keeps its pointer.
    laid: std::cell::RefCell<Option<(Rc<Incident>, Rc<Incident>)>>,
}

/// All of them, oldest first.
#[derive(Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
    version: u64,
}

impl Edits {
    /// Changes whenever a row may look different.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn add(&mut self, id: MessageId, edit: &IncidentEdit) {
        self.add_over(id, edit, None);
    }

    /// A new incident, sent at this time (ms since the epoch).
    pub(crate) fn create(&mut self, id: MessageId, new: &IncidentEdit, at: u64) {
        let base = Incident {
            status: Some(IncidentStatus::New),
            created_at: Some(at),
            updated_at: Some(at),
            ..Incident::new(new.id())
        };
        self.add_over(id, new, Some(Rc::new(base)));
    }

    fn add_over(&mut self, id: MessageId, edit: &IncidentEdit, base: Option<Rc<Incident>>) {
        if self.edits.iter().any(|known| known.id == id) {
            return;
        }
        self.edits.push(Edit {
            id,
            incident: edit.id().to_owned(),
            changes: edit.changes().clone(),
            base,
            state: SendState::default(),
            ended: None,
            laid: Default::default(),
        });
        self.version += 1;
    }

    /// News of a message. `true`: it is one of these, rows look different now.
    pub(crate) fn update(&mut self, id: &MessageId, state: &SendState, now: u64) -> bool {
        let Some(edit) = self.edits.iter_mut().find(|edit| edit.id == *id) else { return false };
        edit.state = state.clone();
        edit.ended = state.is_final().then_some(now);
        self.version += 1;
        true
    }

    /// The event that this message brought about has arrived.
    pub(crate) fn confirmed(&mut self, cause: &str) -> bool {
        self.drop_where(|edit| edit.id.as_str() == cause)
    }

    /// Something happened to the incident. A basic server names no cause: what was handed over
    /// counts as seen by then.
    pub(crate) fn happened(&mut self, incident: &str) -> bool {
        self.drop_where(|edit| edit.incident == incident && edit.state.delivery == DeliveryState::HandedOver)
    }

    /// The server's whole state has arrived: it holds what was delivered before.
    pub(crate) fn snapshot(&mut self) -> bool {
        self.drop_where(|edit| edit.state.is_delivered())
    }

    /// Ends what waited long enough. `true`: something ended.
    pub(crate) fn expire(&mut self, now: u64) -> bool {
        self.drop_where(|edit| edit.due().is_some_and(|due| due <= now))
    }

    /// When [`Edits::expire`] has something to do.
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        self.edits.iter().filter_map(Edit::due).min()
    }

    fn drop_where(&mut self, over: impl Fn(&Edit) -> bool) -> bool {
        let before = self.edits.len();
        self.edits.retain(|edit| !over(edit));
        let changed = self.edits.len() != before;
        self.version += u64::from(changed);
        changed
    }

    /// The rows of own new incidents that the server has not shown yet.
    pub(crate) fn created(&self) -> impl Iterator<Item = IncidentRow> {
        self.edits.iter().filter_map(|edit| edit.base.as_ref()).map(|base| self.lay_over(base))
    }

    /// The row of an incident.
    pub(crate) fn lay_over(&self, incident: &Rc<Incident>) -> IncidentRow {
        let mut row = IncidentRow { incident: incident.clone(), edit: None };
        for edit in self.edits.iter().filter(|edit| edit.incident == incident.id) {
            row.edit = Some(edit.state.clone());
            if !edit.state.is_failed() || edit.base.is_some() {
                row.incident = edit.over(&row.incident);
            }
        }
        row
    }
}

impl Edit {
    fn due(&self) -> Option<u64> {
        match self.state.delivery {
            // Nothing will ever follow; it stays until something does happen.
            DeliveryState::HandedOver => None,
            DeliveryState::Delivered => self.ended.map(|at| at + ACKED_MS),
            _ => self.ended.map(|at| at + FAILED_MS),
        }
    }

    fn over(&self, base: &Rc<Incident>) -> Rc<Incident> {
        let mut laid = self.laid.borrow_mut();
        if let Some((under, over)) = &*laid
            && Rc::ptr_eq(under, base)
        {
            return over.clone();
        }
        let mut over = (**base).clone();
        over.apply(&self.changes);
        let over = Rc::new(over);
        *laid = Some((base.clone(), over.clone()));
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_engine::{Durability, FailReason};

    fn setup() -> (Edits, Rc<Incident>, MessageId) {
        let mut edits = Edits::default();
        let id = MessageId::from("m1");
        edits.add(id.clone(), &IncidentEdit::new("i1").status(IncidentStatus::Resolved));
        (edits, Rc::new(Incident::new("i1")), id)
    }

    fn state(delivery: DeliveryState) -> SendState {
        SendState { durability: Durability::Durable, delivery }
    }

    #[test]
    fn shown_at_once_and_ended_by_its_cause() {
        let (mut edits, incident, id) = setup();
        let row = edits.lay_over(&incident);
        assert_eq!(row.status, Some(IncidentStatus::Resolved));
        assert_eq!(row.edit, Some(SendState::default()));
        assert!(Rc::ptr_eq(&row.incident, &edits.lay_over(&incident).incident), "the pointer is kept");
        assert!(edits.update(&id, &state(DeliveryState::Delivered), 10));
        assert_eq!(edits.lay_over(&incident).status, Some(IncidentStatus::Resolved));
        assert!(!edits.confirmed("other"));
        assert!(edits.confirmed("m1"));
        assert_eq!(edits.lay_over(&incident), IncidentRow { incident, edit: None });
    }

    #[test]
    fn a_refused_edit_is_taken_back_and_said() {
        let (mut edits, incident, id) = setup();
        edits.update(&id, &state(DeliveryState::Failed(FailReason::Discarded)), 10);
        let row = edits.lay_over(&incident);
        assert_eq!(row.status, None);
        assert!(row.edit.is_some_and(|state| state.is_failed()));
        assert_eq!(edits.next_expiry(), Some(10 + FAILED_MS));
        assert!(edits.expire(10 + FAILED_MS));
        assert_eq!(edits.lay_over(&incident).edit, None);
    }

    #[test]
    fn an_acked_edit_that_nothing_follows_ends() {
        let (mut edits, incident, id) = setup();
        edits.update(&id, &state(DeliveryState::Delivered), 10);
        assert!(!edits.expire(10 + ACKED_MS - 1));
        assert!(edits.expire(10 + ACKED_MS));
        assert_eq!(edits.lay_over(&incident).edit, None);
    }

    #[test]
    fn handed_over_stays_until_something_happens() {
        let (mut edits, incident, id) = setup();
        edits.update(&id, &state(DeliveryState::HandedOver), 10);
        assert_eq!(edits.next_expiry(), None);
        assert!(!edits.happened("i2"));
        assert!(edits.happened("i1"));
        assert_eq!(edits.lay_over(&incident).edit, None);
    }

    #[test]
    fn a_new_incident_is_there_at_once_with_what_is_changed_of_it() {
        let mut edits = Edits::default();
        edits.create("m1".into(), &IncidentEdit::new("i1").title("Disk full"), 7);
        edits.add("m2".into(), &IncidentEdit::new("i1").status(IncidentStatus::Investigating));
        let rows: Vec<_> = edits.created().collect();
        assert_eq!(
            (rows.len(), rows[0].title.as_deref(), rows[0].created_at),
            (1, Some("Disk full"), Some(7))
        );
        assert_eq!(rows[0].status, Some(IncidentStatus::Investigating));
        edits.update(&"m1".into(), &state(DeliveryState::Failed(FailReason::Discarded)), 10);
        assert_eq!(edits.created().next().and_then(|row| row.title.clone()).as_deref(), Some("Disk full"));
        edits.confirmed("m1");
        assert_eq!(edits.created().count(), 0);
    }

    #[test]
    fn a_snapshot_ends_what_was_delivered_only() {
        let (mut edits, _, id) = setup();
        assert!(!edits.snapshot());
        edits.update(&id, &state(DeliveryState::Delivered), 10);
        assert!(edits.snapshot());
    }
}
