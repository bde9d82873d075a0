//! Whether a media query matches.

use gloo::events::EventListener;
use yew::prelude::*;

/// Whether the query matches now; renders when that changes.
#[hook]
pub fn use_media(query: &'static str) -> bool {
    let matches = use_state_eq(|| ask(query).is_some_and(|list| list.matches()));
    let set = matches.setter();
    use_effect_with(query, move |query| {
        let listener = ask(query).map(|list| {
            set.set(list.matches());
            let asked = list.clone();
            EventListener::new(&list, "change", move |_| set.set(asked.matches()))
        });
        move || drop(listener)
    });
    *matches
}

fn ask(query: &str) -> Option<web_sys::MediaQueryList> {
    web_sys::window()?.match_media(query).ok()?
}
