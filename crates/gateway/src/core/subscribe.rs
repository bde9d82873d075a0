//! Starting a subscription: go on exactly, or show the state.

use super::Gateway;
use super::access::needs;
use super::conn::Subscription;
use super::types::{ConnId, Now};
use sentinelops_protocol::system::{
    Continuity, ServerSystem, Snapshot, SnapshotItem, SubscribeEntry, Subscribed,
};
use sentinelops_protocol::{Channel, Code, Subject};

/// Items of one snapshot part; what is left of 64 KiB is for the envelope.
const PART_BYTES: usize = 63 * 1024;

impl Gateway {
    pub(super) fn subscribe(&mut self, now: Now, id: ConnId, entry: SubscribeEntry) {
        let subject = entry.subject();
        if let Err((code, message)) = self.may_subscribe(id, &subject) {
            self.stats.bad += 1;
            return self.send_system(now, id, &ServerSystem::Denied { subject, code, message });
        }
        let epoch = self.history.epoch.clone();
        let resumable = entry.since.as_ref().filter(|since| since.epoch == epoch);
        let replay = resumable.and_then(|since| {
            let events = self.history.after(&subject, since.seq, now.mono)?;
            // A replay that would itself make a slow consumer of the client is none.
            let bytes: usize = events.iter().map(|event| event.head.len() + 32).sum();
            (bytes <= self.config.send_buffer_bytes / 2).then_some((since.seq, events))
        });
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.queue.drop_subscription(&subject);
        let Subject { channel, topic } = subject.clone();
        let subscribed = |seq, continuity| {
            let subscribed =
                Subscribed { channel, topic: topic.clone(), epoch: epoch.clone(), seq, continuity };
            ServerSystem::Subscribed(subscribed)
        };
        if let Some((seq, events)) = replay {
            conn.subscriptions.insert(subject.clone(), Subscription { last: seq });
            self.send_for(now, id, &subscribed(seq, Continuity::Exact), Some(&subject));
            if let Some(conn) = self.conns.get_mut(&id) {
                for event in events {
                    conn.queue.event(subject.clone(), event);
                }
            }
            return;
        }
        let seq = self.history.seq;
        conn.subscriptions.insert(subject.clone(), Subscription { last: seq });
        // Keyed channels lose nothing by a snapshot; of the others some events are never seen.
        let continuity = match channel {
            Channel::Chat | Channel::Activity if entry.since.is_some() => Continuity::Gap,
            _ => Continuity::Snapshot,
        };
        self.send_for(now, id, &subscribed(seq, continuity), Some(&subject));
        let parts = in_parts(self.state.items(&subject));
        let count = parts.len();
        for (part, items) in parts.into_iter().enumerate() {
            let snapshot = Snapshot {
                channel,
                topic: topic.clone(),
                epoch: epoch.clone(),
                seq,
                part: u32::try_from(part).unwrap_or(u32::MAX),
                last: part + 1 == count,
                items,
            };
            self.send_for(now, id, &ServerSystem::Snapshot(snapshot), Some(&subject));
        }
    }

    fn may_subscribe(&self, id: ConnId, subject: &Subject) -> Result<(), (Code, String)> {
        let invalid = |message: String| Err((Code::Invalid, message));
        if subject.channel == Channel::System {
            return invalid("the system channel needs no subscription".to_owned());
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
        if let Some(other) = conn.subscriptions.keys().find(overlaps) {
            return invalid(format!(
                "{subject} overlaps the live subscription {other}: unsubscribe that first"
            ));
        }
        let most = self.config.max_subscriptions;
        if conn.subscriptions.len() >= most && !conn.subscriptions.contains_key(subject) {
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
