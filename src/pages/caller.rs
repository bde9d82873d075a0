//! What every page has: it calls the person, and answers keys.

use super::Route;
use super::console::{address_of, use_selected};
use crate::commands::Command;
use crate::components::attention::Caller;
use crate::components::commands::CommandCenter;
use yew::prelude::*;
use yew_router::prelude::*;

/// Notifications, keys and palette; what leads to another page.
#[component]
pub fn PagesCaller() -> Html {
    let navigator = use_navigator();
    let selected = use_selected();
    let on_notification = use_callback(navigator.clone(), |incident: Option<String>, navigator| {
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
    let on_open = on_notification.reform(Some);
    let on_go = use_callback(navigator, |command, navigator| {
        if let Some(navigator) = navigator {
            navigator.push(if command == Command::GoDemo { &Route::RealtimeDemo } else { &Route::Console });
        }
    });
    html! {
        <>
            <Caller on_open={on_notification} />
            <CommandCenter {on_open} {on_go} {selected} />
        </>
    }
}
