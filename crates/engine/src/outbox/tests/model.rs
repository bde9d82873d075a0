//! The outbox against a naive model that scans everything.

use super::*;
use proptest::prelude::*;
use sentinelops_protocol::Code;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Send { priority: usize, key: Option<u8>, coalesce: Option<u8> },
    Frame,
    Ack(usize),
    Nack(usize, u64),
    Refuse(usize),
    Cut,
    Connect,
    Pass(u64),
    Restart { crash: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let send = (0usize..4, prop::option::of(0u8..3), prop::option::weighted(0.2, 0u8..2))
        .prop_map(|(priority, key, coalesce)| Step::Send { priority, key, coalesce });
    let step = prop_oneof![
        8 => send,
        5 => Just(Step::Frame),
        3 => (0usize..8).prop_map(Step::Ack),
        2 => (0usize..8, 1u64..50).prop_map(|(n, wait)| Step::Nack(n, wait)),
        1 => (0usize..8).prop_map(Step::Refuse),
        1 => Just(Step::Cut),
        2 => Just(Step::Connect),
        2 => (1u64..60).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(|crash| Step::Restart { crash }),
    ];
    prop::collection::vec(step, 1..120)
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: String,
    rank: usize,
    key: Option<u8>,
    coalesce: Option<u8>,
    sent: bool,
    in_flight: bool,
    /// A socket that is gone was given it and did not answer: it may still come from there.
    copy: bool,
    attempts: u32,
}

/// The specification in its simplest form: a list in the order of sending.
#[derive(Default)]
struct Model {
    items: Vec<Item>,
    connected: bool,
    blocked: BTreeMap<String, u64>,
    draining: BTreeSet<String>,
    ends: BTreeMap<String, DeliveryState>,
}

const CAPACITY: usize = 6;
const WINDOW: u32 = 4;
const RESERVE: usize = 1;

fn lane(item: &Item) -> String {
    item.key.map_or_else(|| item.id.clone(), |key| format!("key {key}"))
}

impl Model {
    fn end(&mut self, at: usize, state: DeliveryState) {
        let item = self.items.remove(at);
        self.ends.insert(item.id, state);
    }

    fn send(&mut self, item: Item) {
        let full = FailReason::QueueFull { capacity: CAPACITY as u32 };
        let replaced = self
            .items
            .iter()
            .position(|old| !old.sent && old.coalesce.is_some() && old.coalesce == item.coalesce);
        if let Some(at) = replaced {
            self.end(at, DeliveryState::Superseded);
        } else if self.items.len() >= CAPACITY {
            let victim = (item.rank + 1..4)
                .rev()
                .find_map(|rank| self.items.iter().position(|old| old.rank == rank && !old.sent));
            match victim {
                Some(at) => self.end(at, DeliveryState::Evicted),
                None if item.rank > 0 => {
                    self.ends.insert(item.id, DeliveryState::Failed(full));
                    return;
                }
                None => {}
            }
        }
        self.items.push(item);
    }

    fn frame(&mut self, now: u64) -> Vec<String> {
        let mut sent = Vec::new();
        while self.connected {
            let in_flight = self.items.iter().filter(|item| item.in_flight).count();
            let mut best: Option<(usize, usize)> = None;
            for (at, item) in self.items.iter().enumerate() {
                let name = lane(item);
                let head = !self.items[..at].iter().any(|other| !other.in_flight && lane(other) == name);
                let own_flying = self.items.iter().any(|other| other.in_flight && lane(other) == name);
                let blocked = self.blocked.get(&name).is_some_and(|until| *until > now);
                if item.in_flight || !head || blocked || (self.draining.contains(&name) && own_flying) {
                    continue;
                }
                let rank = self
                    .items
                    .iter()
                    .filter(|other| !other.in_flight && lane(other) == name)
                    .map(|other| other.rank)
                    .min()
                    .unwrap();
                if best.is_none_or(|(best, _)| rank < best) {
                    best = Some((rank, at));
                }
            }
            let Some((rank, at)) = best else { break };
            let limit = WINDOW as usize - if rank == 0 { 0 } else { RESERVE };
            if in_flight >= limit {
                break;
            }
            self.items[at].in_flight = true;
            self.items[at].sent = true;
            sent.push(self.items[at].id.clone());
        }
        sent
    }

    fn nth_flying(&self, n: usize) -> Option<usize> {
        let in_flight: Vec<usize> = (0..self.items.len()).filter(|at| self.items[*at].in_flight).collect();
        in_flight.get(n % in_flight.len().max(1)).copied()
    }

    fn nack(&mut self, at: usize, now: u64, wait: u64) {
        let mut until = now + wait;
        let name = lane(&self.items[at]);
        let head = !self.items[..at].iter().any(|other| lane(other) == name);
        self.items[at].attempts += u32::from(head);
        let too_often = head && self.items[at].attempts >= 3;
        if too_often && self.items[at].copy {
            until = until.max(now + 30_000);
        } else if too_often {
            let attempts = self.items[at].attempts;
            let reason =
                FailReason::TooManyAttempts { attempts, code: Code::Unavailable, message: String::new() };
            return self.end(at, DeliveryState::Failed(reason));
        }
        self.items[at].in_flight = false;
        let until = if head { until } else { until.max(self.blocked.get(&name).copied().unwrap_or(0)) };
        self.blocked.insert(name.clone(), until);
        self.draining.insert(name);
    }

    fn settle(&mut self, now: u64) {
        let names: BTreeSet<String> = self.items.iter().map(lane).collect();
        let in_flight: BTreeSet<String> = self.items.iter().filter(|item| item.in_flight).map(lane).collect();
        self.draining.retain(|name| in_flight.contains(name));
        self.blocked.retain(|name, until| names.contains(name) && *until > now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_outbox_does_what_a_plain_list_does(steps in steps()) {
        let options = OutboxOptions {
            capacity: CAPACITY as u32,
            window: WINDOW,
            critical_reserve: RESERVE as u32,
            ..OutboxOptions::default()
        };
        let mut world = World::with(options);
        let mut model = Model::default();
        let mut ids = 0;
        for step in steps {
            match step {
                Step::Send { priority, key, coalesce } => {
                    ids += 1;
                    let id = format!("m{ids}");
                    let name = key.map(|key| format!("k{key}"));
                    let mut request = request(&id, Priority::ALL[priority], name.as_deref());
                    request.coalesce = coalesce.map(|value| value.to_string());
                    world.send(request);
                    let (sent, in_flight, copy, attempts) = (false, false, false, 0);
                    model.send(Item { id, rank: priority, key, coalesce, sent, in_flight, copy, attempts });
                }
                Step::Frame => prop_assert_eq!(world.frame(), model.frame(world.now)),
                Step::Ack(n) => if let Some(at) = model.nth_flying(n) {
                    world.ack(&model.items[at].id.clone());
                    model.end(at, DeliveryState::Delivered);
                },
                Step::Nack(n, wait) => if let Some(at) = model.nth_flying(n) {
                    world.nack(&model.items[at].id.clone(), Some(wait));
                    model.nack(at, world.now, wait);
                },
                Step::Refuse(n) => if let Some(at) = model.nth_flying(n) {
                    world.nack(&model.items[at].id.clone(), None);
                    let (code, message) = (Code::Unavailable, String::new());
                    model.end(at, DeliveryState::Failed(FailReason::Refused { code, message }));
                },
                Step::Cut => {
                    world.disconnect();
                    model.connected = false;
                    for item in &mut model.items {
                        item.copy |= std::mem::take(&mut item.in_flight);
                    }
                }
                Step::Connect => if !model.connected {
                    world.connect(v1());
                    model.connected = true;
                },
                Step::Pass(ms) => world.pass(ms),
                Step::Restart { crash } => {
                    let was_open = model.connected;
                    if !crash {
                        world.disconnect();
                    }
                    // A crash with an open socket: nobody knows what of it was sent.
                    let doubt = crash && was_open;
                    world.restart();
                    model.connected = false;
                    model.blocked.clear();
                    for item in &mut model.items {
                        item.in_flight = false;
                        item.sent |= doubt;
                        item.copy = item.sent;
                    }
                }
            }
            model.settle(world.now);
            // What was reported, what is counted, what is stored.
            for (id, state) in &model.ends {
                if let Some(news) = world.news.get(id) {
                    prop_assert_eq!(&news.delivery, state, "{}", id);
                }
            }
            let mut queued = [0; 4];
            for item in &model.items {
                queued[item.rank] += 1;
                prop_assert!(!world.news[&item.id].delivery.is_final());
                prop_assert_eq!(world.rows[&item.id].attempts, item.attempts);
            }
            prop_assert_eq!(world.outbox.counts().queued, queued);
            prop_assert_eq!(world.rows.len(), model.items.len());
            let listed = |state: &&DeliveryState| {
                matches!(state, DeliveryState::Evicted | DeliveryState::Failed(FailReason::Refused { .. }))
                    || matches!(state, DeliveryState::Failed(FailReason::TooManyAttempts { .. }))
            };
            prop_assert_eq!(world.failed.len(), model.ends.values().filter(listed).count());
        }
    }
}
