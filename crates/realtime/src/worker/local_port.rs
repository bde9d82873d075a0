//! The worker's code in the page: the option `in_page`.

use super::shell::Shell;
use crate::bridge::{Port, PortEvent, PortListener, ToWorker};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// A [`Port`] whose other end is a [`Shell`] in the same thread. Nothing is encoded.
pub(crate) struct LocalPort {
    shell: Shell,
    live: Rc<Cell<bool>>,
}

impl LocalPort {
    /// Begins with the first [`ToWorker::Init`], as a worker does.
    pub(crate) fn new(listener: PortListener) -> Self {
        let live = Rc::new(Cell::new(true));
        let reply = {
            let live = live.clone();
            move |message| {
                let (listener, live) = (listener.clone(), live.clone());
                // Later, as from a worker: the listener is not called from inside `send`. In order, because tasks run
                // in the order they were spawned.
                spawn_local(async move {
                    if live.get() {
                        listener(PortEvent::Message(message));
                    }
                });
            }
        };
        Self { shell: Shell::new(Rc::new(reply)), live }
    }
}

impl Port for LocalPort {
    fn send(&self, message: ToWorker) {
        if self.live.get() {
            self.shell.handle(message);
        }
    }

    fn terminate(&self) {
        self.live.set(false);
        self.shell.end();
    }
}

impl Drop for LocalPort {
    fn drop(&mut self) {
        self.terminate();
    }
}
