//! What a printed page says above its lists: when it was true, who printed it, whether it was live.

use crate::components::hooks::use_media;
use crate::components::zone::use_zone;
use sentinelops_realtime::use_connection;
use yew::prelude::*;

/// Present only while the page is printed.
#[component]
pub fn PrintHeader() -> Html {
    let (connection, zone) = (use_connection(), use_zone());
    if !use_media("print") {
        return Html::default();
    }
    let now = zone.exact(js_sys::Date::now() as u64);
    let user = connection.client().user().map(|user| format!(", printed by {user}")).unwrap_or_default();
    let live = if connection.is_connected { "" } else { ". Not connected: what follows may be out of date" };
    html! { <p class="print-header" data-testid="print-header">{ format!("As of {now}{user}{live}") }</p> }
}
