//! The fold: the bounded state of one (channel, topic), built from its events.
//!
//! A cursor is worth something only together with the state up to it, so the two live side by side
//! in `subscriptions`. Every snapshot a consumer gets is read from here.

use sentinelops_protocol::domain::{Incident, Receipt, ReceiptKind};
use sentinelops_protocol::{Channel, Event, Payload};
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::rc::Rc;

/// Most keys of a keyed channel, and most receipts; the one untouched for longest goes. Pages keep the same.
pub const MAX_KEYS: usize = 10_000;
/// Most messages of chat and activity; the oldest goes.
pub(crate) const MAX_RECENT: usize = 1_000;

/// The state of one subscription.
#[derive(Clone, Debug)]
pub(crate) enum Fold {
    /// Incidents, agents, alerts: the last state of each key.
    Keyed(LastByKey<String>),
    /// Figures: only the last of them counts.
    Latest(Option<Rc<Event>>),
    /// Chat, activity: the newest events, and receipts as watermarks.
    Recent { events: VecDeque<Rc<Event>>, receipts: LastByKey<ReceiptKey> },
}

/// Conversation, user, and the kind of the receipt.
type ReceiptKey = (String, String, ReceiptKind);

impl Fold {
    pub fn new(channel: Channel) -> Self {
        match channel {
            Channel::Incidents | Channel::Agents | Channel::Alerts => Self::Keyed(LastByKey::default()),
            Channel::Stats => Self::Latest(None),
            Channel::Chat | Channel::Activity | Channel::Timeline | Channel::System => {
                Self::Recent { events: VecDeque::new(), receipts: LastByKey::default() }
            }
        }
    }

    /// Takes an event in; `true` when a key or message fell out, because there were too many. Typing and unknown
    /// kinds leave no trace.
    pub fn apply(&mut self, event: &Rc<Event>) -> bool {
        match (self, &event.payload) {
            (Self::Keyed(state), Payload::Incident(change)) => {
                state.put(change.incident_id.as_str(), event, |incident| {
                    let mut incident =
                        incident.unwrap_or_else(|| Box::new(Incident::new(change.incident_id.as_str())));
                    incident.apply(&change.data);
                    Some(incident)
                })
            }
            (Self::Keyed(state), payload @ (Payload::Agent(_) | Payload::Alert(_))) => {
                payload.key().is_some_and(|key| state.put(key, event, |_| None))
            }
            (Self::Latest(latest), _) => {
                *latest = Some(event.clone());
                false
            }
            (Self::Recent { events, .. }, Payload::Chat(_) | Payload::Activity(_) | Payload::Timeline(_)) => {
                let fell = events.len() >= MAX_RECENT && events.pop_front().is_some();
                events.push_back(event.clone());
                fell
            }
            (Self::Recent { receipts, .. }, Payload::Receipt(receipt)) => {
                let key = (receipt.conversation_id.clone(), receipt.user_id.clone(), receipt.kind);
                let known = receipts.get(&key).and_then(up_to);
                known.is_none_or(|known| known < receipt.up_to) && receipts.put(&key, event, |_| None)
            }
            _ => false,
        }
    }

    /// The state as events that carry it in full, oldest change first; of one topic, if given.
    pub fn items(&self, topic: Option<&str>) -> Vec<Rc<Event>> {
        let fits = |event: &Event| topic.is_none() || event.payload.topic() == topic;
        match self {
            Self::Keyed(state) => state.iter().filter(|last| fits(&last.event)).map(Last::full).collect(),
            Self::Latest(latest) => latest.iter().cloned().collect(),
            Self::Recent { events, receipts } => {
                let receipts = receipts.iter().map(|last| &last.event);
                events.iter().chain(receipts).filter(|event| fits(event)).cloned().collect()
            }
        }
    }
}

fn up_to(last: &Last) -> Option<u64> {
    match &last.event.payload {
        Payload::Receipt(Receipt { up_to, .. }) => Some(*up_to),
        _ => None,
    }
}

/// The last event of a key; an incident's is only a change, so its merged state stands beside it.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    event: Rc<Event>,
    incident: Option<Box<Incident>>,
    touched: u64,
}

impl Last {
    /// The event with the full state in it; made on demand, because reading is rarer than changing.
    fn full(&self) -> Rc<Event> {
        let (Some(incident), Payload::Incident(last)) = (&self.incident, &self.event.payload) else {
            return self.event.clone();
        };
        let event = &self.event;
        Rc::new(Event {
            id: event.id.clone(),
            kind: event.kind.clone(),
            channel: event.channel,
            topic: event.topic.clone(),
            payload: Payload::Incident(incident.to_event(last.change)),
            timestamp: event.timestamp,
            priority: event.priority,
            seq: event.seq,
            prev: event.prev,
            cause: event.cause.clone(),
        })
    }
}

/// The last value of each key, with the keys in the order of their last change.
#[derive(Clone, Debug)]
pub(crate) struct LastByKey<K> {
    values: HashMap<K, Last>,
    order: BTreeMap<u64, K>,
    changes: u64,
}

impl<K> Default for LastByKey<K> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: BTreeMap::new(), changes: 0 }
    }
}

impl<K: Eq + Hash> LastByKey<K> {
    fn get(&self, key: &K) -> Option<&Last> {
        self.values.get(key)
    }

    /// The newest event of a key; `merge` gives the incident it leaves, from the one before. `true` when another key had
    /// to go.
    fn put<Q>(
        &mut self,
        key: &Q,
        event: &Rc<Event>,
        merge: impl FnOnce(Option<Box<Incident>>) -> Option<Box<Incident>>,
    ) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.changes += 1;
        let touched = self.changes;
        if let Some(last) = self.values.get_mut(key) {
            let key = self.order.remove(&last.touched).unwrap_or_else(|| key.to_owned());
            self.order.insert(touched, key);
            *last = Last { event: event.clone(), incident: merge(last.incident.take()), touched };
            return false;
        }
        let last = Last { event: event.clone(), incident: merge(None), touched };
        self.order.insert(touched, key.to_owned());
        self.values.insert(key.to_owned(), last);
        let oldest = if self.values.len() > MAX_KEYS { self.order.pop_first() } else { None };
        oldest.is_some_and(|(_, key)| self.values.remove(key.borrow()).is_some())
    }

    fn iter(&self) -> impl Iterator<Item = &Last> {
        self.order.values().filter_map(|key| self.values.get(key))
    }
}

#[cfg(test)]
mod tests;
