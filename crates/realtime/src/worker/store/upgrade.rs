//! Records of an older build, rewritten once, in the very transaction that raises the database's version:
//! all of them or, should it abort, none.

use super::record::{self, Older};
use gloo::events::EventListener;
use js_sys::{Array, Uint8Array};
use sentinelops_engine::StoreName;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{
    EventTarget, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbVersionChangeEvent,
};

/// Listens while a database is being opened. Made after the stores are seen to: listeners are called in
/// their order.
pub(super) struct Upgrade {
    _listener: EventListener,
    _reads: Reads,
}

/// What is being read, for as long as the upgrade lasts.
type Reads = Rc<RefCell<Vec<EventListener>>>;

impl Upgrade {
    pub(super) fn of(request: &IdbOpenDbRequest, older: &'static [Older]) -> Self {
        let opening = request.clone();
        let reads = Reads::default();
        let begun = reads.clone();
        let listener = EventListener::once(request, "upgradeneeded", move |event| {
            let is_new =
                event.dyn_ref::<IdbVersionChangeEvent>().is_none_or(|event| event.old_version() == 0.0);
            if let Some(transaction) = opening.transaction().filter(|_| !is_new)
                && !older.is_empty()
                && rewrite(&transaction, older, &begun).is_none()
            {
                // Stays as it was; the store is away, and says so.
                let _ = transaction.abort();
            }
        });
        Self { _listener: listener, _reads: reads }
    }
}

fn rewrite(transaction: &IdbTransaction, older: &'static [Older], reads: &Reads) -> Option<()> {
    for name in StoreName::ALL {
        let store = transaction.object_store(name.as_str()).ok()?;
        let (keys, values) = (store.get_all_keys().ok()?, store.get_all().ok()?);
        let transaction = transaction.clone();
        let target: EventTarget = values.clone().unchecked_into();
        // Answered in the order they were asked: the keys are there, too.
        let read = EventListener::once(&target, "success", move |_| {
            if renew(&store, name, older, &keys, &values).is_none() {
                let _ = transaction.abort();
            }
        });
        reads.borrow_mut().push(read);
    }
    Some(())
}

/// What cannot be read stays where it is: it is found and set aside like any other.
fn renew(
    store: &IdbObjectStore,
    name: StoreName,
    older: &[Older],
    keys: &IdbRequest,
    values: &IdbRequest,
) -> Option<()> {
    let keys: Array = keys.result().ok()?.dyn_into().ok()?;
    let values: Array = values.result().ok()?.dyn_into().ok()?;
    for (key, value) in keys.iter().zip(values.iter()) {
        let bytes = value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        if let Some(renewed) = record::renewed(older, name, &bytes) {
            store.put_with_key(&Uint8Array::from(renewed.as_slice()), &key).ok()?;
        }
    }
    Some(())
}
