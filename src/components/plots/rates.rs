//! From what the page knows at one moment to a sample.

use super::history::{Sample, VALUES, Value, Values, percentile};
use sentinelops_engine::Metrics;
use sentinelops_realtime::MessageTrace;
use std::rc::Rc;

/// A frame that took longer is noticed, ms.
const LONG_FRAME_MS: f64 = 50.0;
const BYTES_IN_MB: f64 = 1_048_576.0;

/// What is known now.
pub struct Known<'a> {
    pub is_connected: bool,
    pub has_fault: bool,
    pub metrics: Option<&'a Metrics>,
    /// Of the newest pings, ms.
    pub latencies: &'a [f64],
    /// Waiting messages, critical first.
    pub queued: [u32; 4],
    /// Ways of messages, oldest first.
    pub traces: &'a [Rc<MessageTrace>],
    /// Ms between the frames since the last sample.
    pub frames: Vec<f64>,
    /// Bytes of the page's memory.
    pub memory: Option<f64>,
}

/// Remembers what the counters were at the sample before.
#[derive(Default)]
pub struct Rates {
    last: Option<(u64, Metrics)>,
}

impl Rates {
    /// The sample of this moment.
    pub fn sample(&mut self, at: u64, known: Known<'_>) -> Sample {
        let mut values: Values = [None; VALUES];
        let mut set = |value: Value, number: Option<f64>| values[value as usize] = number;
        let before = self.last.take();
        let since = before.as_ref().map_or(at, |(then, _)| *then);
        if known.is_connected {
            let mut latencies = known.latencies.to_vec();
            for (value, percent) in
                [(Value::RoundTrip50, 50), (Value::RoundTrip95, 95), (Value::RoundTrip99, 99)]
            {
                set(value, percentile(&mut latencies, percent));
            }
        }
        let ways = |end: fn(&MessageTrace) -> Option<u64>| {
            let ended = known.traces.iter().filter_map(|trace| Some((trace.created, end(trace)?)));
            let now = ended.filter(|(_, end)| (since..at).contains(end));
            percentile(
                &mut now.map(|(created, end)| end.saturating_sub(created) as f64).collect::<Vec<_>>(),
                50,
            )
        };
        set(Value::Acked, ways(|trace| trace.acked));
        set(Value::Rendered, ways(|trace| trace.rendered));
        for (value, count) in
            [Value::Critical, Value::High, Value::Normal, Value::Low].into_iter().zip(known.queued)
        {
            set(value, Some(f64::from(count)));
        }
        let mut frames = known.frames;
        set(Value::LongFrames, Some(frames.iter().filter(|ms| **ms > LONG_FRAME_MS).count() as f64));
        set(Value::Frame50, percentile(&mut frames, 50));
        set(Value::FrameMax, percentile(&mut frames, 100));
        set(Value::Memory, known.memory.map(|bytes| bytes / BYTES_IN_MB));
        let mut has_reconnected = false;
        if let Some(metrics) = known.metrics {
            // Another worker counts from zero: nothing is known of the second in which it started.
            if let Some((then, before)) =
                before.filter(|(then, before)| *then < at && before.messages_in <= metrics.messages_in)
            {
                let rate = |read: fn(&Metrics) -> u64| {
                    Some(read(metrics).saturating_sub(read(&before)) as f64 * 1_000.0 / (at - then) as f64)
                };
                set(Value::In, rate(|metrics| metrics.messages_in));
                set(Value::Out, rate(|metrics| metrics.messages_out));
                set(Value::Repeats, rate(|metrics| metrics.repeats));
                set(Value::Dropped, rate(|metrics| metrics.dropped_keys));
                set(Value::Resyncs, rate(|metrics| metrics.resyncs));
                set(Value::KbIn, rate(|metrics| metrics.bytes_in).map(|bytes| bytes / 1_000.0));
                set(Value::KbOut, rate(|metrics| metrics.bytes_out).map(|bytes| bytes / 1_000.0));
                has_reconnected = before.reconnects < metrics.reconnects;
            }
            self.last = Some((at, metrics.clone()));
        }
        Sample { at, is_connected: known.is_connected, has_reconnected, has_fault: known.has_fault, values }
    }
}
