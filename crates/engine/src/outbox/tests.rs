mod bounds;
mod coalesce;
mod delivery;
mod model;
mod other_tabs;
mod removal;
mod storage;
mod stored;
mod unreadable;

use super::*;
use crate::{FailReason, FailedRow, Row, SendRequest, StoreEvent, StoreOp, StoreSnapshot, UnreadableRecord};
use sentinelops_protocol::{Channel, ClientMessage, Json, Limits, Priority, decode_client_frame};
use std::collections::BTreeMap;

pub(super) const ME: ConsumerId = ConsumerId(7);
pub(super) const WALL: u64 = 1_700_000_000_000;

pub(super) fn at(mono: u64) -> Now {
    Now { mono, wall: WALL + mono }
}

pub(super) fn request(id: &str, priority: Priority, key: Option<&str>) -> SendRequest {
    SendRequest {
        priority,
        ordering_key: key.map(str::to_owned),
        ..SendRequest::new(id, "activity.note", Channel::Activity, Json::parse("{}").unwrap())
    }
}

pub(super) fn v1() -> Connection {
    Connection { acks: true, max_batch: 512, max_in_flight: 64, max_message_bytes: 65_536, rate: None }
}

pub(super) fn basic() -> Connection {
    Connection { acks: false, max_batch: 1, ..v1() }
}

/// An outbox with a store that acts on request only.
pub(super) struct World {
    pub outbox: Outbox,
    pub now: u64,
    /// What the store holds, by id.
    pub rows: BTreeMap<String, Row>,
    pub failed: BTreeMap<String, FailedRow>,
    pub meta: Meta,
    pub unreadable: Vec<UnreadableRecord>,
    /// The last news of each message.
    pub news: BTreeMap<String, MessageUpdate>,
    pub opens: usize,
    pub groups: Vec<StoreGroup>,
    /// Commit groups at once.
    pub commits: bool,
}

impl World {
    /// With an empty store, opened.
    pub fn new() -> Self {
        let mut world = Self::closed(OutboxOptions::default());
        world.open();
        world
    }

    pub fn with(options: OutboxOptions) -> Self {
        let mut world = Self::closed(options);
        world.open();
        world
    }

    pub fn closed(options: OutboxOptions) -> Self {
        let outbox = Outbox::new(options, "tab".to_owned(), at(0));
        let (rows, failed, news) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (groups, meta) = (Vec::new(), Meta::default());
        let unreadable = Vec::new();
        let (now, opens, commits) = (0, 0, true);
        let mut world = Self { outbox, now, rows, failed, meta, unreadable, news, opens, groups, commits };
        world.drain();
        world
    }

    /// Another life over the same store.
    pub fn restart(&mut self) {
        self.outbox = Outbox::new(self.outbox.options.clone(), "tab".to_owned(), at(self.now));
        self.news.clear();
        self.groups.clear();
        self.drain();
        self.open();
    }

    pub fn now(&self) -> Now {
        at(self.now)
    }

    pub fn open(&mut self) {
        let mut rows: Vec<Row> = self.rows.values().cloned().collect();
        rows.sort_by_key(|row| (row.priority, row.order));
        let failed = self.failed.values().cloned().collect();
        let snapshot =
            StoreSnapshot { rows, failed, meta: self.meta.clone(), unreadable: self.unreadable.clone() };
        self.store(StoreEvent::Opened(Box::new(snapshot)));
    }

    fn set_aside(&mut self) {
        let now = self.now;
        self.unreadable.iter_mut().for_each(|record| record.set_aside_at = record.set_aside_at.or(Some(now)));
    }

    pub fn store(&mut self, event: StoreEvent) {
        self.outbox.store_event(self.now(), event);
        self.drain();
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.outbox.poll(at(self.now)) {
            match output {
                OutboxOutput::Store(group) if self.commits => self.commit(&group),
                OutboxOutput::Store(group) => self.groups.push(group),
                OutboxOutput::OpenStore => self.opens += 1,
                OutboxOutput::SetAside => self.set_aside(),
                OutboxOutput::Update { update, .. } => {
                    self.news.insert(update.id.clone(), update);
                }
                OutboxOutput::Note(_) => {}
            }
        }
    }

    pub fn commit(&mut self, group: &StoreGroup) {
        for op in &group.ops {
            match op.clone() {
                StoreOp::Put(row) => {
                    self.rows.insert(row.id.clone(), row);
                }
                StoreOp::Delete { order, id, .. } => {
                    if self.rows.get(&id).is_some_and(|row| row.order == order) {
                        self.rows.remove(&id);
                    }
                }
                StoreOp::PutFailed(row) => {
                    self.failed.insert(row.row.id.clone(), row);
                }
                StoreOp::DeleteFailed { id } => {
                    self.failed.remove(&id);
                }
                StoreOp::PutMeta(meta) => self.meta = meta,
            }
        }
        self.outbox.store_event(at(self.now), StoreEvent::Committed { number: group.number });
    }

    pub fn send(&mut self, request: SendRequest) {
        self.outbox.enqueue(self.now(), ME, request);
        self.drain();
    }

    pub fn send_id(&mut self, id: &str) {
        self.send(request(id, Priority::Normal, None));
    }

    pub fn connect(&mut self, link: Connection) {
        self.outbox.socket_opened(self.now());
        self.drain();
        self.outbox.connected(self.now(), link);
        self.drain();
    }

    pub fn disconnect(&mut self) {
        self.outbox.disconnected(self.now());
        self.drain();
    }

    /// Ids of the next frame.
    pub fn frame(&mut self) -> Vec<String> {
        let frame = self.outbox.next_frame(self.now(), 0);
        self.drain();
        let Some(frame) = frame else { return Vec::new() };
        let decoded = decode_client_frame(frame.text.as_bytes(), &Limits::to_server()).unwrap();
        assert_eq!(decoded.problems, []);
        assert_eq!(decoded.messages.len(), frame.count as usize);
        let id = |message| match message {
            ClientMessage::Command(command) => command.id,
            ClientMessage::System(..) => panic!("a system message from the outbox"),
        };
        decoded.messages.into_iter().map(id).collect()
    }

    pub fn ack(&mut self, id: &str) {
        self.outbox.ack(self.now(), &[id.to_owned()]);
        self.drain();
    }

    pub fn nack(&mut self, id: &str, retry: Option<u64>) {
        let code = sentinelops_protocol::Code::Unavailable;
        self.outbox.nack(self.now(), id, code, String::new(), retry);
        self.drain();
    }

    pub fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self.outbox.next_timeout().filter(|due| *due <= end) {
            assert!(
                due >= self.now || due == 0 || self.outbox.wants_flush_ping(self.now()),
                "a timer in the past"
            );
            self.now = self.now.max(due);
            self.outbox.timeout(self.now());
            self.drain();
            if self.outbox.next_timeout() == Some(due) {
                break;
            }
        }
        self.now = end;
    }

    pub fn state(&self, id: &str) -> &DeliveryState {
        &self.news[id].delivery
    }

    pub fn durability(&self, id: &str) -> Durability {
        self.news[id].durability
    }
}

pub(super) fn failed(state: &DeliveryState) -> &FailReason {
    match state {
        DeliveryState::Failed(reason) => reason,
        other => panic!("not failed: {other:?}"),
    }
}
