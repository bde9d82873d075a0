//! What was measured, as a table and as JSON. Pure.

use super::ledger::{Received, Sent};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What was measured. Serialised, it is what `--json` prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Ctrl-C ended it.
    pub interrupted: bool,
    pub connections: usize,
    pub subscribers: usize,
    pub publishers: usize,
    /// Of those that were opened: how many a second were welcomed.
    pub connects_per_second: f64,
    #[serde(flatten)]
    pub times: Times,
    #[serde(flatten)]
    pub messages: Messages,
    #[serde(flatten)]
    pub deliveries: Deliveries,
    /// Connections that ended before the end, by close code and reason.
    pub closed: BTreeMap<String, u64>,
    /// With --pid.
    pub server: Option<Server>,
    /// Time the load generator took, in cores. `None` where there is no /proc.
    pub generator_cores: Option<f64>,
}

/// How long connecting, publishing and delivering took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Times {
    /// From the connect to the welcome.
    pub connect: Percentiles,
    /// From the moment a message was due to its ack.
    pub publish_to_ack: Percentiles,
    /// From the moment a message was due to its event at a subscriber.
    pub publish_to_event: Percentiles,
    /// From the moment a message was due to the moment it was written: what of the above is the load generator's own.
    pub sent_late: Percentiles,
}

/// What became of the publishers' messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Messages {
    pub sent: u64,
    pub acked: u64,
    /// Refused for good, or for now until the end.
    pub refused: u64,
    pub unanswered: u64,
    /// Due, but never sent: the server did not read, or the connection had ended.
    pub unsent: u64,
    /// Every `nack` and `error`, by code.
    pub refusals: BTreeMap<String, u64>,
}

/// What arrived at the subscribers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deliveries {
    /// Acked messages times subscribers.
    pub expected: u64,
    pub received: u64,
    pub lost: u64,
    pub doubled: u64,
    pub out_of_order: u64,
    /// Events whose `prev` is not the last `seq` of their subscription.
    pub holes: u64,
    /// Events that are not of this run.
    pub other_events: u64,
    pub unreadable: u64,
}

/// What the gateway's process took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Server {
    pub rss_kib_per_connection: f64,
    /// While messages were published, over all events that subscribers received. `None` without any.
    pub cpu_us_per_delivered: Option<f64>,
    pub cores: f64,
}

/// Times in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Percentiles {
    pub count: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Percentiles {
    /// Of times in µs.
    pub fn of(times: &Histogram<u64>) -> Self {
        let at = |quantile| times.value_at_quantile(quantile) as f64 / 1e3;
        Self { count: times.len(), p50_ms: at(0.5), p99_ms: at(0.99), max_ms: times.max() as f64 / 1e3 }
    }
}

impl Report {
    /// Takes what the publishers sent and each subscriber received of it.
    pub fn count(&mut self, sent: &[Sent], received: &[Received]) {
        for publisher in sent {
            self.messages.sent += publisher.total();
            self.messages.acked += publisher.accepted();
            self.messages.refused += publisher.turned_away();
            self.messages.unanswered += publisher.unanswered();
            for (code, times) in &publisher.refusals {
                *self.messages.refusals.entry(code.clone()).or_default() += times;
            }
        }
        self.deliveries.expected = self.messages.acked * received.len() as u64;
        for subscriber in received {
            self.deliveries.received += subscriber.messages;
            self.deliveries.doubled += subscriber.doubled;
            self.deliveries.out_of_order += subscriber.out_of_order;
            self.deliveries.holes += subscriber.holes();
            self.deliveries.other_events += subscriber.others;
            let lost = |(publisher, sent)| subscriber.lost(publisher, sent);
            self.deliveries.lost += (0..).zip(sent).map(lost).sum::<u64>();
        }
    }

    /// What must not happen, and did: empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let counts = [
            (self.deliveries.lost, "deliveries were lost"),
            (self.deliveries.doubled, "deliveries were doubled"),
            (self.deliveries.out_of_order, "deliveries were out of order"),
            (self.deliveries.holes, "events did not follow the one before them (prev)"),
            (self.messages.unanswered, "messages were never answered"),
            (self.messages.unsent, "messages could not be sent"),
            (self.deliveries.unreadable, "messages of the server could not be read"),
            (self.closed.values().sum(), "connections ended before the end"),
        ];
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (messages, deliveries) = (&self.messages, &self.deliveries);
        let mut line = |name: &str, text: String| writeln!(f, "{name:<17}{text}");
        if self.interrupted {
            line("interrupted", "what follows is what there was until then".into())?;
        }
        line(
            "connections",
            format!(
                "{} opened, {:.0}/s ({} publishers, {} subscribers)",
                self.connections, self.connects_per_second, self.publishers, self.subscribers
            ),
        )?;
        line("", format!("{:>12}{:>12}{:>12}", "p50", "p99", "max"))?;
        for (name, times) in [
            ("connect", self.times.connect),
            ("publish to ack", self.times.publish_to_ack),
            ("publish to event", self.times.publish_to_event),
            ("sent late by", self.times.sent_late),
        ] {
            let Percentiles { count, p50_ms, p99_ms, max_ms } = times;
            let ms = |ms: f64| if count == 0 { "-".to_owned() } else { format!("{ms:.2} ms") };
            line(name, format!("{:>12}{:>12}{:>12}", ms(p50_ms), ms(p99_ms), ms(max_ms)))?;
        }
        line(
            "messages",
            format!(
                "{} sent, {} acked, {} refused, {} unanswered",
                messages.sent, messages.acked, messages.refused, messages.unanswered
            ),
        )?;
        line(
            "deliveries",
            format!(
                "{} of {}: {} lost, {} doubled, {} out of order, {} holes in the chain",
                deliveries.received,
                deliveries.expected,
                deliveries.lost,
                deliveries.doubled,
                deliveries.out_of_order,
                deliveries.holes
            ),
        )?;
        if deliveries.other_events > 0 {
            line("other events", deliveries.other_events.to_string())?;
        }
        for (code, times) in &messages.refusals {
            line("refused with", format!("{code}: {times}{}", advice(code)))?;
        }
        for (reason, times) in &self.closed {
            line("closed with", format!("{reason}: {times}"))?;
        }
        if let Some(server) = &self.server {
            let each = server.cpu_us_per_delivered.map_or("-".to_owned(), |us| format!("{us:.2} µs CPU"));
            line(
                "server",
                format!(
                    "{:.1} KiB RSS per connection, {each} per delivered message, {:.2} cores",
                    server.rss_kib_per_connection, server.cores
                ),
            )?;
        }
        if let Some(cores) = self.generator_cores {
            line("load generator", format!("{cores:.2} cores"))?;
        }
        Ok(())
    }
}

/// What to do about a refusal.
fn advice(code: &str) -> &'static str {
    match code {
        "rate_limited" => {
            " (more --publishers or a lower --rate; or the gateway's --message-rate and --user-message-rate)"
        }
        "forbidden" => " (the token needs the right to write `chat`)",
        "unauthenticated" => " (--token-file; the token may have expired)",
        "unavailable" => " (the gateway's disk is full, or it restarts)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::tests::chat;
    use super::super::message::Mark;
    use super::*;

    /// Two subscribers of one publisher with three acked messages; the first received `numbers`, the second everything.
    fn report(numbers: &[u64]) -> Report {
        let mut sent = Sent::default();
        for number in 0..3 {
            sent.sent(number);
            sent.acked(number);
        }
        let received = [numbers, &[0, 1, 2]].map(|numbers| {
            let mut received = Received::default();
            for number in numbers {
                let mark = Mark { run: 1, publisher: 0, number: *number };
                received.event(&chat(&mark.to_string(), None, None), |_| true);
            }
            received
        });
        let mut report = Report::default();
        report.count(&[sent], &received);
        report
    }

    #[test]
    fn deliveries_are_counted_per_subscriber() {
        let all = report(&[0, 1, 2]);
        assert_eq!((all.deliveries.expected, all.deliveries.received, all.complaints()), (6, 6, vec![]));
        let bad = report(&[0, 2, 2]);
        assert_eq!((bad.deliveries.received, bad.deliveries.lost, bad.deliveries.doubled), (5, 1, 1));
        assert_eq!(bad.complaints(), ["1 deliveries were lost", "1 deliveries were doubled"]);
    }

    #[test]
    fn a_connection_that_ended_early_is_a_complaint() {
        let mut report = report(&[0, 1, 2]);
        report.closed.insert("4408 too slow".into(), 2);
        assert_eq!(report.complaints(), ["2 connections ended before the end"]);
        assert!(report.to_string().contains("4408 too slow: 2"));
    }

    #[test]
    fn refusals_are_no_complaint_and_say_what_to_do() {
        let mut report = report(&[0, 1, 2]);
        report.messages.refusals.insert("rate_limited".into(), 4);
        assert!(report.complaints().is_empty());
        assert!(report.to_string().contains("rate_limited: 4 (more --publishers"));
    }
}
