//! How long ago something was.

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
    let date = js_sys::Date::new(&(props.at as f64).into());
    // A time no calendar has (a server's mistake) has no parts to show.
    if date.get_time().is_nan() {
        return html! { <time>{ "–" }</time> };
    }
    // One text for machines and people: local date and time is a form HTML knows.
    let exact = AttrValue::from(exact(&date));
    html! { <time datetime={exact.clone()} title={exact}>{ text }</time> }
}

/// The local time to the second. By hand: a locale's formatter costs more than the row.
pub(crate) fn exact(date: &js_sys::Date) -> String {
    format!(
        "{}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.get_full_year(),
        date.get_month() + 1,
        date.get_date(),
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds()
    )
}

/// The local time to the minute.
pub(crate) fn clock(date: &js_sys::Date) -> String {
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}
