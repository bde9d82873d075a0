//! The worker's side of the bridge.

use super::shell::Shell;
use crate::bridge::{FromWorker, ToWorker};
use std::cell::Cell;
use std::rc::Rc;
use yew_agent::worker::{HandlerId, Worker, WorkerDestroyHandle, WorkerScope};

/// What yew-agent runs. A page has one bridge to it, and that is answered.
pub struct Agent {
    shell: Shell,
    page: Rc<Cell<Option<HandlerId>>>,
}

impl Worker for Agent {
    type Message = ();
    type Input = ToWorker;
    type Output = FromWorker;

    fn create(scope: &WorkerScope<Self>) -> Self {
        let page = Rc::new(Cell::new(None));
        let reply = {
            let (scope, page) = (scope.clone(), page.clone());
            move |message: FromWorker| {
                if let Some(handler) = page.get() {
                    scope.respond(handler, message);
                }
            }
        };
        Self { shell: Shell::new(Rc::new(reply)), page }
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn connected(&mut self, _: &WorkerScope<Self>, handler: HandlerId) {
        self.page.set(Some(handler));
    }

    fn received(&mut self, _: &WorkerScope<Self>, message: ToWorker, _: HandlerId) {
        self.shell.handle(message);
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
