//! One worker at a time has a scope's store: two engines must never write the same rows.
//!
//! A tab that does not get it connects for itself and keeps what it sends in memory, which the engine
//! says ("not saved on this device") and tries to mend every 30 s, so that it takes the store over once
//! the other tab is gone.

use sentinelops_engine::tabs::LINK_VERSION;
use wasm_bindgen::prelude::*;

/// A reload meets the lock of the page it replaces: it passes within some 20 ms.
const PATIENCE_MS: u32 = 500;

#[wasm_bindgen(module = "/src/worker/gate.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn hold(name: &str, patience: u32) -> Result<JsValue, JsValue>;
}

/// The right to open the store. Dropping it lets another tab in.
pub(super) struct Pass {
    /// `None` where the browser has no locks.
    release: Option<js_sys::Function>,
}

impl Pass {
    /// `None`: another tab has it.
    pub(super) async fn get(scope: &str) -> Option<Self> {
        let answer = hold(&format!("sentinelops {LINK_VERSION} {scope} store"), PATIENCE_MS).await.ok()?;
        if answer.is_undefined() {
            return None;
        }
        Some(Self { release: answer.dyn_into().ok() })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            // It resolves a promise: it cannot fail.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}
