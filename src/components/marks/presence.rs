//! Whether an agent can take work.

use super::capital;
use sentinelops_protocol::domain::Presence;
use yew::prelude::*;

/// The word people read.
pub fn presence_word(presence: &Presence) -> AttrValue {
    match presence {
        Presence::Online => AttrValue::Static("Online"),
        Presence::Busy => AttrValue::Static("Busy"),
        Presence::Away => AttrValue::Static("Away"),
        Presence::Offline => AttrValue::Static("Offline"),
        Presence::Other(text) => capital(text).into(),
    }
}

/// Disc, barred disc, clock, empty ring.
pub fn presence_mark(presence: &Presence) -> Html {
    let ring =
        html! { <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.6" /> };
    let (class, shape) = match presence {
        Presence::Online => ("online", html! { <circle cx="6" cy="6" r="5" fill="currentColor" /> }),
        Presence::Busy => (
            "busy",
            html! {
                <>
                    <circle cx="6" cy="6" r="5" fill="currentColor" />
                    <path d="M3.6 6h4.8" stroke="var(--surface)" stroke-width="1.6" stroke-linecap="round" />
                </>
            },
        ),
        Presence::Away => (
            "away",
            html! { <>{ ring }<path d="M6 3.8V6l1.4 1" fill="none" stroke="currentColor" stroke-width="1.2" /></> },
        ),
        Presence::Offline | Presence::Other(_) => ("offline", ring),
    };
    html! {
        <span class={classes!("tag", format!("tag--{class}"))} data-testid="agent-presence">
            <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">{ shape }</svg>
            <span>{ presence_word(presence) }</span>
        </span>
    }
}
