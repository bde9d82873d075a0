//! Web Locks: who leads, and who is alive.

use sentinelops_engine::tabs::{LockEvent, LockRequest};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/worker/tabs/locks.js")]
extern "C" {
    type TabLock;

    #[wasm_bindgen(constructor)]
    fn new(name: &str, tell: &Closure<dyn Fn(String)>) -> TabLock;

    #[wasm_bindgen(method)]
    fn request(this: &TabLock);

    #[wasm_bindgen(method)]
    fn steal(this: &TabLock);

    #[wasm_bindgen(method)]
    fn release(this: &TabLock);

    #[wasm_bindgen(catch)]
    async fn held(prefix: &str) -> Result<JsValue, JsValue>;
}

/// A named lock. Dropping it gives it back.
pub(super) struct Lock {
    lock: TabLock,
    _tell: Closure<dyn Fn(String)>,
}

impl Lock {
    pub(super) fn new(name: &str, tell: Rc<dyn Fn(LockEvent)>) -> Self {
        let tell = Closure::<dyn Fn(String)>::new(move |event: String| {
            tell(match event.as_str() {
                "granted" => LockEvent::Granted,
                "lost" => LockEvent::Lost,
                _ => LockEvent::Unavailable,
            });
        });
        Self { lock: TabLock::new(name, &tell), _tell: tell }
    }

    pub(super) fn carry_out(&self, request: LockRequest) {
        match request {
            LockRequest::Request => self.lock.request(),
            LockRequest::Steal => self.lock.steal(),
            LockRequest::Release => self.lock.release(),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.lock.release();
    }
}

/// What follows `prefix` in the names of held locks; `None` if the browser does not say.
pub(super) async fn names_held(prefix: String) -> Option<Vec<String>> {
    let names: js_sys::Array = held(&prefix).await.ok()?.dyn_into().ok()?;
    Some(names.iter().filter_map(|name| name.as_string()).collect())
}
