//! The laboratory's half of the worker: faults of connection, store, clock and worker, and requests to a gateway run with
//! `--test-admin`. Only with the feature `lab`. The page and the end-to-end tests bring them about by the same names.

mod active;
mod frames;
mod lane;
mod relay;
mod rules;
mod socket;
mod tap;

pub(super) use relay::Relay;
pub(super) use socket::Socket;

use super::store::{LINK_VERSION, Store};
use crate::bridge::ENDED;
use js_sys::Function;
use sentinelops_engine::Hint;
use wasm_bindgen::JsCast;

/// Lets a test read how large this program's memory is.
pub(super) fn show_memory() {
    let name = wasm_bindgen::JsValue::from_str("sentinelopsMemory");
    // A worker's global takes any property.
    let _ = js_sys::Reflect::set(&js_sys::global(), &name, &wasm_bindgen::memory());
}

/// The version of what tabs share. `?link-version=N` at the worker's script makes it that of another build.
pub(super) fn link_version() -> u32 {
    let version = address("search").and_then(|query| query.strip_prefix("?link-version=")?.parse().ok());
    version.unwrap_or(LINK_VERSION)
}

/// A part of the address of the worker's script.
fn address(part: &str) -> Option<String> {
    let location = js_sys::Reflect::get(&js_sys::global(), &"location".into()).ok()?;
    js_sys::Reflect::get(&location, &part.into()).ok()?.as_string()
}

/// Never gets further where the worker's address ends in `#hang`: a program that is there and does not start.
pub(super) fn at_start() {
    if address("hash").is_some_and(|hash| hash == "#hang") {
        hang();
    }
}

/// Ends this worker as a killed tab ends: what it holds is the browser's to release.
fn end() {
    let worker = js_sys::global();
    let close = js_sys::Reflect::get(&worker, &"close".into())
        .ok()
        .and_then(|close| close.dyn_into::<Function>().ok());
    // It has no answer, and every worker has it.
    let _ = close.map(|close| close.call0(&worker));
}

fn hang() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

/// Ms that the wall clock is ahead.
pub(super) fn clock_ms() -> i64 {
    active::with(|active| active.clock_ms)
}

/// Nothing can be written to the disk.
pub(super) fn is_disk_full() -> bool {
    active::with(|active| active.full_disk)
}

/// Carries out what the page asks for. What is of the connection or the store is done where these are: in the tab that
/// leads. What the browser is to have said is answered.
pub(super) fn take(request: &str, socket: Option<&Socket>, store: &Store, relay: &Relay) -> Option<Hint> {
    match request {
        "panic" => panic!("a test asked for it"),
        "hang" => hang(),
        _ => {}
    }
    if socket.is_none() || is_for_all(request) {
        relay.ask(request);
    }
    asked(request, socket, store, relay)
}

/// Whether every tab carries it out: any of them may lead next.
fn is_for_all(request: &str) -> bool {
    ["on ", "off ", "reset", "frames"].iter().any(|word| request.starts_with(word))
}

/// The part of this tab in what some tab asks for.
pub(super) fn asked(request: &str, socket: Option<&Socket>, store: &Store, relay: &Relay) -> Option<Hint> {
    let mut words = request.split(' ');
    match (words.next(), socket) {
        (Some(word @ ("on" | "off")), _) => {
            let name = words.next().unwrap_or_default();
            let numbers: Vec<i64> = words.filter_map(|word| word.parse().ok()).collect();
            let is_on = word == "on";
            active::with(|active| active.switch(name, &numbers, is_on));
            if let ("blocked", true, Some(socket)) | ("lose-acks", false, Some(socket)) =
                (name, is_on, socket)
            {
                socket.close_from_outside();
            }
            (name == "offline").then_some(if is_on { Hint::Offline } else { Hint::Online })
        }
        (Some("frames"), _) => {
            tap::watch(words.next() == Some("contents"));
            None
        }
        (Some("reset"), _) => {
            let was_offline = active::with(std::mem::take).offline;
            was_offline.then_some(Hint::Online)
        }
        (Some("close-socket"), Some(socket)) => {
            socket.close_from_outside();
            None
        }
        (Some("end-leader"), Some(_)) => {
            relay.tell(ENDED.to_owned());
            end();
            None
        }
        // Of the tab that leads; a tab by itself has no other.
        (Some("dead-store"), _) => {
            store.kill_handle();
            None
        }
        (_, Some(socket)) if request.starts_with('{') => {
            socket.request(request);
            None
        }
        _ => None,
    }
}
