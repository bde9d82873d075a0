//! What runs in a dedicated worker, in one program: the shell with its socket, the store, locks and channels of several
//! tabs. The browser is started and the program linked once for all of them.
#![cfg(target_arch = "wasm32")]

mod socket;
mod store;
#[path = "../surroundings/mod.rs"]
mod surroundings;
mod tabs;
#[path = "../uncaught/mod.rs"]
mod uncaught;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
