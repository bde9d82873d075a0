//! What every page has: it calls the person, and answers keys.

use super::Route;
use super::address::{go, use_pairs, use_selected, with_incident};
use crate::board::Pairs;
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
    let pairs = use_pairs();
    let is_console = use_route::<Route>() == Some(Route::Console);
    let on_notification = use_callback(
        (navigator.clone(), pairs.clone(), is_console),
        |incident: Option<String>, (navigator, pairs, is_console)| {
            // The filter of another page's board is not the one of the console.
            let kept = if *is_console { (**pairs).clone() } else { Pairs::new() };
            if let Some(navigator) = navigator {
                go(navigator, &Route::Console, &with_incident(&kept, incident.as_deref()), true);
            }
        },
    );
    let on_open = on_notification.reform(Some);
    let on_view = use_callback(navigator.clone(), |view: Pairs, navigator| {
        if let Some(navigator) = navigator {
            go(navigator, &Route::Console, &view, true);
        }
    });
    let on_go = use_callback((navigator, pairs), |command, (navigator, pairs)| {
        let (to, pairs) = match command {
            Command::GoDemo => (Route::RealtimeDemo, Pairs::new()),
            // It shows what this board shows.
            Command::GoWall => (Route::Wall, with_incident(pairs, None)),
            _ => (Route::Console, Pairs::new()),
        };
        if let Some(navigator) = navigator {
            go(navigator, &to, &pairs, true);
        }
    });
    html! {
        <>
            <Caller on_open={on_notification} />
            <CommandCenter {on_open} {on_view} {on_go} {selected} />
        </>
    }
}
