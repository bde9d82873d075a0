//! A text kept on this device, the same in all its tabs.

use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Storage, StorageEvent};
use yew::prelude::*;

/// The event of a change.
const CHANGED: &str = "storage";

/// See [`use_stored`].
#[derive(Clone, PartialEq)]
pub struct Stored {
    /// What is kept; `None`: nothing.
    pub text: Option<AttrValue>,
    /// Keeps another one; an empty one forgets it.
    pub set: Callback<String>,
}

/// What `localStorage` has under `key`. Full or forbidden, it lasts until the page is closed.
#[hook]
pub fn use_stored(key: AttrValue) -> Stored {
    let text = use_state_eq(|| read_stored(&key));
    let set = use_callback((key.clone(), text.setter()), |text: String, (key, set)| {
        let is_written = write_stored(key, &text);
        set.set(Some(text).filter(|text| !text.is_empty()).map(AttrValue::from));
        // Browsers send the event to the other tabs only; on this page others may show the same text.
        if let (true, Some(window), Ok(event)) = (is_written, web_sys::window(), Event::new(CHANGED)) {
            // Nobody cancels it.
            let _ = window.dispatch_event(&event);
        }
    });
    use_effect_with(key, {
        let set = text.setter();
        move |key| {
            set.set(read_stored(key));
            let key = key.clone();
            let listener = web_sys::window().map(|window| {
                EventListener::new(&window, CHANGED, move |event| {
                    let event = event.dyn_ref::<StorageEvent>();
                    // Without a key everything was deleted; without more than its name it is from this page.
                    if event.is_none_or(|event| event.key().is_none_or(|changed| changed == *key)) {
                        set.set(read_stored(&key));
                    }
                })
            });
            move || drop(listener)
        }
    });
    Stored { text: (*text).clone(), set }
}

/// What is kept now.
pub fn read_stored(key: &str) -> Option<AttrValue> {
    storage()?.get_item(key).ok().flatten().map(AttrValue::from)
}

/// Keeps another text, or forgets it where that is empty. `false`: storage is full or forbidden.
pub fn write_stored(key: &str, text: &str) -> bool {
    let write = |storage: Storage| match text.is_empty() {
        true => storage.remove_item(key),
        false => storage.set_item(key, text),
    };
    storage().is_some_and(|storage| write(storage).is_ok())
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
