//! The real port: a dedicated worker behind yew-agent.
//!
//! One bridge, no `fork`, none of yew-agent's hooks (they keep every output for ever). What
//! yew-agent leaves out, hearing of failures and ending the worker, is done by `shim.js`.

use super::packet::{Packet, PacketCodec};
use super::{DecodeError, FromWorker, Port, PortEvent, PortFailure, PortListener, ToWorker, decode, encode};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew_agent::worker::WorkerSpawner;
use yew_agent::worker::{HandlerId, Worker, WorkerBridge, WorkerScope};

#[wasm_bindgen(module = "/src/bridge/shim.js")]
extern "C" {
    type Watch;

    fn watch(url: &str, report: &Closure<dyn Fn(String, String)>) -> Watch;

    #[wasm_bindgen(method)]
    fn restore(this: &Watch);

    #[wasm_bindgen(method)]
    fn terminate(this: &Watch);
}

/// The worker as the page's types know it. Its code is in the other program; this end only needs
/// what goes in and out.
struct FarEnd;

impl Worker for FarEnd {
    type Message = ();
    type Input = Packet;
    type Output = Packet;

    fn create(_: &WorkerScope<Self>) -> Self {
        Self
    }

    fn update(&mut self, _: &WorkerScope<Self>, (): ()) {}

    fn received(&mut self, _: &WorkerScope<Self>, _: Packet, _: HandlerId) {}
}

/// A worker of its own, spawned from a URL. Messages sent before it has loaded wait in order.
/// Dropping the port ends the worker.
pub struct WorkerPort {
    bridge: RefCell<Option<WorkerBridge<FarEnd>>>,
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
        let watch = watch(url, &report);
        let bridge = WorkerSpawner::<FarEnd>::new()
            .encoding::<PacketCodec>()
            .callback(move |packet: Packet| tell(received(&packet)))
            .with_loader(true)
            .as_module(true)
            .spawn(url);
        watch.restore();
        Self { bridge: RefCell::new(Some(bridge)), watch, live, _report: report }
    }
}

impl Port for WorkerPort {
    fn send(&self, message: ToWorker) {
        // Encoding plain data fails only where memory does; then there is nobody to tell.
        if let (Some(bridge), Ok(bytes)) = (&*self.bridge.borrow(), encode(&message)) {
            bridge.send(Packet(bytes));
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

fn received(packet: &Packet) -> PortEvent {
    match decode::<FromWorker>(&packet.0) {
        Ok(message) => PortEvent::Message(message),
        Err(error) => PortEvent::Failed(PortFailure::OtherBuild(error.to_string())),
    }
}

fn failure(kind: &str, text: String) -> PortFailure {
    match kind {
        "missing" => PortFailure::Missing(text),
        "blocked" => PortFailure::Blocked(text),
        // Something answers, but not in our language.
        "foreign" => PortFailure::OtherBuild(DecodeError::Malformed(text).to_string()),
        _ => PortFailure::Crashed(text),
    }
}
