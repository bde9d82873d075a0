//! The worker's side of the bridge: bytes to messages and back.

use super::shell::Shell;
use crate::bridge::{FromWorker, Packet, ToWorker, decode, encode};
use std::cell::Cell;
use std::rc::Rc;
use yew_agent::worker::{HandlerId, Worker, WorkerDestroyHandle, WorkerScope};

/// What yew-agent runs. Its page has one bridge; the one that spoke last is answered.
pub struct Agent {
    shell: Shell,
    page: Rc<Cell<Option<HandlerId>>>,
}

impl Worker for Agent {
    type Message = ();
    type Input = Packet;
    type Output = Packet;

    fn create(scope: &WorkerScope<Self>) -> Self {
        let page = Rc::new(Cell::new(None));
        let reply = {
            let (scope, page) = (scope.clone(), page.clone());
            move |message: FromWorker| {
                if let Some(handler) = page.get() {
                    respond(&scope, handler, &message);
                }
            }
        };
        Self { shell: Shell::new(Rc::new(reply)), page }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, scope: &WorkerScope<Self>, packet: Packet, handler: HandlerId) {
        match decode::<ToWorker>(&packet.0) {
            Ok(message) => {
                self.page.set(Some(handler));
                self.shell.handle(message);
            }
            // A page of another build sees from the head of this answer that we are of ours.
            Err(error) => respond(scope, handler, &FromWorker::Failed(error.to_string())),
        }
    }

    fn disconnected(&mut self, _: &WorkerScope<Self>, handler: HandlerId) {
        if self.page.get() == Some(handler) {
            self.page.set(None);
            self.shell.end();
        }
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
