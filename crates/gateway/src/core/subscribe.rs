//! Starting a subscription: go on exactly, or show the state.

use super::Gateway;
use super::access::needs;
use super::subscriptions::Phase;
use super::types::{ConnId, Now};
use sentinelops_protocol::system::{
    Continuity, ServerSystem, Snapshot, SnapshotItem, SubscribeEntry, Subscribed,
};
use sentinelops_protocol::{Channel, Code, OutboundMeta, Subject, encode_server_system};
use std::sync::Arc;

/// Items of one snapshot part; what is left of 64 KiB is for the envelope.
const PART_BYTES: usize = 63 * 1024;

impl Gateway {
    pub(super) fn subscribe(&mut self, now: Now, id: ConnId, entry: SubscribeEntry) {
        let subject = entry.subject();
        if let Err((code, message)) = self.may_subscribe(id, &subject) {
            self.stats.bad += 1;
            return self.send_system(now, id, &ServerSystem::Denied { subject, code, message });
        }
        self.not_ahead(id, &subject);
        if let Some(entry) = self.unless_ahead(now, id, entry) {
            self.begin_subscription(now, id, entry);
        }
    }

    /// Of one that may begin.
    pub(super) fn begin_subscription(&mut self, now: Now, id: ConnId, entry: SubscribeEntry) {
        let subject = entry.subject();
        let channel = subject.channel;
        let resumed = entry.since.as_ref().filter(|since| since.epoch == self.history.epoch);
        // Of figures only the present ones count.
        let resumed = resumed.filter(|_| channel != Channel::Stats);
        let resumed = resumed.filter(|since| self.history.reaches(channel, since.seq, now.mono));
        let (seq, continuity, phase) = match (resumed, &entry.since) {
            (Some(since), _) => (since.seq, Continuity::Exact, Phase::Replay),
            (None, since) => {
                // Keyed channels lose nothing by a snapshot; of the others some events are never seen.
                let is_gap = since.is_some() && matches!(channel, Channel::Chat | Channel::Activity);
                let continuity = if is_gap { Continuity::Gap } else { Continuity::Snapshot };
                let parts = self.snapshot(now, &subject);
                (self.history.seq, continuity, Phase::Snapshot { parts, next: 0 })
            }
        };
        match continuity {
            Continuity::Exact => self.stats.begun.exact += 1,
            Continuity::Snapshot => self.stats.begun.snapshot += 1,
            Continuity::Gap => self.stats.begun.gap += 1,
        }
        let epoch = self.history.epoch.clone();
        let topic = subject.topic.clone();
        let subscribed = ServerSystem::Subscribed(Subscribed { channel, topic, epoch, seq, continuity });
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.queue.drop_subscription(&subject);
        conn.subscriptions.start(subject.clone(), seq, phase);
        conn.streaming.retain(|other| *other != subject);
        conn.streaming.push(subject.clone());
        self.index.subscribe(&subject, id);
        if channel == Channel::Stats {
            self.publish_stats(now);
        }
        self.send_for(now, id, &subscribed, Some(&subject));
    }

    /// The parts of a snapshot, ready to be sent. Of a whole channel they are made once for all who ask before the
    /// next record.
    fn snapshot(&mut self, now: Now, subject: &Subject) -> Arc<[Box<str>]> {
        let seq = self.history.seq;
        let made =
            self.snapshots.get(&subject.channel).filter(|(at, _)| subject.topic.is_none() && *at == seq);
        if let Some((_, parts)) = made {
            return parts.clone();
        }
        let is_stats = subject.channel == Channel::Stats;
        let items = if is_stats { vec![self.stats_item(now)] } else { self.state.items(subject) };
        let parts = in_parts(items);
        let count = parts.len();
        let meta = OutboundMeta { id: None, timestamp: Some(now.wall) };
        let encode = |(part, items): (usize, Vec<SnapshotItem>)| {
            let snapshot = Snapshot {
                channel: subject.channel,
                topic: subject.topic.clone(),
                epoch: self.history.epoch.clone(),
                seq,
                part: u32::try_from(part).unwrap_or(u32::MAX),
                last: part + 1 == count,
                items,
            };
            encode_server_system(&ServerSystem::Snapshot(snapshot), meta).into_boxed_str()
        };
        let parts: Arc<[Box<str>]> = parts.into_iter().enumerate().map(encode).collect();
        if subject.topic.is_none() && !is_stats {
            self.snapshots.insert(subject.channel, (seq, parts.clone()));
        }
        parts
    }

    fn may_subscribe(&self, id: ConnId, subject: &Subject) -> Result<(), (Code, String)> {
        let invalid = |message: String| Err((Code::Invalid, message));
        if subject.channel == Channel::System {
            return invalid("the system channel needs no subscription".to_owned());
        }
        if subject.channel == Channel::Timeline && subject.topic.is_none() {
            return invalid("a timeline is of one incident: name its id as the topic".to_owned());
        }
        if subject.channel == Channel::Stats && subject.topic.is_some() {
            return invalid("stats has no topics: subscribe to the channel".to_owned());
        }
        if subject.topic.as_ref().is_some_and(|topic| !(1..=64).contains(&topic.chars().count())) {
            return invalid("a topic has 1 to 64 characters".to_owned());
        }
        let Some(conn) = self.conns.get(&id) else { return Ok(()) };
        if !conn.may_read(subject) {
            return Err((Code::Forbidden, needs(subject)));
        }
        let overlaps =
            |other: &&Subject| *other != subject && (other.covers(subject) || subject.covers(other));
        if let Some(other) = conn.subscriptions.subjects().find(overlaps) {
            return invalid(format!(
                "{subject} overlaps the live subscription {other}: unsubscribe that first"
            ));
        }
        let most = self.config.max_subscriptions;
        if conn.subscriptions.len() >= most && !conn.subscriptions.contains(subject) {
            return invalid(format!("a connection holds at most {most} subscriptions"));
        }
        Ok(())
    }
}

/// At least one part; an item above the size of a part travels alone.
fn in_parts(items: Vec<SnapshotItem>) -> Vec<Vec<SnapshotItem>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for item in items {
        let size = item.kind.len() + item.payload.as_str().len() + 64;
        if bytes + size > PART_BYTES && bytes > 0 {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(item);
        }
    }
    parts
}
