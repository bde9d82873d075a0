//! How long ago something was.

use super::zone::use_zone;
use sentinelops_realtime::time_text::{ago, ago_words, use_time_text};
use yew::prelude::*;

/// See [`RelativeTime`].
#[derive(Properties, PartialEq)]
pub struct RelativeTimeProps {
    /// Ms since the epoch.
    pub at: u64,
    /// `4 minutes ago` instead of `4m`.
    #[prop_or_default]
    pub words: bool,
}

/// `4m`, with the exact time in its title. It alone renders when a minute has passed, never the row around it.
#[component]
pub fn RelativeTime(props: &RelativeTimeProps) -> Html {
    let text = use_time_text(props.at, if props.words { ago_words } else { ago });
    let title = use_zone().exact(props.at);
    html! { <time datetime={machine(props.at)} {title}>{ text }</time> }
}

/// See [`ClockTime`].
#[derive(Properties, PartialEq)]
pub struct ClockTimeProps {
    /// Ms since the epoch.
    pub at: u64,
}

/// `03:12:04`, with day and zone in its title.
#[component]
pub fn ClockTime(props: &ClockTimeProps) -> Html {
    let zone = use_zone();
    html! { <time datetime={machine(props.at)} title={zone.exact(props.at)}>{ zone.time(props.at) }</time> }
}

/// With its offset, so that it stays unambiguous when it is copied. `None`: no calendar has the time (a server's mistake).
fn machine(at: u64) -> Option<String> {
    let date = js_sys::Date::new(&(at as f64).into());
    (!date.get_time().is_nan()).then(|| date.to_iso_string().into())
}
