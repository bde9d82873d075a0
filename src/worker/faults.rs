//! Doors for end-to-end tests. Only in builds with the feature `faults`.

use super::socket::Socket;
use super::store::Store;

/// Lets a test read how large this program's memory is.
pub(super) fn show_memory() {
    let name = wasm_bindgen::JsValue::from_str("sentinelopsMemory");
    // A worker's global takes any property.
    let _ = js_sys::Reflect::set(&js_sys::global(), &name, &wasm_bindgen::memory());
}

/// Never gets further where the worker's address ends in `#hang`: a program that is there and does not start.
pub(super) fn at_start() {
    let location = js_sys::Reflect::get(&js_sys::global(), &"location".into());
    let hash = location.and_then(|location| js_sys::Reflect::get(&location, &"hash".into()));
    if hash.is_ok_and(|hash| hash == "#hang") {
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
