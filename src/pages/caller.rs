//! What a pressed notification opens.

use super::Route;
use super::console::address_of;
use crate::components::attention::Caller;
use yew::prelude::*;
use yew_router::prelude::*;

/// Calls the person, on every page.
#[component]
pub fn PagesCaller() -> Html {
    let navigator = use_navigator();
    let on_open = use_callback(navigator, |incident: Option<String>, navigator| {
        let Some(navigator) = navigator else { return };
        match incident {
            None => navigator.push(&Route::Console),
            Some(id) => {
                if let Err(error) = navigator.push_with_query(&Route::Console, address_of(&id)) {
                    log::warn!("the address of incident {id} cannot be written: {error}");
                }
            }
        }
    });
    html! { <Caller {on_open} /> }
}
