//! Texts that depend on the time of day, on the clock of the provider above ([`use_clock`]).
//!
//! Rows never render because time passes: each such text is its own little component, listens to the clock once a
//! second, and renders only when its words change.

use crate::use_clock;
use yew::prelude::*;

/// A text that is a function of the time and of `at`, both in ms since the epoch, kept up to date.
///
/// ```
/// use sentinelops_realtime::time_text::{ago, use_time_text};
/// use yew::prelude::*;
///
/// #[derive(PartialEq, Properties)]
/// struct AgeProps {
///     at: u64,
/// }
///
/// #[component]
/// fn Age(props: &AgeProps) -> Html {
///     let text = use_time_text(props.at, ago);
///     html! { <time>{ text }</time> }
/// }
/// ```
#[hook]
pub fn use_time_text(at: u64, words: fn(now: u64, at: u64) -> AttrValue) -> AttrValue {
    let clock = use_clock();
    let text = words(clock.now(), at);
    let shown = use_mut_ref(AttrValue::default);
    *shown.borrow_mut() = text.clone();
    let update = use_force_update();
    use_effect_with((at, clock), move |(at, clock)| {
        let at = *at;
        let ticking = clock.listen(Callback::from(move |now| {
            if words(now, at) != *shown.borrow() {
                update.force_update();
            }
        }));
        move || drop(ticking)
    });
    text
}

/// How long ago, in as few characters as say it: `now`, `4m`, `2h`, `3d`. Seconds are left out on purpose: a column
/// of counting numbers draws the eye and tells nothing.
///
/// ```
/// assert_eq!(sentinelops_realtime::time_text::ago(61_000, 0), "1m");
/// ```
pub fn ago(now: u64, at: u64) -> AttrValue {
    let minutes = now.saturating_sub(at) / 60_000;
    match minutes {
        0 => AttrValue::Static("now"),
        1..60 => format!("{minutes}m").into(),
        60..1_440 => format!("{}h", minutes / 60).into(),
        _ => format!("{}d", minutes / 1_440).into(),
    }
}

/// How long ago, in words for people: `just now`, `4 minutes ago`.
///
/// ```
/// assert_eq!(sentinelops_realtime::time_text::ago_words(7_300_000, 0), "2 hours ago");
/// ```
pub fn ago_words(now: u64, at: u64) -> AttrValue {
    let minutes = now.saturating_sub(at) / 60_000;
    let (count, unit) = match minutes {
        0 => return AttrValue::Static("just now"),
        1..60 => (minutes, "minute"),
        60..1_440 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" }).into()
}

/// How long until: `in 12 s`, `now`.
///
/// ```
/// assert_eq!(sentinelops_realtime::time_text::until(0, 12_000), "in 12 s");
/// ```
pub fn until(now: u64, at: u64) -> AttrValue {
    match at.saturating_sub(now).div_ceil(1_000) {
        0 => AttrValue::Static("now"),
        seconds => format!("in {seconds} s").into(),
    }
}

/// `03:12:04`, local time. Only in a browser.
///
/// ```no_run
/// let line = format!("last measured {}", sentinelops_realtime::time_text::time_of_day(1_700_000_000_000));
/// # let _ = line;
/// ```
pub fn time_of_day(at: u64) -> String {
    let date = js_sys::Date::new(&(at as f64).into());
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_of_time() {
        assert_eq!(ago(10_000, 50_000), "now");
        assert_eq!(ago(61_000, 0), "1m");
        assert_eq!(ago(7_200_000, 0), "2h");
        assert_eq!(ago(200_000_000, 0), "2d");
    }

    #[test]
    fn words_of_time() {
        assert_eq!(ago_words(61_000, 0), "1 minute ago");
        assert_eq!(ago_words(7_300_000, 0), "2 hours ago");
        assert_eq!(until(0, 1), "in 1 s");
        assert_eq!(until(5, 5), "now");
    }
}
