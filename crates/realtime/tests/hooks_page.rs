//! Provider and hooks in a real page, on the fake connection of the testing kit.

#![cfg(target_arch = "wasm32")]

#[path = "hooks_page/callbacks.rs"]
mod callbacks;
#[path = "hooks_page/chat.rs"]
mod chat;
#[path = "hooks_page/connection_status.rs"]
mod connection_status;
#[path = "hooks_page/each.rs"]
mod each;
#[path = "hooks_page/feeds.rs"]
mod feeds;
#[path = "hooks_page/late.rs"]
mod late;
#[path = "hooks_page/leaks.rs"]
mod leaks;
mod mount;
#[path = "hooks_page/providers.rs"]
mod providers;
#[path = "hooks_page/raw.rs"]
mod raw;
#[path = "hooks_page/renders.rs"]
mod renders;
#[path = "hooks_page/sends.rs"]
mod sends;
mod uncaught;
#[path = "hooks_page/unload.rs"]
mod unload;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
