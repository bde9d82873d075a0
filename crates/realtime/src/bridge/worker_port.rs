//! The real port: a dedicated worker behind yew-agent.
//!
//! One bridge, no `fork`, none of yew-agent's hooks (they keep every output for ever). What
//! yew-agent leaves out, failures, Trusted Types and ending the worker, is done by `shim.js`.

use super::codec::{BUILD_ID, BridgeCodec, HEAD};
use super::{FromWorker, Port, PortEvent, PortFailure, PortListener, ToWorker};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew_agent::worker::WorkerSpawner;
use yew_agent::worker::{HandlerId, Worker, WorkerBridge, WorkerScope};

#[wasm_bindgen(module = "/src/bridge/shim.js")]
extern "C" {
    type Watch;

    fn watch(url: &str, head: &str, report: &Closure<dyn Fn(String, String)>) -> Watch;

    #[wasm_bindgen(method)]
    fn restore(this: &Watch);

    #[wasm_bindgen(method)]
    fn terminate(this: &Watch);
}

/// The worker as the page's types know it. Its code is in the other program; this end only needs
/// what goes in and out.
struct RemoteWorker;

impl Worker for RemoteWorker {
    type Message = ();
    type Input = ToWorker;
    type Output = FromWorker;

    fn create(_: &WorkerScope<Self>) -> Self {
        Self
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, _: &WorkerScope<Self>, _: ToWorker, _: HandlerId) {}
}

/// A worker of its own, spawned from a URL. Messages sent before it has loaded wait in order.
/// Dropping the port ends the worker.
pub struct WorkerPort {
    bridge: RefCell<Option<WorkerBridge<RemoteWorker>>>,
    watch: Watch,
    live: Rc<Cell<bool>>,
    _report: Closure<dyn Fn(String, String)>,
}

impl WorkerPort {
    /// Spawns the worker. `url` is its loader script (a module), absolute or relative to the page.
    /// Failures come through `listener`, later.
    pub fn spawn(url: &str, listener: PortListener) -> Self {
        let live = Rc::new(Cell::new(true));
        let tell = {
            let live = live.clone();
            move |event| {
                if live.get() {
                    listener(event);
                }
            }
        };
        let report = {
            let tell = tell.clone();
            Closure::<dyn Fn(String, String)>::new(move |kind: String, text| {
                tell(PortEvent::Failed(failure(&kind, text)));
            })
        };
        let watch = watch(url, HEAD, &report);
        let bridge = WorkerSpawner::<RemoteWorker>::new()
            .encoding::<BridgeCodec>()
            .callback(move |message| tell(PortEvent::Message(message)))
            .with_loader(true)
            .as_module(true)
            .spawn(url);
        watch.restore();
        Self { bridge: RefCell::new(Some(bridge)), watch, live, _report: report }
    }
}

impl Port for WorkerPort {
    fn send(&self, message: ToWorker) {
        if let Some(bridge) = &*self.bridge.borrow() {
            bridge.send(message);
        }
    }

    fn terminate(&self) {
        self.live.set(false);
        self.watch.terminate();
        // After the worker's end, because a dropped bridge says goodbye to it.
        self.bridge.borrow_mut().take();
    }
}

impl Drop for WorkerPort {
    fn drop(&mut self) {
        self.terminate();
    }
}

fn failure(kind: &str, text: String) -> PortFailure {
    match kind {
        "missing" => PortFailure::Missing(text),
        "blocked" => PortFailure::Blocked(text),
        "other build" => PortFailure::OtherBuild(format!(
            "page is build {BUILD_ID}, worker is build {text}: reload the page to update"
        )),
        // Something answers, but not in our language.
        "foreign" => PortFailure::OtherBuild(format!("unreadable message between page and worker: {text}")),
        _ => PortFailure::Crashed(text),
    }
}
