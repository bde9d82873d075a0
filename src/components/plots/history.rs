//! What is plotted: one sample a second, for ten minutes.

use std::collections::VecDeque;

/// The longest axis, ms.
const KEPT_MS: u64 = 600_000;

/// One figure of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Ms from a ping to its pong: the median of the newest 64.
    RoundTrip50,
    /// 95 of 100 were as fast.
    RoundTrip95,
    /// 99 of 100 were as fast.
    RoundTrip99,
    /// Ms from a click to the server's confirmation: median of this second.
    Acked,
    /// Ms from a click until the page shows the confirmation: median of this second.
    Rendered,
    /// Messages received in a second.
    In,
    /// Messages sent in a second.
    Out,
    /// Waiting in the outbox, by priority.
    Critical,
    /// See [`Value::Critical`].
    High,
    /// See [`Value::Critical`].
    Normal,
    /// See [`Value::Critical`].
    Low,
    /// Ms between two frames of the page: the median of this second.
    Frame50,
    /// The longest of this second.
    FrameMax,
    /// Frames that took longer than 50 ms.
    LongFrames,
    /// Events that arrived twice and were dropped.
    Repeats,
    /// Keys that fell out of full folds.
    Dropped,
    /// Consumers whose queue overflowed, and got the state instead of each event.
    Resyncs,
    /// Received, in kB a second.
    KbIn,
    /// Sent, in kB a second.
    KbOut,
    /// Memory of the page's program, MB.
    Memory,
}

/// How many there are.
pub const VALUES: usize = Value::Memory as usize + 1;

/// Figures by [`Value`]; `None`: not known then.
pub type Values = [Option<f64>; VALUES];

/// One moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Ms since the epoch.
    pub at: u64,
    /// The connection was open.
    pub is_connected: bool,
    /// A connection that followed an earlier one was opened since the sample before.
    pub has_reconnected: bool,
    /// A fault of the laboratory was on.
    pub has_fault: bool,
    /// The figures.
    pub values: Values,
}

impl Sample {
    /// `None`: not known then.
    pub fn value(&self, value: Value) -> Option<f64> {
        self.values[value as usize]
    }

    /// How the connection stood, for people.
    pub fn word(&self) -> &'static str {
        match (self.is_connected, self.has_reconnected) {
            (false, _) => "not connected",
            (true, true) => "connected again",
            (true, false) => "connected",
        }
    }
}

/// The samples of the last ten minutes, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    samples: VecDeque<Sample>,
}

impl History {
    /// Takes the newest.
    pub fn add(&mut self, sample: Sample) {
        let at = sample.at;
        // A clock that was set back would draw lines to the left.
        if self.end() >= at {
            self.samples.clear();
        }
        self.samples.push_back(sample);
        while self.samples.front().is_some_and(|first| first.at + KEPT_MS < at) {
            self.samples.pop_front();
        }
    }

    /// Ms since the epoch at the right end of the axis.
    pub fn end(&self) -> u64 {
        self.samples.back().map_or(0, |newest| newest.at)
    }

    /// Those of the last `span_ms`, oldest first.
    pub fn within(&self, span_ms: u64) -> impl DoubleEndedIterator<Item = &Sample> + Clone {
        let from = self.end().saturating_sub(span_ms);
        let first = self.samples.partition_point(|sample| sample.at < from);
        self.samples.range(first..)
    }

    /// The sample nearest to this many ms before the end.
    pub fn near(&self, ago_ms: u64) -> Option<&Sample> {
        let at = self.end().saturating_sub(ago_ms);
        self.samples.iter().min_by_key(|sample| sample.at.abs_diff(at))
    }
}

/// The middle, and other parts of a hundred, of what was measured; `None` of nothing.
pub fn percentile(measured: &mut [f64], percent: usize) -> Option<f64> {
    measured.sort_by(f64::total_cmp);
    let last = measured.len().checked_sub(1)?;
    measured.get((last * percent).div_ceil(100)).copied()
}
