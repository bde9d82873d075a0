//! Live incidents in thirty lines: a provider, one hook, the ready-made connection status.

use sentinelops_realtime::connection_status::adopt_css;
use sentinelops_realtime::{ConnectionStatus, WebSocketProvider, install_reload_screen, use_incidents};
use yew::prelude::*;

#[component]
fn Incidents() -> Html {
    let feed = use_incidents();
    if !feed.is_loaded {
        return html! { <p>{ "Waiting for the first incidents…" }</p> };
    }
    html! {
        <ul>
            for row in &feed.items {
                <li key={row.id.clone()}>
                    { row.title.as_deref().unwrap_or("(no title)").to_owned() }
                    { row.status.as_ref().map(|status| format!(" [{status}]")).unwrap_or_default() }
                </li>
            }
        </ul>
    }
}

#[component]
fn App() -> Html {
    html! {
        <WebSocketProvider url="ws://localhost:3001">
            <h1>{ "Incidents" }</h1>
            <ConnectionStatus compact=true />
            <Incidents />
        </WebSocketProvider>
    }
}

fn main() {
    // A mistake in the program then shows a screen that asks to reload instead of a dead page.
    install_reload_screen();
    // Instead of the style sheet as a file.
    adopt_css();
    yew::Renderer::<App>::new().render();
}
