//! The worker: an IO shell round the engine's [`Node`](sentinelops_engine::tabs::Node). No policy here.
//!
//! [`agent`] meets the page, [`shell`] drives the node, [`socket`], [`store`] and [`tabs`] do what it
//! asks, `lifecycle` tells it what the browser says. Nothing of Yew's is reachable from here.

#[doc(hidden)]
pub mod agent;
mod clock;
#[cfg(feature = "lab")]
mod faults;
mod last_state;
mod lifecycle;
#[cfg(feature = "in_page")]
mod local_port;
#[doc(hidden)]
pub mod shell;
#[doc(hidden)]
pub mod socket;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod tabs;
mod traces;

#[cfg(feature = "in_page")]
pub(crate) use local_port::LocalPort;

use crate::bridge::BridgeCodec;
use agent::Agent;
use wasm_bindgen::JsValue;
use yew_agent::Registrable;

/// What the worker program's `main` calls: registers the worker and returns; everything else
/// happens in events.
///
/// ```no_run
/// // All that `main` of the worker's program does:
/// sentinelops_realtime::worker::worker_main();
/// ```
pub fn worker_main() {
    // A panic ends in a trap, which the page receives through the worker's `error` event. That event
    // does not say much, so the message goes to the console first.
    std::panic::set_hook(Box::new(|info| {
        web_sys::console::error_1(&JsValue::from_str(&format!("the worker stopped: {info}")));
    }));
    #[cfg(feature = "lab")]
    {
        faults::show_memory();
        faults::at_start();
    }
    Agent::registrar().encoding::<BridgeCodec>().register();
}
