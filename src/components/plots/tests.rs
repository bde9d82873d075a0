use super::draw::{Drawing, PLOTS, Plot};
use super::history::{History, Sample, VALUES, Value, percentile};
use super::rates::{Known, Rates};
use sentinelops_engine::Metrics;

const MINUTE: u64 = 60_000;

fn plot(code: &str) -> &'static Plot {
    PLOTS.iter().find(|plot| plot.code == code).expect("a plot")
}

fn sample(at: u64, is_connected: bool, values: &[(Value, f64)]) -> Sample {
    let mut all = [None; VALUES];
    values.iter().for_each(|(value, number)| all[*value as usize] = Some(*number));
    Sample { at, is_connected, has_reconnected: false, has_fault: false, values: all }
}

fn history(samples: impl IntoIterator<Item = Sample>) -> History {
    let mut history = History::default();
    samples.into_iter().for_each(|sample| history.add(sample));
    history
}

fn known(metrics: &Metrics) -> Known<'_> {
    Known {
        is_connected: true,
        has_fault: false,
        metrics: Some(metrics),
        latencies: &[12.5],
        queued: [0, 1, 2, 3],
        traces: &[],
        frames: vec![16.0, 17.0, 60.0],
        memory: Some(2_097_152.0),
    }
}

#[test]
fn rates_are_per_second_however_late_a_sample_comes() {
    let mut rates = Rates::default();
    let found = [(1_000, 10), (2_000, 30), (6_000, 50)].map(|(at, messages_in)| {
        rates.sample(at, known(&Metrics { messages_in, ..Metrics::default() })).value(Value::In)
    });
    assert_eq!(found, [None, Some(20.0), Some(5.0)]);
}

#[test]
fn counters_of_a_new_worker_are_no_rate() {
    let mut rates = Rates::default();
    let found = [(1_000, 500, 2), (2_000, 3, 0), (3_000, 5, 1)].map(|(at, messages_in, reconnects)| {
        let sample = rates.sample(at, known(&Metrics { messages_in, reconnects, ..Metrics::default() }));
        (sample.value(Value::In), sample.has_reconnected)
    });
    assert_eq!(found, [(None, false), (None, false), (Some(2.0), true)]);
}

#[test]
fn a_sample_holds_what_is_known_and_no_round_trip_without_a_connection() {
    let metrics = Metrics::default();
    let sample = Rates::default().sample(1_000, known(&metrics));
    for (value, number) in [
        (Value::RoundTrip99, 12.5),
        (Value::Low, 3.0),
        (Value::Frame50, 17.0),
        (Value::FrameMax, 60.0),
        (Value::LongFrames, 1.0),
        (Value::Memory, 2.0),
    ] {
        assert_eq!(sample.value(value), Some(number), "{value:?}");
    }
    let away = Rates::default().sample(1_000, Known { is_connected: false, ..known(&metrics) });
    assert_eq!((away.value(Value::RoundTrip50), away.value(Value::Low)), (None, Some(3.0)));
}

#[test]
fn samples_older_than_ten_minutes_are_dropped_and_a_clock_set_back_begins_over() {
    let mut all = history((0..900).map(|second| sample(second * 1_000, true, &[])));
    assert_eq!((all.within(600_000).count(), all.within(MINUTE).count()), (601, 61));
    assert_eq!(all.within(MINUTE).next().map(|sample| sample.at), Some(all.end() - MINUTE));
    all.add(sample(5, true, &[]));
    assert_eq!(all.within(600_000).count(), 1);
}

#[test]
fn a_line_is_interrupted_where_nothing_is_known_and_after_a_sleep() {
    let value = |at, number| sample(at, true, &[(Value::Acked, number)]);
    let mut all = vec![
        value(0, 10.0),
        sample(1_000, false, &[]),
        value(2_000, 20.0),
        value(3_000, 20.0),
        value(60_000, 20.0),
    ];
    all[2].has_reconnected = true;
    all[3].has_fault = true;
    let history = history(all);
    let drawing = Drawing { history: &history, span_ms: MINUTE };
    assert_eq!(drawing.top(plot("click")), 20.0);
    assert_eq!(drawing.line(plot("click"), 0, 20.0), "M0.0 25.0h0M20.0 0.0h0L30.0 0.0M600.0 0.0h0");
    assert_eq!(drawing.outages(), "M10.0 0H20.0V50H10.0Z");
    assert_eq!(drawing.faults(), "M30.0 0H600.0V50H30.0Z");
    assert_eq!(drawing.reconnects(), "M20.0 0V50");
}

#[test]
fn a_stack_holds_the_sum_of_its_lines() {
    let values = [(Value::Critical, 1.0), (Value::High, 2.0), (Value::Normal, 3.0), (Value::Low, 4.0)];
    let history = history([sample(MINUTE, true, &values)]);
    let drawing = Drawing { history: &history, span_ms: MINUTE };
    let stack = plot("outbox");
    assert_eq!(drawing.top(stack), 10.0);
    let tops: Vec<_> = (0..4).map(|at| drawing.line(stack, at, 10.0)).collect();
    assert_eq!(tops, ["M600.0 45.0h0", "M600.0 35.0h0", "M600.0 20.0h0", "M600.0 0.0h0"]);
}

#[test]
fn an_axis_ends_at_a_round_number_that_holds_every_value() {
    for (largest, top) in [
        (0.0, 1.0),
        (1.0, 1.0),
        (3.0, 5.0),
        (10.0, 10.0),
        (11.0, 20.0),
        (4_999.0, 5_000.0),
        (5_001.0, 10_000.0),
    ] {
        let history = history([sample(0, true, &[(Value::In, largest)])]);
        assert_eq!(Drawing { history: &history, span_ms: MINUTE }.top(plot("messages")), top, "{largest}");
    }
}

#[test]
fn the_crosshair_finds_the_nearest_sample() {
    let history = history([0, 1_000, 9_000].map(|at| sample(at, true, &[])));
    for (ago, at) in [(0, 9_000), (3_000, 9_000), (7_000, 1_000), (60_000, 0)] {
        assert_eq!(history.near(ago).map(|sample| sample.at), Some(at), "{ago}");
    }
    assert_eq!(History::default().near(0), None);
}

#[test]
fn percentiles_are_values_that_were_measured() {
    let mut all: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!(
        [50, 95, 99, 100].map(|percent| percentile(&mut all, percent)),
        [51.0, 96.0, 100.0, 100.0].map(Some)
    );
    assert_eq!(percentile(&mut [], 50), None);
}

#[test]
fn every_value_is_plotted_once() {
    let mut all: Vec<_> =
        PLOTS.iter().flat_map(|plot| plot.lines).map(|(_, value)| *value as usize).collect();
    all.sort_unstable();
    assert_eq!(all, (0..VALUES).collect::<Vec<_>>());
}
