//! Severity.

use super::capital;
use sentinelops_protocol::domain::Severity;
use yew::prelude::*;

/// The word people read.
pub fn severity_word(severity: &Severity) -> AttrValue {
    match severity {
        Severity::Critical => AttrValue::Static("Critical"),
        Severity::High => AttrValue::Static("High"),
        Severity::Medium => AttrValue::Static("Medium"),
        Severity::Low => AttrValue::Static("Low"),
        Severity::Other(text) => capital(text).into(),
    }
}

/// Most urgent first: 0 for critical. A severity this version does not know comes after high: it may be urgent.
pub fn severity_rank(severity: Option<&Severity>) -> u8 {
    match severity {
        Some(Severity::Critical) => 0,
        Some(Severity::High) => 1,
        Some(Severity::Other(_)) => 2,
        Some(Severity::Medium) => 3,
        Some(Severity::Low) => 4,
        None => 5,
    }
}

/// Diamond, triangle, square, bar: distinguished without colour and at a glance. `None`: unknown.
pub fn severity_mark(severity: Option<&Severity>) -> Html {
    let (class, shape) = match severity {
        Some(Severity::Critical) => (
            "critical",
            html! {
                <>
                    <path d="M7 .8 13.2 7 7 13.2.8 7Z" fill="currentColor" />
                    <path d="M7 4v3.6M7 9.6v.2" stroke="var(--surface)" stroke-width="1.6" stroke-linecap="round" />
                </>
            },
        ),
        Some(Severity::High) => ("high", html! { <path d="M7 1.6 13 12.4H1Z" fill="currentColor" /> }),
        Some(Severity::Medium) => (
            "medium",
            html! {
                <path d="M2.2 2.2h9.6v9.6H2.2Z" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" />
            },
        ),
        Some(Severity::Low) => (
            "low",
            html! {
                <path d="M2 7h10" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
            },
        ),
        Some(Severity::Other(_)) | None => (
            "other",
            html! {
                <circle cx="7" cy="7" r="4.4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.2 2.2" />
            },
        ),
    };
    let word = severity.map_or(AttrValue::Static("Unrated"), severity_word);
    html! {
        <span class={classes!("mark", format!("mark--{class}"))} data-testid="severity">
            <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{ shape }</svg>
            <span class="mark__word">{ word }</span>
        </span>
    }
}
