//! Keeps the screen on.

use crate::components::hooks::use_visible;
use gloo::events::EventListener;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::EventTarget;
use yew::prelude::*;

/// Asks the browser to keep the screen on, again whenever the page comes back into view: it lets go of it when the page is
/// hidden. `Some(false)`: it does not (no https, battery low, not supported). `None`: not known yet.
#[hook]
pub fn use_wake_lock() -> Option<bool> {
    let is_kept = use_state_eq(|| None);
    let is_visible = use_visible();
    let ended = use_mut_ref(|| None::<EventListener>);
    use_effect_with(is_visible, {
        let set = is_kept.setter();
        move |is_visible| {
            if *is_visible {
                spawn_local(async move {
                    let lock = ask().await;
                    set.set(Some(lock.is_ok()));
                    if let Ok(lock) = lock {
                        let listener = EventListener::once(&lock, "release", move |_| set.set(Some(false)));
                        ended.replace(Some(listener));
                    }
                });
            }
        }
    });
    *is_kept
}

/// `navigator.wakeLock.request("screen")`: web-sys has it among its unstable interfaces only.
async fn ask() -> Result<EventTarget, JsValue> {
    let navigator = gloo::utils::window().navigator();
    let locks = Reflect::get(&navigator, &"wakeLock".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let asked: Promise = request.call1(&locks, &"screen".into())?.dyn_into()?;
    JsFuture::from(asked).await?.dyn_into()
}
