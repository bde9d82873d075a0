//! The recent events of each channel, ready to be sent again.

use super::record::StoredEvent;
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
    pub(super) fn of(epoch: &str, at: u64, seq: u64, stored: &StoredEvent) -> Self {
        let (payload, _) = decode_payload(&stored.kind, &stored.payload);
        Self::new(epoch, at, seq, stored, &payload)
    }

    /// `payload` is the payload of `stored`, read.
    pub(super) fn new(epoch: &str, at: u64, seq: u64, stored: &StoredEvent, payload: &Payload) -> Self {
        let StoredEvent { channel, kind, timestamp, cause, priority, .. } = stored;
        let event = Event {
            id: Some(format!("{epoch}-{channel}-{seq}")),
            kind: kind.clone(),
            channel: *channel,
            topic: None,
            payload: Payload::Raw(stored.payload.clone()),
            timestamp: Some(*timestamp),
            priority: *priority,
            seq: Some(seq),
            prev: None,
            cause: cause.clone(),
        };
        let conflate = match payload {
            Payload::Agent(agent) => Some(agent.agent_id.clone()),
            _ => None,
        };
        Self { seq, at, topic: payload.topic().map(str::to_owned), conflate, head: open(event.encode()) }
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

/// What comes next on a subject.
pub(super) enum Next {
    Event(Arc<Logged>),
    /// Nothing yet.
    End,
    /// Events in between are gone.
    Lost,
}

#[derive(Clone, Debug, Default)]
struct Log {
    /// Seq of the newest event of this channel that may be missing here.
    gone: u64,
    events: VecDeque<Arc<Logged>>,
}

/// The recent events of each channel. Their numbers come from one sequence, so within a channel they have gaps.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub epoch: String,
    /// Of the newest record.
    pub seq: u64,
    logs: [Log; Channel::ALL.len()],
    max_events: usize,
    max_age: u64,
}

impl History {
    pub(super) fn new(epoch: String, max_events: usize, max_age: u64) -> Self {
        Self { epoch, seq: 0, logs: Default::default(), max_events, max_age }
    }

    /// Up to `seq` there may be events of every channel that are not here.
    pub(super) fn begin_after(&mut self, seq: u64) {
        self.seq = self.seq.max(seq);
        for log in &mut self.logs {
            log.gone = log.gone.max(seq);
        }
    }

    /// Takes in an event of the newest record; `None` for a channel without history.
    pub(super) fn push(&mut self, channel: Channel, now: u64, event: Logged) -> Option<Arc<Logged>> {
        let (max_events, max_age) = (self.max_events, self.max_age);
        self.seq = self.seq.max(event.seq);
        let log = self.logs.get_mut(channel as usize)?;
        debug_assert!(
            log.events.back().is_none_or(|last| last.seq < event.seq),
            "a record holds at most one event of a channel"
        );
        let event = Arc::new(event);
        log.events.push_back(event.clone());
        log.prune(now, max_events, max_age);
        Some(event)
    }

    /// Whether everything of a channel after `seq` is here.
    pub(super) fn reaches(&mut self, channel: Channel, seq: u64, now: u64) -> bool {
        let (newest, max_events, max_age) = (self.seq, self.max_events, self.max_age);
        let Some(log) = self.logs.get_mut(channel as usize) else { return false };
        log.prune(now, max_events, max_age);
        (log.gone..=newest).contains(&seq)
    }

    /// What comes after `seq` on a subject.
    pub(super) fn next(&mut self, subject: &Subject, seq: u64, now: u64) -> Next {
        if !self.reaches(subject.channel, seq, now) {
            return Next::Lost;
        }
        let Some(log) = self.logs.get(subject.channel as usize) else { return Next::Lost };
        let from = log.events.partition_point(|event| event.seq <= seq);
        let next = log.events.range(from..).find(|event| event.belongs_to(subject));
        next.map_or(Next::End, |event| Next::Event(event.clone()))
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
