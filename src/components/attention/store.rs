//! The preferences on this device, the same in all its tabs.

use crate::attention::Preferences;
use gloo::events::EventListener;
use web_sys::{Storage, StorageEvent};
use yew::prelude::*;

const KEY: &str = "sentinelops.attention";

/// The preferences, and how to change them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttentionChoice {
    /// As they are now.
    pub preferences: Preferences,
    /// Keeps others.
    pub set: Callback<Preferences>,
}

/// See [`AttentionProvider`].
#[derive(Properties, PartialEq)]
pub struct AttentionProviderProps {
    /// What wants to know them.
    pub children: Html,
}

/// Gives [`AttentionChoice`] to everything below.
#[component]
pub fn AttentionProvider(props: &AttentionProviderProps) -> Html {
    let preferences = use_state_eq(stored);
    let set = use_callback((), {
        let set = preferences.setter();
        move |preferences: Preferences, ()| {
            if let Some(storage) = storage() {
                // Storage that is full or forbidden: the choice then lasts until the page is closed.
                let _ = storage.set_item(KEY, &preferences.print());
            }
            set.set(preferences);
        }
    });
    use_effect_with((), {
        let set = preferences.setter();
        move |()| {
            let listener = web_sys::window().map(|window| {
                EventListener::new(&window, "storage", move |event| {
                    let event = wasm_bindgen::JsCast::dyn_ref::<StorageEvent>(event);
                    // Without a key everything was deleted.
                    if event.is_some_and(|event| event.key().is_none_or(|key| key == KEY)) {
                        set.set(stored());
                    }
                })
            });
            move || drop(listener)
        }
    });
    let choice = AttentionChoice { preferences: (*preferences).clone(), set };
    html! { <ContextProvider<AttentionChoice> context={choice}>{ props.children.clone() }</ContextProvider<AttentionChoice>> }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn stored() -> Preferences {
    let text = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    text.map_or_else(Preferences::default, |text| Preferences::parse(&text))
}
