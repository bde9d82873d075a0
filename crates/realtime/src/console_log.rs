//! `log` to the browser's console, for programs that installed no logger of their own.

use log::{Level, LevelFilter, Log, Metadata, Record};
use std::cell::Cell;
use wasm_bindgen::JsValue;

struct Console;

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = JsValue::from_str(&format!("[{}] {}", record.target(), record.args()));
        match record.level() {
            Level::Error => web_sys::console::error_1(&line),
            Level::Warn => web_sys::console::warn_1(&line),
            Level::Info => web_sys::console::info_1(&line),
            Level::Debug | Level::Trace => web_sys::console::debug_1(&line),
        }
    }

    fn flush(&self) {}
}

/// Shows lines of this level and above; does nothing when the program has a logger of its own.
pub(crate) fn install(level: LevelFilter) {
    thread_local! {
        static OURS: Cell<bool> = const { Cell::new(false) };
    }
    if !cfg!(target_arch = "wasm32") {
        return;
    }
    if log::set_logger(&Console).is_ok() {
        OURS.set(true);
    }
    if OURS.get() {
        log::set_max_level(log::max_level().max(level));
    }
}
