//! [`Engine`]: the one type that shells drive.

use crate::{
    ConsumerId, EngineOptions, Generation, Hint, MessageCounts, MessageInfo, Metrics, Now, Output,
    SendRequest, SocketEvent, Status, StoreEvent,
};
use sentinelops_protocol::{Event, Subject};
use std::collections::VecDeque;
use std::rc::Rc;

/// The engine of one connection. See the crate's page for how it is driven.
pub struct Engine {
    out: VecDeque<Output>,
}

#[allow(missing_docs, unused_variables)]
impl Engine {
    pub fn new(options: EngineOptions, seed: u64, now: Now) -> Self {
        Self { out: VecDeque::new() }
    }
    pub fn connect(&mut self, now: Now) {}
    pub fn disconnect(&mut self, now: Now) {}
    pub fn try_now(&mut self, now: Now) {}
    pub fn handle_token(&mut self, now: Now, token: Result<Option<String>, String>) {}
    pub fn attach(&mut self, now: Now, consumer: ConsumerId) {}
    pub fn detach(&mut self, now: Now, consumer: ConsumerId) {}
    pub fn subscribe(&mut self, now: Now, consumer: ConsumerId, subject: Subject) {}
    pub fn unsubscribe(&mut self, now: Now, consumer: ConsumerId, subject: &Subject) {}
    pub fn credit(&mut self, now: Now, consumer: ConsumerId, number: u64) {}
    pub fn send(&mut self, now: Now, consumer: ConsumerId, request: SendRequest) {}
    pub fn retry(&mut self, now: Now, consumer: ConsumerId, id: &str, confirm: bool) {}
    pub fn discard(&mut self, now: Now, consumer: ConsumerId, id: &str) {}
    pub fn watch_metrics(&mut self, now: Now, consumer: ConsumerId, on: bool) {}
    pub fn watch_outbox(&mut self, now: Now, consumer: ConsumerId, on: bool) {}
    pub fn messages(&self) -> Vec<MessageInfo> {
        Vec::new()
    }
    pub fn counts(&self) -> MessageCounts {
        MessageCounts::default()
    }
    pub fn fold_items(&self, subject: &Subject) -> Option<(String, u64, Vec<Rc<Event>>)> {
        None
    }
    pub fn handle_socket(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {}
    pub fn handle_store(&mut self, now: Now, event: StoreEvent) {}
    pub fn handle_hint(&mut self, now: Now, hint: Hint) {}
    pub fn handle_timeout(&mut self, now: Now) {}
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
    pub fn poll_timeout(&self) -> Option<u64> {
        None
    }
    pub fn status(&self) -> Status {
        Status::default()
    }
    pub fn metrics(&self, now: Now) -> Metrics {
        Metrics::default()
    }
}
