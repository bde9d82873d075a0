//! How a message of ours becomes durable.

use super::{CHUNK, PAYLOAD, clock, name};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use gloo::timers::future::TimeoutFuture;
use sentinelops_engine::{Delivery, Durability, EngineOptions, SendRequest};
use sentinelops_protocol::{Channel, Json};
use sentinelops_realtime::bridge::{FromWorker, Init, ToWorker};
use sentinelops_realtime::worker::shell::Shell;
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
