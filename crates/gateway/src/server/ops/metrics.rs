//! The page of `/metrics`, in the text format of Prometheus. Labels are words of this file and names of
//! sources in the settings: nothing that a client or a source sent becomes one.

use super::counters::{Counts, KINDS};
use crate::nats::FiguresNow;
use crate::server::input::Queues;
use crate::store::Commits;
use crate::{Histogram, IngestCounts, Proposed, Stats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::fmt;

pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything at one moment.
#[derive(Debug)]
pub(super) struct Page {
    pub stats: Stats,
    pub seq: u64,
    pub queues: Queues,
    pub ingest: Vec<Source>,
    /// Of each kind of request with a body: its name, those in progress, those refused for their number.
    pub bodies: [(&'static str, usize, u64); 3],
    /// With `--data`: the transactions, and the records that wait for one.
    pub store: Option<(Commits, usize)>,
    /// With `--nats`.
    pub nats: Option<Log>,
    pub shell: Counts,
    pub draining: bool,
    pub uptime_ms: u64,
}

/// The log of many gateways.
#[derive(Debug)]
pub(super) struct Log {
    pub figures: FiguresNow,
    pub proposed: Proposed,
    /// Commands and reports that wait for it.
    pub waiting: usize,
}

/// One `[[ingest]]` of the settings.
#[derive(Debug)]
pub(super) struct Source {
    /// As the operator wrote it.
    pub name: String,
    pub requests: u64,
    pub counts: IngestCounts,
    /// When it sent last, ms since the epoch.
    pub heard_at_ms: Option<u64>,
}

pub(super) fn encode(page: Page) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("sentinelops");
    registry.register_collector(Box::new(page));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let Self { stats, shell, .. } = self;
        let mut to = Metrics(encoder);
        to.labelled_gauge("build_info", "The running version", "version", env!("CARGO_PKG_VERSION"))?;
        to.gauge("uptime_seconds", "Since the start", self.uptime_ms / 1_000)?;
        to.gauge("draining", "1 while it drains", u64::from(self.draining))?;
        to.gauge("connections", "Open connections", stats.connections as u64)?;
        to.counter("connections_opened", "Connections ever", stats.connections_ever)?;
        to.gauge("subscriptions", "Live subscriptions of all connections", stats.subscriptions as u64)?;
        let drops = &stats.drops;
        to.counters(
            "connections_dropped",
            "Connections ended or not taken for their load",
            "reason",
            &[
                ("slow", drops.slow),
                ("silent", drops.silent),
                ("flood", drops.flood),
                ("connections", drops.crowded),
                ("connections_of_user", drops.crowded_user),
            ],
        )?;
        let ends = &stats.auth_ends;
        let ends = [
            ("missing", ends.missing),
            ("unchecked", ends.unchecked),
            ("expired", ends.expired),
            ("revoked_in_use", ends.revoked),
            ("other_user", ends.other_user),
            ("origin", shell.origins),
        ];
        let refusals = KINDS.into_iter().zip(shell.refusals);
        let failures: Vec<_> = refusals.chain(ends).collect();
        to.counters("auth_failures", "Tokens and connections refused", "reason", &failures)?;
        to.counters(
            "commands",
            "Commands of clients",
            "outcome",
            &[
                ("accepted", stats.accepted),
                ("repeated", stats.repeated),
                ("refused", stats.refused),
                ("deferred", stats.deferred),
            ],
        )?;
        to.counter("bad_messages", "Frames and messages that broke the rules", stats.bad)?;
        let begun = &stats.begun;
        to.counters(
            "subscriptions_begun",
            "Subscriptions, by how they began",
            "continuity",
            &[("exact", begun.exact), ("snapshot", begun.snapshot), ("gap", begun.gap)],
        )?;
        to.counters(
            "frames",
            "WebSocket frames",
            "direction",
            &[("in", stats.frames_in), ("out", stats.frames_out)],
        )?;
        to.counter("events", "Events published", stats.events)?;
        to.gauge("seq", "Number of the newest record", self.seq)?;
        to.gauge("queue_bytes", "Bytes that wait for all connections", self.queues.bytes as u64)?;
        to.gauge("queue_bytes_max", "Bytes that wait for the slowest one", self.queues.bytes_max as u64)?;
        to.histogram(
            "fan_out_receivers",
            "Subscribers that an event was queued for",
            None,
            &stats.fan_out,
            1.0,
        )?;
        let seconds = Some(Unit::Seconds);
        let help = "One round of judging, applying and handing over";
        to.histogram("fan_out_round", help, seconds.as_ref(), &shell.rounds_us, 1e6)?;
        to.ingest(&self.ingest)?;
        let in_progress = self.bodies.map(|(kind, count, _)| (kind, count as u64));
        to.gauges(
            "bodies_in_progress",
            "Requests with a body that are not answered yet",
            "kind",
            &in_progress,
        )?;
        let refused = self.bodies.map(|(kind, _, count)| (kind, count));
        to.counters("bodies_refused", "Requests with a body refused for their number", "kind", &refused)?;
        if let Some((commits, waiting)) = &self.store {
            let help = "Transactions of the store, fsync included";
            to.histogram("commit", help, seconds.as_ref(), &commits.took_us, 1e6)?;
            to.histogram("commit_records", "Records of one transaction", None, &commits.records, 1.0)?;
            to.gauge("store_waiting_records", "Records that wait for the next transaction", *waiting as u64)?;
        }
        if let Some(log) = &self.nats {
            to.log(log, &seconds)?;
        }
        Ok(())
    }
}

type NoExemplar = Exemplar<[(&'static str, &'static str); 0], f64>;

/// Writes metrics one by one.
struct Metrics<'a>(DescriptorEncoder<'a>);

impl Metrics<'_> {
    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let counter = ConstCounter::new(value);
        counter.encode(self.0.encode_descriptor(name, help, None, counter.metric_type())?)
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (word, value) in values {
            ConstCounter::new(*value).encode(family.encode_family(&[(label, *word)])?)?;
        }
        Ok(())
    }

    fn log(&mut self, log: &Log, seconds: &Option<Unit>) -> fmt::Result {
        let Log { figures, proposed, waiting } = log;
        self.gauge("nats_up", "1 while the log can be written to", figures.up)?;
        self.gauge("nats_lag_messages", "Messages of the log that are not read yet", figures.lag)?;
        self.gauge("nats_waiting", "Commands and reports that wait for the log", *waiting as u64)?;
        self.counter("nats_connections_lost", "Connections to NATS that broke", figures.reconnects)?;
        self.counter("nats_epochs", "Epochs that this gateway began", figures.epochs)?;
        let help = "Messages of the log that no gateway wrote and that were passed over";
        self.counter("nats_foreign_messages", help, figures.foreign)?;
        let help = "From handing a record to NATS to its answer";
        self.histogram("nats_publish", help, seconds.as_ref(), &figures.publish_us, 1e6)?;
        self.counters(
            "nats_records",
            "Records proposed to the log, by what became of them",
            "outcome",
            &[
                ("published", figures.published),
                ("folded", proposed.folded),
                ("conflict", proposed.stale),
                ("judged_again", proposed.judged_again),
            ],
        )
    }

    fn ingest(&mut self, sources: &[Source]) -> fmt::Result {
        let help = "Requests of each source of alerts";
        let mut family = self.0.encode_descriptor("ingest_requests", help, None, MetricType::Counter)?;
        for source in sources {
            let labels = [("source", source.name.as_str())];
            ConstCounter::new(source.requests).encode(family.encode_family(&labels)?)?;
        }
        let help = "Reports of each source of alerts, by what became of them";
        let mut family = self.0.encode_descriptor("ingest_reports", help, None, MetricType::Counter)?;
        for source in sources {
            let counts = &source.counts;
            for (outcome, count) in [
                ("raised", counts.raised),
                ("acknowledged", counts.acknowledged),
                ("cleared", counts.cleared),
                ("reconciled", counts.reconciled),
                ("events", counts.events),
                ("repeated", counts.repeated),
                ("late", counts.late),
                ("unknown", counts.unknown),
                ("unusable", counts.unusable),
                ("overloaded", counts.overloaded),
            ] {
                let labels = [("source", source.name.as_str()), ("outcome", outcome)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let name = "ingest_last_request_timestamp_seconds";
        let help = "When each source sent last, since the epoch";
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for source in sources {
            if let Some(at) = source.heard_at_ms {
                let labels = [("source", source.name.as_str())];
                ConstGauge::new(at / 1_000).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let gauge = ConstGauge::new(value);
        gauge.encode(self.0.encode_descriptor(name, help, None, gauge.metric_type())?)
    }

    fn gauges(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (word, value) in values {
            ConstGauge::new(*value).encode(family.encode_family(&[(label, *word)])?)?;
        }
        Ok(())
    }

    fn labelled_gauge(&mut self, name: &str, help: &str, label: &str, word: &str) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(1_u64).encode(family.encode_family(&[(label, word)])?)
    }

    /// Values are counted in parts, `per_unit` of them in the unit.
    fn histogram(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        histogram: &Histogram,
        per_unit: f64,
    ) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let scaled = |value: u64| value as f64 / per_unit;
        let buckets: Vec<_> =
            histogram.counts().map(|(bound, count)| (bound.map_or(f64::INFINITY, scaled), count)).collect();
        self.0.encode_descriptor(name, help, unit, MetricType::Histogram)?.encode_histogram(
            scaled(histogram.sum()),
            histogram.count(),
            &buckets,
            None::<&HashMap<usize, NoExemplar>>,
        )
    }
}
