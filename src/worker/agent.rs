//! The worker's side of the bridge: bytes to messages and back.

use super::shell::Shell;
use crate::bridge::{FromWorker, Packet, ToWorker, decode, encode};
use sentinelops_engine::ConsumerId;
use std::cell::RefCell;
use std::rc::Rc;
use yew_agent::worker::{HandlerId, Worker, WorkerDestroyHandle, WorkerScope};

/// The handlers that are consumers of the engine, and the number of the next.
#[derive(Default)]
struct Handlers {
    known: Vec<(ConsumerId, HandlerId)>,
    last: u64,
}

impl Handlers {
    /// Every bridge of a page is a consumer of its own; ours has one.
    fn consumer(&mut self, handler: HandlerId) -> ConsumerId {
        if let Some((consumer, _)) = self.known.iter().find(|(_, known)| *known == handler) {
            return *consumer;
        }
        self.last += 1;
        let consumer = ConsumerId(self.last);
        self.known.push((consumer, handler));
        consumer
    }

    fn handler(&self, consumer: ConsumerId) -> Option<HandlerId> {
        self.known.iter().find(|(known, _)| *known == consumer).map(|(_, handler)| *handler)
    }

    fn forget(&mut self, handler: HandlerId) {
        self.known.retain(|(_, known)| *known != handler);
    }
}

/// What yew-agent runs.
pub struct Agent {
    shell: Shell,
    handlers: Rc<RefCell<Handlers>>,
}

impl Worker for Agent {
    type Message = ();
    type Input = Packet;
    type Output = Packet;

    fn create(scope: &WorkerScope<Self>) -> Self {
        let handlers = Rc::new(RefCell::new(Handlers::default()));
        let reply = {
            let (scope, handlers) = (scope.clone(), handlers.clone());
            move |consumer: ConsumerId, message: FromWorker| {
                if let Some(handler) = handlers.borrow().handler(consumer) {
                    respond(&scope, handler, &message);
                }
            }
        };
        Self { shell: Shell::new(Rc::new(reply)), handlers }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, packet: Packet, handler: HandlerId) {
        match decode::<ToWorker>(&packet.0) {
            Ok(message) => {
                let consumer = self.handlers.borrow_mut().consumer(handler);
                self.shell.handle(consumer, message);
            }
            // A page of another build sees from the head of this answer that we are of ours.
            Err(error) => respond(scope, handler, &FromWorker::Failed(error.to_string())),
        }
    }

    fn disconnected(&mut self, _: &WorkerScope<Self>, handler: HandlerId) {
        let mut handlers = self.handlers.borrow_mut();
        if let Some(consumer) = handlers.known.iter().find(|(_, known)| *known == handler) {
            self.shell.detach(consumer.0);
        }
        handlers.forget(handler);
    }

    fn destroy(&mut self, _: &WorkerScope<Self>, _: WorkerDestroyHandle<Self>) {
        self.shell.end();
    }
}

fn respond(scope: &WorkerScope<Agent>, handler: HandlerId, message: &FromWorker) {
    if let Ok(bytes) = encode(message) {
        scope.respond(handler, Packet(bytes));
    }
}
