//! What the browser says to the worker itself. The page forwards what only it can see.

use gloo::events::EventListener;
use sentinelops_engine::Hint;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::EventTarget;

/// Listens until dropped.
pub(super) struct Lifecycle {
    _listeners: [EventListener; 2],
}

impl Lifecycle {
    pub(super) fn listen(tell: Rc<dyn Fn(Hint)>) -> Self {
        let global: EventTarget = js_sys::global().unchecked_into();
        let listener = |name: &'static str, hint| {
            let tell = tell.clone();
            EventListener::new(&global, name, move |_| tell(hint))
        };
        Self { _listeners: [listener("online", Hint::Online), listener("offline", Hint::Offline)] }
    }
}
