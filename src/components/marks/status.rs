//! Where an incident stands.

use super::capital;
use sentinelops_protocol::domain::IncidentStatus;
use yew::prelude::*;

/// The word people read.
pub fn status_word(status: &IncidentStatus) -> AttrValue {
    match status {
        IncidentStatus::New => AttrValue::Static("New"),
        IncidentStatus::Acknowledged => AttrValue::Static("Acknowledged"),
        IncidentStatus::Investigating => AttrValue::Static("Investigating"),
        IncidentStatus::Escalated => AttrValue::Static("Escalated"),
        IncidentStatus::Resolved => AttrValue::Static("Resolved"),
        IncidentStatus::Other(text) => capital(text).into(),
    }
}

/// A circle that fills as the incident goes on: empty ring, dot, half, up arrow, tick. `None`: unknown.
pub fn status_mark(status: Option<&IncidentStatus>) -> Html {
    let ring =
        html! { <circle cx="7" cy="7" r="5.4" fill="none" stroke="currentColor" stroke-width="1.5" /> };
    let (class, shape) = match status {
        Some(IncidentStatus::New) => ("new", ring),
        Some(IncidentStatus::Acknowledged) => {
            ("acknowledged", html! { <>{ ring }<circle cx="7" cy="7" r="2" fill="currentColor" /></> })
        }
        Some(IncidentStatus::Investigating) => (
            "investigating",
            html! { <>{ ring }<path d="M7 3.4a3.6 3.6 0 0 1 0 7.2Z" fill="currentColor" /></> },
        ),
        Some(IncidentStatus::Escalated) => (
            "escalated",
            html! {
                <>{ ring }<path d="M7 10V4.4M4.8 6.4 7 4.2l2.2 2.2" fill="none" stroke="currentColor" stroke-width="1.5" /></>
            },
        ),
        Some(IncidentStatus::Resolved) => (
            "resolved",
            html! {
                <>
                    <circle cx="7" cy="7" r="6" fill="currentColor" />
                    <path d="m4.2 7.2 2 2 3.6-4.2" fill="none" stroke="var(--surface)" stroke-width="1.6" />
                </>
            },
        ),
        Some(IncidentStatus::Other(_)) | None => (
            "other",
            html! {
                <circle cx="7" cy="7" r="5.4" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.4 2" />
            },
        ),
    };
    let word = status.map_or(AttrValue::Static("Unknown"), status_word);
    html! {
        <span class={classes!("tag", format!("tag--{class}"))} data-testid="incident-status">
            <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{ shape }</svg>
            <span>{ word }</span>
        </span>
    }
}
