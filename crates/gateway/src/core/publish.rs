//! From something that happened to state, history and subscribers.

use super::Gateway;
use super::durable::{Record, StoredEvent};
use super::history::{Logged, open, push_topic};
use super::types::{ConnId, NewEvent, Now, Output};
use sentinelops_protocol::{Channel, Event, Payload, Subject, encode_payload};

impl Gateway {
    /// Something that no command brought about.
    pub(super) fn publish_and_record(&mut self, now: Now, event: NewEvent) -> Option<u64> {
        if let Payload::Typing(_) = event.payload {
            self.pass_on(now, event, None);
            return None;
        }
        if !self.state.has_room(&event.payload, self.config.max_open) {
            self.stats.refused += 1;
            return None;
        }
        let (seq, stored) = self.put(now, event, None)?;
        if let Some(stored) = stored {
            self.outputs.push_back(Output::Remember(Record { accepted: None, events: vec![stored] }));
        }
        Some(seq)
    }

    /// Applies, keeps and fans out. Returns what the journal wants, if there is one.
    pub(super) fn put(
        &mut self,
        now: Now,
        event: NewEvent,
        cause: Option<&str>,
    ) -> Option<(u64, Option<StoredEvent>)> {
        let NewEvent { channel, kind, payload, priority, timestamp } = event;
        if channel == Channel::System {
            return None;
        }
        let timestamp = timestamp.unwrap_or(now.wall);
        self.state.apply(&payload, timestamp, self.config.max_items);
        let mut stored = self.config.journal.then(|| StoredEvent {
            channel,
            kind: kind.clone(),
            payload: encode_payload(&payload),
            timestamp,
            seq: 0,
            cause: cause.map(str::to_owned),
            priority,
            merged: self.state.merged(&payload),
        });
        let epoch = self.history.epoch.clone();
        let logged = self.history.append(channel, now.mono, |seq| {
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
                cause: cause.map(str::to_owned),
            };
            Logged::new(now.mono, &event)
        })?;
        if let Some(stored) = &mut stored {
            stored.seq = logged.seq;
        }
        self.stats.events += 1;
        self.fan_out(channel, &logged);
        Some((logged.seq, stored))
    }

    /// Typing: to whoever listens now and keeps up; no seq, no history, no second try.
    pub(super) fn pass_on(&mut self, now: Now, event: NewEvent, from: Option<ConnId>) {
        let whole = Subject::channel(event.channel);
        let narrow = event.payload.topic().map(|topic| Subject::topic(event.channel, topic));
        let event = Event {
            id: None,
            kind: event.kind,
            channel: event.channel,
            topic: None,
            payload: event.payload,
            timestamp: Some(now.wall),
            priority: event.priority,
            seq: None,
            prev: None,
            cause: None,
        };
        let head = open(event.encode());
        let mut touched = Vec::new();
        for (id, conn) in &mut self.conns {
            if Some(*id) == from || conn.backed_up(self.config.high_water_bytes) {
                continue;
            }
            let subject = [Some(&whole), narrow.as_ref()].into_iter().flatten();
            let Some(subject) = subject.into_iter().find(|s| conn.subscriptions.contains_key(s)) else {
                continue;
            };
            let mut text = head.clone();
            push_topic(&mut text, subject.topic.as_deref());
            text.push('}');
            conn.queue.text(text, Some(subject.clone()));
            touched.push(*id);
        }
        for id in touched {
            self.touch(id);
        }
    }
}
