//! Time and randomness, the same way in a worker and in a page.

use sentinelops_engine::Now;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn random_bytes(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// Both clocks.
pub(super) fn now() -> Now {
    let wall = js_sys::Date::now() as u64;
    #[cfg(feature = "lab")]
    let wall = wall.saturating_add_signed(super::faults::clock_ms());
    Now { mono: performance_now() as u64, wall }
}

/// A seed for the engine.
pub(super) fn seed() -> u64 {
    let mut bytes = [0; 8];
    match random_bytes(&mut bytes) {
        Ok(_) => u64::from_le_bytes(bytes),
        Err(_) => js_sys::Math::random().to_bits() ^ js_sys::Math::random().to_bits().rotate_left(32),
    }
}
