//! The page.

use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <main>{ "SentinelOps" }</main> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
