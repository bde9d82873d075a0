//! Doors for end-to-end tests. Only in builds with the feature `faults`.

use super::socket::Socket;
use super::store::{LINK_VERSION, Store};

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

fn hang() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

/// Does harm by name; an unknown name does none.
pub(super) fn open(name: &str, socket: Option<&Socket>, store: Option<&Store>) {
    match name {
        "panic" => panic!("a test asked for it"),
        "hang" => hang(),
        "close-socket" => {
            if let Some(socket) = socket {
                socket.close_from_outside();
            }
        }
        "dead-store" => {
            if let Some(store) = store {
                store.kill_handle();
            }
        }
        _ => {}
    }
}
