//! The two ways a message of ours becomes durable.

use super::{CHUNK, PAYLOAD, clock, name};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use gloo::timers::future::TimeoutFuture;
use sentinelops_engine::{Delivery, Durability, EngineOptions, Row, SendRequest, StoreEvent};
use sentinelops_protocol::{Channel, Json, Outbound, Priority};
use sentinelops_realtime::bridge::{FromWorker, Init, ToWorker};
use sentinelops_realtime::worker::shell::Shell;
use sentinelops_realtime::worker::store::Store;
use std::collections::HashMap;
use std::rc::Rc;

/// A worker's shell that leads and never finds a server.
pub struct Leader {
    shell: Shell,
    inbox: UnboundedReceiver<FromWorker>,
    sent: u64,
}

impl Leader {
    pub async fn new() -> Self {
        let (send, inbox) = unbounded();
        let shell = Shell::new(Rc::new(move |message| {
            let _ = send.unbounded_send(message);
        }));
        let mut engine =
            EngineOptions { tab: "tab".to_owned(), client: "bench".to_owned(), ..Default::default() };
        engine.connection.url = "ws://127.0.0.1:1/".to_owned();
        engine.session = "bench".to_owned();
        engine.outbox.capacity = 100_000;
        let init =
            Init { engine, scope: name("ours"), page: "tab".to_owned(), auto_connect: true, visible: true };
        shell.handle(ToWorker::Init(Box::new(init)));
        let mut leader = Self { shell, inbox, sent: 0 };
        leader.send(1);
        leader.durable(1, |_| {}).await;
        leader
    }

    fn send(&mut self, count: u32) {
        let requests = (0..count).map(|n| {
            let id = format!("{:020}", self.sent + u64::from(n));
            SendRequest::new(id, "chat.message", Channel::Chat, Json::parse(PAYLOAD).unwrap())
        });
        self.shell.handle(ToWorker::Send(requests.collect()));
        self.sent += u64::from(count);
    }

    /// Waits until so many more are durable.
    async fn durable(&mut self, count: usize, mut tell: impl FnMut(&str)) {
        let mut left = count;
        while left > 0 {
            if let Some(FromWorker::Batch(batch)) = self.inbox.next().await {
                self.shell.handle(ToWorker::Credit(batch.number));
                left -= Self::count(&batch.items, &mut tell);
            }
        }
    }

    fn count(items: &[Delivery], tell: &mut impl FnMut(&str)) -> usize {
        let durable = items.iter().filter_map(|item| match item {
            Delivery::Message(update) if update.durability == Durability::Durable => Some(update.id.as_str()),
            _ => None,
        });
        durable.inspect(|id| tell(id)).count()
    }

    pub async fn burst(&mut self, count: u32) -> f64 {
        let began = clock();
        for _ in 0..count / CHUNK {
            self.send(CHUNK);
            TimeoutFuture::new(0).await;
        }
        self.durable(count as usize, |_| {}).await;
        clock() - began
    }

    pub async fn paced(&mut self, rate: u32, seconds: u32) -> Vec<f64> {
        let (began, total) = (clock(), rate * seconds);
        let (mut at, mut took) = (HashMap::new(), Vec::new());
        let mut sent = 0;
        while took.len() < total as usize {
            let due = (((clock() - began) * f64::from(rate) / 1_000.0) as u32 + 1).min(total);
            while sent < due {
                at.insert(format!("{:020}", self.sent), clock());
                self.send(1);
                sent += 1;
            }
            TimeoutFuture::new(0).await;
            while let Ok(message) = self.inbox.try_recv() {
                let FromWorker::Batch(batch) = message else { continue };
                self.shell.handle(ToWorker::Credit(batch.number));
                Self::count(&batch.items, &mut |id| took.extend(at.remove(id).map(|at| clock() - at)));
            }
        }
        took.sort_by(f64::total_cmp);
        took
    }
}

/// The store as a tab that follows uses it: one append at a time, with everything that came meanwhile.
pub struct Follower {
    store: Store,
    events: UnboundedReceiver<StoreEvent>,
    sent: u64,
    appends: u64,
    /// Sent, not yet handed to the store.
    waiting: Vec<Row>,
    /// How many are in the append under way.
    appending: usize,
}

impl Follower {
    pub async fn new() -> Self {
        let (send, mut events) = unbounded();
        let store = Store::new(
            &name("follower"),
            Rc::new(move |event| {
                let _ = send.unbounded_send(event);
            }),
        );
        store.open();
        assert!(matches!(events.next().await, Some(StoreEvent::Opened(_))));
        Self { store, events, sent: 0, appends: 0, waiting: Vec::new(), appending: 0 }
    }

    fn send(&mut self, count: u32) {
        let payload = Json::parse(PAYLOAD).unwrap();
        for _ in 0..count {
            self.sent += 1;
            let id = format!("{:020}", self.sent);
            let outbound = Outbound {
                id: &id,
                kind: "chat.message",
                channel: Channel::Chat,
                payload: &payload,
                timestamp: 0,
                priority: Priority::Normal,
            };
            self.waiting.push(Row {
                bytes: outbound.encode(),
                id,
                order: self.sent * 2 + 1,
                priority: Priority::Normal,
                kind: "chat.message".to_owned(),
                channel: Channel::Chat,
                ordering_key: Some("chat/c".to_owned()),
                coalesce: None,
                created_at: 0,
                attempts: 0,
                possibly_sent: false,
                owner: "tab".to_owned(),
            });
        }
        self.pump();
    }

    fn pump(&mut self) {
        if self.appending == 0 && !self.waiting.is_empty() {
            let rows = std::mem::take(&mut self.waiting);
            self.appending = rows.len();
            self.appends += 1;
            self.store.append(self.appends, rows);
        }
    }

    /// How many became durable by this answer.
    fn answered(&mut self, event: &StoreEvent) -> usize {
        assert!(matches!(event, StoreEvent::Committed { .. }), "{event:?}");
        let stored = std::mem::take(&mut self.appending);
        self.pump();
        stored
    }

    pub async fn burst(&mut self, count: u32) -> f64 {
        let began = clock();
        let mut left = count as usize;
        for _ in 0..count / CHUNK {
            self.send(CHUNK);
            TimeoutFuture::new(0).await;
            while let Ok(event) = self.events.try_recv() {
                left -= self.answered(&event);
            }
        }
        while left > 0 {
            let event = self.events.next().await.unwrap();
            left -= self.answered(&event);
        }
        clock() - began
    }

    pub async fn paced(&mut self, rate: u32, seconds: u32) -> Vec<f64> {
        let (began, total) = (clock(), rate * seconds);
        let (mut at, mut took) = (std::collections::VecDeque::new(), Vec::new());
        let mut sent = 0;
        while took.len() < total as usize {
            let due = (((clock() - began) * f64::from(rate) / 1_000.0) as u32 + 1).min(total);
            while sent < due {
                at.push_back(clock());
                self.send(1);
                sent += 1;
            }
            TimeoutFuture::new(0).await;
            while let Ok(event) = self.events.try_recv() {
                let stored = self.answered(&event);
                took.extend(at.drain(..stored).map(|at| clock() - at));
            }
        }
        took.sort_by(f64::total_cmp);
        took
    }
}
