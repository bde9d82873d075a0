//! The disk of a server that keeps its records: it commits later, and a crash loses what it had not committed.

use sentinelops_gateway::{Durable, GatewayConfig, Now, Record, Store};
use sentinelops_protocol::Channel;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct Inner {
    waiting: VecDeque<(u64, Record)>,
    newest: u64,
    committed: u64,
    durable: Durable,
    config: GatewayConfig,
    /// Id and type of the commands committed since the last look; of types only `agent.status` is distinguished.
    effects: Vec<(String, String)>,
}

/// Shared by the gateway that appends and the world that commits.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Mutex<Inner>>);

impl Disk {
    /// Holds `durable`, whose newest record is `seq`.
    pub fn new(durable: Durable, seq: u64, config: GatewayConfig) -> Self {
        let (waiting, effects) = Default::default();
        Self(Arc::new(Mutex::new(Inner { waiting, newest: seq, committed: seq, durable, config, effects })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether records wait.
    pub fn is_busy(&self) -> bool {
        !self.inner().waiting.is_empty()
    }

    /// Everything that waits is on the disk.
    pub fn commit(&self, now: Now) {
        let inner = &mut *self.inner();
        for (seq, record) in inner.waiting.drain(..) {
            inner.durable.take(seq, &record, &inner.config, now);
            inner.committed = seq;
            if let Some(accepted) = record.accepted {
                let is_agent = record.events.iter().any(|event| event.channel == Channel::Agents);
                let kind = if is_agent { "agent.status" } else { "other" };
                inner.effects.push((accepted.id, kind.to_owned()));
            }
        }
    }

    /// The commands committed since the last call.
    pub fn new_effects(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.inner().effects)
    }

    /// What a crash leaves.
    pub fn durable(&self) -> Durable {
        self.inner().durable.clone()
    }
}

impl Store for Disk {
    fn append(&mut self, record: Record) -> u64 {
        let mut inner = self.inner();
        inner.newest += 1;
        let seq = inner.newest;
        inner.waiting.push_back((seq, record));
        seq
    }

    fn committed(&self) -> u64 {
        self.inner().committed
    }
}
