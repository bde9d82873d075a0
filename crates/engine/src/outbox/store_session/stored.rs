//! What the store holds of each message, and which messages it holds differently than wanted.
//!
//! What is wanted is not kept here: it stands in the queue, in the pending removals and in the failed list. A change only
//! marks its message. A transaction is made of what is wanted when it begins, so that several changes of a message are
//! one, and all that the store holds of a message changes in one transaction: a durable message that is nowhere counts as
//! delivered.

use crate::{FailedRow, Row, StoreOp};
use sentinelops_protocol::Priority;
use std::collections::HashMap;

/// What the store should hold of a message.
pub(in crate::outbox) enum Wanted {
    Row(Row),
    /// An entry of the failed list, and no row.
    Failed(FailedRow),
    /// Nothing; also not this row, which may lie there although that is not known.
    Nothing(Option<Place>),
}

/// Where a row lies: its priority and order.
pub(in crate::outbox) type Place = (Priority, u64);

/// What is known of a message.
#[derive(Debug, Default)]
struct StoredMessage {
    /// Its stored rows, and whether they have the possibly-sent flag. One at most, unless an earlier build left two.
    rows: Vec<(Place, bool)>,
    /// The failed list has it.
    listed: bool,
    /// Place among the changes, from the first one that is not stored yet; 0: there is none.
    ticket: u64,
}

#[derive(Debug, Default)]
pub(in crate::outbox) struct Stored {
    known: HashMap<String, StoredMessage>,
    /// Messages to be written, by ticket.
    changed: Line,
    /// Messages that could not be written, by ticket: they wait for the next retry.
    refused: Line,
    tickets: u64,
}

/// Messages in the order of their tickets. New ones are nearly always the last, so a list does.
#[derive(Debug, Default)]
struct Line(Vec<(u64, String)>);

impl Line {
    fn find(&self, ticket: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&ticket, |(ticket, _)| *ticket)
    }

    fn has(&self, ticket: u64) -> bool {
        self.find(ticket).is_ok()
    }

    fn add(&mut self, ticket: u64, id: &str) {
        if let Err(at) = self.find(ticket) {
            self.0.insert(at, (ticket, id.to_owned()));
        }
    }

    fn remove(&mut self, ticket: u64) {
        if let Ok(at) = self.find(ticket) {
            self.0.remove(at);
        }
    }
}

impl Stored {
    // Changes.

    /// The store may hold it differently than wanted.
    pub fn mark(&mut self, id: &str) {
        let ticket = self.ticket(id);
        self.refused.remove(ticket);
        self.changed.add(ticket, id);
    }

    /// A change of it comes behind all others, as if it were the first.
    pub fn put_last(&mut self, id: &str) {
        if let Some(message) = self.known.get_mut(id) {
            self.changed.remove(message.ticket);
            self.refused.remove(message.ticket);
            message.ticket = 0;
        }
    }

    /// It cannot be written now.
    pub fn refuse(&mut self, id: &str) {
        let ticket = self.ticket(id);
        self.changed.remove(ticket);
        self.refused.add(ticket, id);
    }

    /// What could not be written is tried again.
    pub fn retry_refused(&mut self) {
        for (ticket, id) in std::mem::take(&mut self.refused.0) {
            self.changed.add(ticket, &id);
        }
    }

    fn ticket(&mut self, id: &str) -> u64 {
        let next = self.tickets + 1;
        let message = self.known_mut(id);
        if message.ticket > 0 {
            return message.ticket;
        }
        message.ticket = next;
        self.tickets = next;
        next
    }

    fn known_mut(&mut self, id: &str) -> &mut StoredMessage {
        self.known.entry(id.to_owned()).or_default()
    }

    // Getters.

    /// Whether it was changed since it was last written.
    pub fn is_marked(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|message| self.changed.has(message.ticket))
    }

    /// Messages that could not be written.
    pub fn refused(&self) -> impl Iterator<Item = &String> {
        self.refused.0.iter().map(|(_, id)| id)
    }

    /// Whether nothing waits for a transaction.
    pub fn is_all_written(&self) -> bool {
        self.changed.0.is_empty()
    }

    /// Whether the failed list has it as it is here.
    pub fn is_listed_as_wanted(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|message| message.listed && message.ticket == 0)
    }

    /// Whether the failed list has it.
    pub fn is_listed(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|message| message.listed)
    }

    /// Whether any row of it is stored.
    pub fn has_row(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|message| !message.rows.is_empty())
    }

    /// The possibly-sent flag of the row that is stored in this place; `None`: there is none.
    pub fn flag_of(&self, row: &Row) -> Option<bool> {
        let rows = &self.known.get(&row.id)?.rows;
        rows.iter().find(|(place, _)| *place == place_of(row)).map(|(_, flagged)| *flagged)
    }

    /// The order of a stored row of this message and priority.
    pub fn order_of(&self, row: &Row) -> Option<u64> {
        let rows = &self.known.get(&row.id)?.rows;
        rows.iter().find(|((priority, _), _)| *priority == row.priority).map(|((_, order), _)| *order)
    }

    // The store.

    /// Whether anything is known of the message.
    pub fn knows(&self, id: &str) -> bool {
        self.known.contains_key(id)
    }

    pub fn found_row(&mut self, row: &Row) {
        let rows = &mut self.known_mut(&row.id).rows;
        rows.retain(|(place, _)| *place != place_of(row));
        rows.push((place_of(row), row.possibly_sent));
    }

    pub fn found_listed(&mut self, id: &str) {
        self.known_mut(id).listed = true;
    }

    /// Takes at most this many changed messages that lack something in the store, and what is to be done about them.
    pub fn take(&mut self, most: usize, wanted: &dyn Fn(&str) -> Wanted) -> (Vec<String>, Vec<StoreOp>) {
        let (mut ids, mut ops) = (Vec::new(), Vec::new());
        let mut changed = std::mem::take(&mut self.changed.0).into_iter();
        while ids.len() < most
            && let Some((_, id)) = changed.next()
        {
            let before = ops.len();
            self.write(&mut ops, &id, wanted(&id));
            if ops.len() > before {
                ids.push(id);
            } else {
                self.written(&id);
            }
        }
        self.changed = Line(changed.collect());
        (ids, ops)
    }

    /// From what the store holds of a message to what it should hold.
    fn write(&self, ops: &mut Vec<StoreOp>, id: &str, wanted: Wanted) {
        let Some(message) = self.known.get(id) else { return };
        let mut over: Vec<Place> = message.rows.iter().map(|(place, _)| *place).collect();
        let mut listed = message.listed;
        match wanted {
            Wanted::Row(row) => {
                over.retain(|place| *place != place_of(&row));
                ops.push(StoreOp::Put(row));
            }
            Wanted::Failed(row) => {
                listed = false;
                ops.push(StoreOp::PutFailed(row));
            }
            Wanted::Nothing(place) => {
                over.extend(place.filter(|place| message.rows.iter().all(|(known, _)| known != place)))
            }
        }
        let delete = |(priority, order)| StoreOp::Delete { priority, order, id: id.to_owned() };
        ops.extend(over.into_iter().map(delete));
        if listed {
            ops.push(StoreOp::DeleteFailed { id: id.to_owned() });
        }
    }

    /// These changes are stored.
    pub fn committed(&mut self, ids: &[String], ops: &[StoreOp]) {
        for op in ops {
            match op {
                StoreOp::Put(row) => self.found_row(row),
                StoreOp::PutFailed(failed) => self.found_listed(&failed.row.id),
                StoreOp::Delete { priority, order, id } => {
                    if let Some(message) = self.known.get_mut(id) {
                        message.rows.retain(|(place, _)| *place != (*priority, *order));
                    }
                }
                StoreOp::DeleteFailed { id } => {
                    if let Some(message) = self.known.get_mut(id) {
                        message.listed = false;
                    }
                }
                StoreOp::PutMeta(_) => {}
            }
        }
        ids.iter().for_each(|id| self.written(id));
    }

    /// It was written as it is wanted, unless it was changed again since.
    fn written(&mut self, id: &str) {
        let Some(message) = self.known.get_mut(id) else { return };
        if self.changed.has(message.ticket) || self.refused.has(message.ticket) {
            return;
        }
        message.ticket = 0;
        if message.rows.is_empty() && !message.listed {
            self.known.remove(id);
        }
    }
}

pub(in crate::outbox) fn place_of(row: &Row) -> Place {
    (row.priority, row.order)
}
