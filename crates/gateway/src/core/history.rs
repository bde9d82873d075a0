//! The recent events of each channel, ready to be sent again.

use super::durable::StoredEvent;
use sentinelops_protocol::{Channel, Event, Payload, Subject, decode_payload};
use std::collections::VecDeque;
use std::sync::Arc;

/// An event as connections are sent it. Shared: a replay costs a connection no copy.
#[derive(Debug)]
pub(super) struct Logged {
    pub seq: u64,
    /// Monotonic time, for the age limit.
    pub at: u64,
    pub topic: Option<String>,
    /// Only the last one of this key counts: a slow connection may be spared the earlier ones.
    pub conflate: Option<String>,
    /// The envelope without `topic`, `prev` and the closing brace.
    pub head: String,
}

impl Logged {
    /// What a store kept.
    pub(super) fn of(epoch: &str, at: u64, stored: StoredEvent) -> Self {
        let (payload, _) = decode_payload(&stored.kind, &stored.payload);
        let StoredEvent { channel, kind, timestamp, seq, cause, priority, .. } = stored;
        let event = Event {
            id: Some(format!("{epoch}-{channel}-{seq}")),
            kind,
            channel,
            topic: None,
            payload,
            timestamp: Some(timestamp),
            priority,
            seq: Some(seq),
            prev: None,
            cause,
        };
        Self::new(at, &event)
    }

    /// An event that has its place already.
    pub(super) fn new(at: u64, event: &Event) -> Self {
        let conflate = match &event.payload {
            Payload::Agent(agent) => Some(agent.agent_id.clone()),
            _ => None,
        };
        let topic = event.payload.topic().map(str::to_owned);
        Self { seq: event.seq.unwrap_or_default(), at, topic, conflate, head: open(event.encode()) }
    }

    /// The envelope for one subscription.
    pub(super) fn envelope(&self, subject: &Subject, prev: u64) -> String {
        let topic = subject.topic.as_deref();
        let mut text = String::with_capacity(self.head.len() + 32 + topic.map_or(0, str::len));
        text.push_str(&self.head);
        push_topic(&mut text, topic);
        text.push_str(",\"prev\":");
        text.push_str(&prev.to_string());
        text.push('}');
        text
    }

    pub(super) fn belongs_to(&self, subject: &Subject) -> bool {
        subject.topic.is_none() || subject.topic == self.topic
    }
}

/// An envelope without its closing brace: `topic` and `prev` differ from connection to connection.
pub(super) fn open(mut envelope: String) -> String {
    envelope.pop();
    envelope
}

/// Appends `,"topic":"…"` to an envelope that is still open.
pub(super) fn push_topic(text: &mut String, topic: Option<&str>) {
    if let Some(topic) = topic {
        text.push_str(",\"topic\":");
        text.push_str(&serde_json::Value::from(topic).to_string());
    }
}

#[derive(Clone, Debug, Default)]
struct Log {
    /// Of the last event ever.
    seq: u64,
    /// Of the last event that is no longer here.
    gone: u64,
    events: VecDeque<Arc<Logged>>,
}

/// One log a channel, and the epoch their numbers belong to.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub epoch: String,
    logs: [Log; 5],
    max_events: usize,
    max_age: u64,
}

impl History {
    pub(super) fn new(epoch: String, max_events: usize, max_age: u64) -> Self {
        Self { epoch, logs: Default::default(), max_events, max_age }
    }

    fn log(&self, channel: Channel) -> Option<&Log> {
        self.logs.get(channel as usize)
    }

    /// The seq of the newest event of a channel; 0 before the first.
    pub(super) fn seq(&self, channel: Channel) -> u64 {
        self.log(channel).map_or(0, |log| log.seq)
    }

    /// Appends the event with the next seq, which `make` gets.
    pub(super) fn append(
        &mut self,
        channel: Channel,
        now: u64,
        make: impl FnOnce(u64) -> Logged,
    ) -> Option<Arc<Logged>> {
        let (max_events, max_age) = (self.max_events, self.max_age);
        let log = self.logs.get_mut(channel as usize)?;
        log.seq += 1;
        let event = Arc::new(make(log.seq));
        log.events.push_back(event.clone());
        log.prune(now, max_events, max_age);
        Some(event)
    }

    /// Takes in an event that a store kept, in order.
    pub(super) fn load(&mut self, channel: Channel, event: Logged) {
        let Some(log) = self.logs.get_mut(channel as usize) else { return };
        if log.events.is_empty() {
            log.gone = event.seq.saturating_sub(1);
        }
        log.seq = event.seq;
        log.events.push_back(Arc::new(event));
        if log.events.len() > self.max_events
            && let Some(first) = log.events.pop_front()
        {
            log.gone = first.seq;
        }
    }

    /// The newest event of a channel had this seq. If it is not here, none before it is.
    pub(super) fn reach(&mut self, channel: Channel, seq: u64) {
        let Some(log) = self.logs.get_mut(channel as usize) else { return };
        if log.seq != seq {
            *log = Log { seq, gone: seq, events: VecDeque::new() };
        }
    }

    /// Everything of a subject after `seq`, or `None` when that can no longer be proved.
    pub(super) fn after(&mut self, subject: &Subject, seq: u64, now: u64) -> Option<Vec<Arc<Logged>>> {
        let (max_events, max_age) = (self.max_events, self.max_age);
        let log = self.logs.get_mut(subject.channel as usize)?;
        log.prune(now, max_events, max_age);
        if seq < log.gone || seq > log.seq {
            return None;
        }
        let from = log.events.partition_point(|event| event.seq <= seq);
        Some(log.events.range(from..).filter(|event| event.belongs_to(subject)).cloned().collect())
    }
}

impl Log {
    fn prune(&mut self, now: u64, max_events: usize, max_age: u64) {
        while let Some(first) = self.events.front() {
            if self.events.len() <= max_events && now.saturating_sub(first.at) <= max_age {
                break;
            }
            self.gone = first.seq;
            self.events.pop_front();
        }
    }
}
