//! One shape per state, so that colour never says it alone.

use sentinelops_engine::ConnectionState;
use yew::prelude::*;

/// See [`Glyph`].
#[derive(Properties, PartialEq)]
pub struct GlyphProps {
    /// Which state.
    pub state: ConnectionState,
}

/// Full disc, broken ring, hollow ring with a bar, triangle.
#[component]
pub fn Glyph(props: &GlyphProps) -> Html {
    let shape = match props.state {
        ConnectionState::Connected => html! {
            <>
                <circle cx="7" cy="7" r="6" fill="currentColor" />
                <path class="so-status__tick" d="m4.2 7.2 2 2 3.6-4.2" fill="none" stroke-width="1.6"
                    stroke-linecap="round" stroke-linejoin="round" />
            </>
        },
        ConnectionState::Connecting | ConnectionState::Reconnecting => html! {
            <circle class="so-status__turning" cx="7" cy="7" r="5.2" fill="none" stroke="currentColor"
                stroke-width="1.8" stroke-dasharray="6.2 4.7" />
        },
        ConnectionState::Disconnected => html! {
            <>
                <circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" stroke-width="1.8" />
                <path d="M3.5 10.5l7-7" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" />
            </>
        },
        ConnectionState::Error => html! {
            <>
                <path d="M7 1.2 13.2 12.6H.8Z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" />
                <path class="so-status__tick" d="M7 5v3.6M7 10.6v.2" fill="none" stroke-width="1.5"
                    stroke-linecap="round" />
            </>
        },
    };
    html! { <svg class="so-status__glyph" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{ shape }</svg> }
}
