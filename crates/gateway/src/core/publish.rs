//! From something that happened to state, store, history and subscribers.

use super::Gateway;
use super::history::{Logged, open, push_topic};
use super::record::{Accepted, Record, StoredEvent};
use super::subscriptions::Phase;
use super::timeline::actor_of;
use super::types::{ConnId, NewEvent, Now};
use sentinelops_protocol::{Channel, Event, Subject, encode_payload};

impl Gateway {
    /// Something that no command brought about.
    pub(super) fn publish_and_record(&mut self, now: Now, event: NewEvent) -> Option<u64> {
        if event.payload.is_ephemeral() {
            self.pass_on(now, event, None);
            return None;
        }
        let has_room = self.state.has_room(&event.payload, self.config.max_open);
        if event.channel == Channel::System || !has_room || self.unavailable.is_some() {
            self.stats.refused += 1;
            return None;
        }
        let entry = self.timeline(now, actor_of(&event.payload), &event.payload);
        let events = [Some(event), entry].into_iter().flatten().map(|event| (event, false));
        self.append(now, None, events.collect())
    }

    /// Applies the events of one record, appends it to the store and hands the events on. Returns the record's seq;
    /// `None` where a log decides it: then nothing has happened yet.
    /// `true` for the event that carries the id of the accepted command as `cause`.
    pub(super) fn append(
        &mut self,
        now: Now,
        accepted: Option<Accepted>,
        events: Vec<(NewEvent, bool)>,
    ) -> Option<u64> {
        if self.is_shared() {
            self.draft(now, accepted, events);
            return None;
        }
        let mut stored = Vec::with_capacity(events.len());
        let mut payloads = Vec::with_capacity(events.len());
        let mut progress = None;
        for (event, is_caused) in events {
            let NewEvent { channel, kind, payload, priority, timestamp } = event;
            let timestamp = timestamp.unwrap_or(now.wall);
            let begins = self.state.begin(&payload);
            progress = self.state.apply(&payload, timestamp, self.config.max_items).or(progress);
            stored.push(StoredEvent {
                channel,
                kind,
                payload: encode_payload(&payload),
                timestamp,
                cause: accepted.as_ref().filter(|_| is_caused).map(|accepted| accepted.id.clone()),
                priority,
                merged: self.state.merged(&payload),
                begins,
            });
            payloads.push(payload);
        }
        let record = Record { progress, ..Record::new(now.wall, accepted, stored.clone()) };
        let seq = self.store.append(record);
        self.history.seq = seq;
        for (event, payload) in stored.iter().zip(&payloads) {
            let logged = Logged::new(&self.history.epoch, now.mono, seq, event, payload);
            if let Some(logged) = self.history.push(event.channel, now.mono, logged) {
                self.stats.events += 1;
                self.fan_out(event.channel, &logged);
            }
        }
        Some(seq)
    }

    /// Sends typing and viewing notices to the live subscribers whose socket is not backed up. They get no `seq`, are not
    /// in the history and are not sent again.
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
        let Self { conns, index, round, .. } = self;
        for subject in [Some(whole), narrow].into_iter().flatten() {
            let mut text = head.clone();
            push_topic(&mut text, subject.topic.as_deref());
            text.push('}');
            for id in index.subscribers(&subject).filter(|id| Some(*id) != from) {
                let Some(conn) = conns.get_mut(&id) else { continue };
                let phase = conn.subscriptions.get_mut(&subject).map(|subscription| &subscription.phase);
                let keeps_up = matches!(phase, Some(Phase::Live));
                if !keeps_up || conn.backed_up(self.config.high_water_bytes) {
                    continue;
                }
                conn.queue.text(text.clone(), Some(subject.clone()));
                if !std::mem::replace(&mut conn.dirty, true) {
                    round.dirty.push(id);
                }
            }
        }
    }
}
