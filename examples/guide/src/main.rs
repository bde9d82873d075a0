mod resolve;
mod ticker;

use resolve::Resolve;
use sentinelops_realtime::{ConnectionStatus, WebSocketProvider, connection_status, use_incidents};
use ticker::Ticker;
use yew::prelude::*;

#[component]
fn Incidents() -> Html {
    let feed = use_incidents();
    html! {
        <ul>
            for row in &feed.items {
                <li key={row.id.clone()}>{ row.title.clone().unwrap_or_default() }</li>
            }
        </ul>
    }
}

#[component]
fn App() -> Html {
    html! {
        <WebSocketProvider>
            <ConnectionStatus compact=true />
            <Resolve />
            <Ticker />
            <Incidents />
        </WebSocketProvider>
    }
}

fn main() {
    // A panic then shows a screen that asks to reload.
    sentinelops_realtime::install_reload_screen();
    // The style sheet of `<ConnectionStatus>`.
    connection_status::adopt_css();
    yew::Renderer::<App>::new().render();
}
