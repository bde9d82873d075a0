//! What waits for a connection.

use super::history::Logged;
use sentinelops_protocol::Subject;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Items for which an empty queue keeps its memory.
const KEPT_ITEMS: usize = 16;

#[derive(Debug)]
pub(super) enum Item {
    /// An envelope ready to go; with the subscription it belongs to, if it dies with it.
    Text(String, Option<Subject>),
    Event(Subject, Arc<Logged>),
    /// Was conflated or unsubscribed.
    Gone,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    /// Number of the first item since the connection began.
    first: u64,
    bytes: usize,
    acks: Vec<String>,
    /// Where the last event of a conflation key stands.
    conflated: HashMap<(Subject, String), u64>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.acks.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn ack(&mut self, id: String) {
        self.bytes += id.len();
        self.acks.push(id);
    }

    /// How many acks wait.
    pub(super) fn acks(&self) -> usize {
        self.acks.len()
    }

    /// The ids acked first.
    pub(super) fn take_acks(&mut self, count: usize) -> Vec<String> {
        let ids: Vec<String> = self.acks.drain(..count).collect();
        self.bytes -= ids.iter().map(String::len).sum::<usize>();
        ids
    }

    pub(super) fn text(&mut self, text: String, subject: Option<Subject>) {
        self.bytes += text.len();
        self.items.push_back(Item::Text(text, subject));
    }

    pub(super) fn event(&mut self, subject: Subject, event: Arc<Logged>) {
        if let Some(key) = &event.conflate {
            let number = self.first + self.items.len() as u64;
            if let Some(old) = self.conflated.insert((subject.clone(), key.clone()), number) {
                self.remove(old);
            }
        }
        self.bytes += event.head.len();
        self.items.push_back(Item::Event(subject, event));
    }

    fn remove(&mut self, number: u64) {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(item) = at.and_then(|at| self.items.get_mut(at)) {
            self.bytes -= size(item);
            *item = Item::Gone;
        }
    }

    /// Drops what waits for a subscription that ends or starts over.
    pub(super) fn drop_subscription(&mut self, subject: &Subject) {
        for item in &mut self.items {
            if let Item::Text(_, Some(of)) | Item::Event(of, _) = item
                && of == subject
            {
                self.bytes -= size(item);
                *item = Item::Gone;
            }
        }
        self.conflated.retain(|(of, _), _| of != subject);
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.first += 1;
        self.bytes -= size(&item);
        if self.items.is_empty() {
            self.conflated = HashMap::new();
            if self.items.capacity() > KEPT_ITEMS {
                self.items = VecDeque::new();
            }
        }
        Some(item)
    }
}

fn size(item: &Item) -> usize {
    match item {
        Item::Text(text, _) => text.len(),
        Item::Event(_, event) => event.head.len(),
        Item::Gone => 0,
    }
}
