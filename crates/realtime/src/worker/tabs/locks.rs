//! Who leads, and who is alive: Web Locks, and leases where the browser has none.

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

#[wasm_bindgen(module = "/src/worker/tabs/leases.js")]
extern "C" {
    type Lease;

    #[wasm_bindgen(constructor)]
    fn new(name: &str, tell: &Closure<dyn Fn(String)>) -> Lease;

    #[wasm_bindgen(method)]
    fn request(this: &Lease);

    #[wasm_bindgen(method)]
    fn steal(this: &Lease);

    #[wasm_bindgen(method)]
    fn release(this: &Lease);

    #[wasm_bindgen(catch, js_name = namesLeased)]
    async fn names_leased(prefix: &str) -> Result<JsValue, JsValue>;
}

enum Kind {
    WebLock(TabLock),
    Lease(Lease),
}

/// A named lock. Dropping it gives it back.
pub(super) struct Lock {
    kind: Kind,
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
        let kind = match has_web_locks() {
            true => Kind::WebLock(TabLock::new(name, &tell)),
            false => Kind::Lease(Lease::new(name, &tell)),
        };
        Self { kind, _tell: tell }
    }

    pub(super) fn carry_out(&self, request: LockRequest) {
        match (&self.kind, request) {
            (Kind::WebLock(lock), LockRequest::Request) => lock.request(),
            (Kind::WebLock(lock), LockRequest::Steal) => lock.steal(),
            (Kind::WebLock(lock), LockRequest::Release) => lock.release(),
            (Kind::Lease(lease), LockRequest::Request) => lease.request(),
            (Kind::Lease(lease), LockRequest::Steal) => lease.steal(),
            (Kind::Lease(lease), LockRequest::Release) => lease.release(),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.carry_out(LockRequest::Release);
    }
}

/// Full names of the locks that are held and begin so; `None` if the browser does not say.
pub(super) async fn names_held(prefix: &str) -> Option<Vec<String>> {
    let names = if has_web_locks() { held(prefix).await } else { names_leased(prefix).await };
    let names: js_sys::Array = names.ok()?.dyn_into().ok()?;
    Some(names.iter().filter_map(|name| name.as_string()).collect())
}

/// Browsers show them to secure contexts only.
fn has_web_locks() -> bool {
    let property = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &JsValue::from_str(name)).ok();
    let navigator = property(&js_sys::global(), "navigator").filter(JsValue::is_object);
    navigator.and_then(|navigator| property(&navigator, "locks")).is_some_and(|locks| locks.is_object())
}
