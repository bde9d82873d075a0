//! The page at `/realtime-demo`.

use sentinelops::pages::{NotFoundPage, RealtimeDemoPage, Route};
use yew::prelude::*;

fn page(route: Route) -> Html {
    match route {
        Route::RealtimeDemo => html! { <RealtimeDemoPage /> },
        _ => html! { <NotFoundPage /> },
    }
}

fn main() {
    sentinelops::program::run(page);
}
