//! What runs in a page, in one program: provider and hooks on the fake connection of the testing kit, and the port to the
//! worker. The browser is started and the program linked once for all of them.
#![cfg(target_arch = "wasm32")]

mod hooks;
#[path = "../mount/mod.rs"]
mod mount;
mod port;
mod port_to_gateway;
#[path = "../surroundings/mod.rs"]
mod surroundings;
#[path = "../uncaught/mod.rs"]
mod uncaught;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
