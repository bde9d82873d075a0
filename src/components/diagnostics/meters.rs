//! The counters.

use sentinelops_realtime::use_metrics;
use yew::prelude::*;

/// What came, what left, what went wrong, once a second.
#[component]
pub fn Meters() -> Html {
    let metrics = use_metrics();
    let metrics = metrics.as_deref();
    let count = |read: fn(&sentinelops_engine::Metrics) -> u64| {
        metrics.map_or_else(|| "–".to_owned(), |m| grouped(read(m)))
    };
    let meters = [
        ("messages in", count(|m| m.messages_in)),
        ("messages out", count(|m| m.messages_out)),
        ("frames in", count(|m| m.frames_in)),
        ("kB in", count(|m| m.bytes_in / 1_000)),
        ("dials", count(|m| m.dials)),
        ("reconnects", count(|m| m.reconnects)),
        ("problems", count(|m| m.problems)),
        ("invalid frames", count(|m| m.refused_frames)),
        ("duplicates dropped", count(|m| m.repeats)),
        ("gaps", count(|m| m.holes)),
        ("resyncs", count(|m| m.resyncs)),
        ("silent connections", count(|m| m.verdicts)),
    ];
    html! {
        <div class="meters" data-testid="metrics">
            { for meters.into_iter().map(|(name, value)| html! {
                <div key={name} class="meter"><span class="meter__value">{ value }</span><span class="meter__name">{ name }</span></div>
            }) }
        </div>
    }
}

/// Thousands apart by a thin space.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{2009}234\u{2009}567");
    }
}
