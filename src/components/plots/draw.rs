//! The lines of a plot as SVG paths.

use super::history::{History, Value};

/// Units of a plot's drawing; the page stretches it.
pub const SIZE: (f64, f64) = (600.0, 50.0);
/// Two samples further apart than this are not joined by a line: the page slept between them.
const GAP_MS: u64 = 5_000;

/// A plot: its lines share an axis.
#[derive(Debug, PartialEq)]
pub struct Plot {
    /// Its name for people, with its unit.
    pub name: &'static str,
    /// For tests.
    pub code: &'static str,
    /// Each with its name.
    pub lines: &'static [(&'static str, Value)],
    /// Each line begins on top of the one before.
    pub is_stacked: bool,
}

/// All of them, in the order shown.
pub const PLOTS: [Plot; 8] = [
    Plot {
        name: "Round trip, ms",
        code: "round-trip",
        lines: &[("p50", Value::RoundTrip50), ("p95", Value::RoundTrip95), ("p99", Value::RoundTrip99)],
        is_stacked: false,
    },
    Plot {
        name: "From the click, ms",
        code: "click",
        lines: &[("confirmed", Value::Acked), ("shown", Value::Rendered)],
        is_stacked: false,
    },
    Plot {
        name: "Messages a second",
        code: "messages",
        lines: &[("received", Value::In), ("sent", Value::Out)],
        is_stacked: false,
    },
    Plot {
        name: "Waiting in the outbox",
        code: "outbox",
        lines: &[
            ("critical", Value::Critical),
            ("high", Value::High),
            ("normal", Value::Normal),
            ("low", Value::Low),
        ],
        is_stacked: true,
    },
    Plot {
        name: "Frames of this page, ms",
        code: "frames",
        lines: &[("p50", Value::Frame50), ("longest", Value::FrameMax), ("over 50 ms", Value::LongFrames)],
        is_stacked: false,
    },
    Plot {
        name: "Dropped and coalesced a second",
        code: "dropped",
        lines: &[("repeats", Value::Repeats), ("old entries", Value::Dropped), ("coalesced", Value::Resyncs)],
        is_stacked: false,
    },
    Plot {
        name: "Data, kB a second",
        code: "bytes",
        lines: &[("received", Value::KbIn), ("sent", Value::KbOut)],
        is_stacked: false,
    },
    Plot {
        name: "Memory of this page, MB",
        code: "memory",
        lines: &[("used", Value::Memory)],
        is_stacked: false,
    },
];

/// Draws the samples of the last `span_ms`.
pub struct Drawing<'a> {
    pub history: &'a History,
    pub span_ms: u64,
}

impl Drawing<'_> {
    /// Where this many ms before the end are.
    pub fn x(&self, ago_ms: u64) -> f64 {
        SIZE.0 - ago_ms as f64 * SIZE.0 / self.span_ms as f64
    }

    /// The upper end of a plot's axis: 1, 2 or 5 times a power of ten.
    pub fn top(&self, plot: &Plot) -> f64 {
        let all = |values: &[Option<f64>]| {
            let known = values.iter().flatten();
            if plot.is_stacked { known.sum() } else { known.copied().fold(0.0, f64::max) }
        };
        let samples = self.history.within(self.span_ms);
        let largest = samples
            .map(|sample| all(&plot.lines.iter().map(|(_, value)| sample.value(*value)).collect::<Vec<_>>()))
            .fold(1.0, f64::max);
        let power = 10_f64.powf(largest.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|step| step * power)
            .find(|top| *top >= largest)
            .unwrap_or(largest)
    }

    /// A line as the `d` of a path; interrupted where nothing is known. In a stack it is the upper edge of its area.
    pub fn line(&self, plot: &Plot, at: usize, top: f64) -> String {
        let (mut d, mut before) = (String::new(), None::<u64>);
        let below = if plot.is_stacked { 0 } else { at };
        for sample in self.history.within(self.span_ms) {
            let values = plot.lines[below..=at].iter().map(|(_, value)| sample.value(*value));
            let Some(value) = values.sum::<Option<f64>>() else {
                before = None;
                continue;
            };
            let is_joined = before.is_some_and(|before| sample.at - before <= GAP_MS);
            before = Some(sample.at);
            let (x, y) = (self.x(self.history.end() - sample.at), SIZE.1 - value * SIZE.1 / top);
            d += &format!("{}{x:.1} {y:.1}", if is_joined { "L" } else { "M" });
            // A point alone is a dot: its line has no length, and round ends.
            if !is_joined {
                d += "h0";
            }
        }
        d
    }

    /// The time without a connection, as areas over the whole height.
    pub fn outages(&self) -> String {
        self.areas(|sample| !sample.is_connected)
    }

    /// The time during which a fault was on.
    pub fn faults(&self) -> String {
        self.areas(|sample| sample.has_fault)
    }

    fn areas(&self, is_in: impl Fn(&super::history::Sample) -> bool) -> String {
        let samples = self.history.within(self.span_ms);
        let next = samples.clone().skip(1).map(|sample| sample.at).chain([self.history.end()]);
        let inside = samples.zip(next).filter(|(sample, _)| is_in(sample));
        let end = self.history.end();
        inside
            .map(|(sample, next)| {
                let (from, to) = (self.x(end - sample.at), self.x(end - next));
                format!("M{from:.1} 0H{to:.1}V{}H{from:.1}Z", SIZE.1)
            })
            .collect()
    }

    /// A tick for each reconnect.
    pub fn reconnects(&self) -> String {
        let ticks = self.history.within(self.span_ms).filter(|sample| sample.has_reconnected);
        ticks.map(|sample| format!("M{:.1} 0V{}", self.x(self.history.end() - sample.at), SIZE.1)).collect()
    }
}
