//! What the wire reports about the subscriptions, as a worker read it: epochs, gaps, and the events of topics.

use sentinelops_protocol::system::{Continuity, ServerSystem};
use sentinelops_protocol::{Limits, Payload, ServerMessage, Subject, decode_server_frame};
use std::collections::{BTreeSet, HashMap, HashSet};

/// See the module.
#[derive(Debug, Default)]
pub struct Stream {
    /// By subscription: its epoch, and which answer of all it was.
    epochs: HashMap<Subject, (String, u64)>,
    answers: u64,
    /// Answered with a gap on this connection; the state that follows is not complete yet.
    gaps: HashSet<Subject>,
    /// Events of single topics, where somebody looks at one.
    topics: HashMap<String, BTreeSet<u64>>,
    topics_epoch: String,
    /// Some script looks at single topics.
    pub follow_topics: bool,
    /// Events may have gone missing without the server knowing: then a gap is found by the client.
    pub holes: bool,
}

impl Stream {
    /// The socket is gone: answers that were not complete come again.
    pub fn disconnected(&mut self) {
        self.gaps.clear();
    }

    /// A frame was read. Answers the subscriptions whose state is complete after a gap.
    pub fn read(&mut self, bytes: &[u8], text: &str) -> Vec<Subject> {
        let answers = text.contains("\"type\":\"subscribed\"") || text.contains("\"type\":\"snapshot\"");
        let chat = self.follow_topics && text.contains("\"type\":\"chat.");
        if !answers && !chat {
            return Vec::new();
        }
        let Ok(decoded) = decode_server_frame(bytes, &Limits::to_client()) else { return Vec::new() };
        let mut after_gap = Vec::new();
        for message in decoded.messages {
            match message {
                ServerMessage::System(ServerSystem::Subscribed(answer)) => {
                    let subject = Subject { channel: answer.channel, topic: answer.topic };
                    self.gaps.remove(&subject);
                    match answer.continuity {
                        Continuity::Exact => self.answered(subject, answer.epoch),
                        Continuity::Gap => _ = self.gaps.insert(subject),
                        Continuity::Snapshot => {}
                    }
                }
                ServerMessage::System(ServerSystem::Snapshot(part)) if part.last => {
                    let subject = Subject { channel: part.channel, topic: part.topic };
                    if self.gaps.remove(&subject) {
                        after_gap.push(subject.clone());
                    }
                    self.answered(subject, part.epoch);
                }
                ServerMessage::Event(event) if self.follow_topics => {
                    let (Some(seq), Some(topic)) = (event.seq, conversation(&event.payload)) else {
                        continue;
                    };
                    self.topics.entry(topic.to_owned()).or_default().insert(seq);
                }
                _ => {}
            }
        }
        after_gap
    }

    fn answered(&mut self, subject: Subject, epoch: String) {
        if self.topics_epoch != epoch {
            self.topics_epoch.clone_from(&epoch);
            self.topics.clear();
        }
        self.answers += 1;
        self.epochs.insert(subject, (epoch, self.answers));
    }

    /// The epoch of the state that serves a subject.
    pub fn epoch(&self, subject: &Subject) -> Option<&str> {
        let whole = Subject::channel(subject.channel);
        let known = [self.epochs.get(subject), self.epochs.get(&whole)];
        // A connection never holds both: the later answer is the one on the wire.
        known.into_iter().flatten().max_by_key(|(_, answer)| *answer).map(|(epoch, _)| epoch.as_str())
    }

    /// An event of this topic between two numbers, if one was read.
    pub fn between(&self, topic: &str, after: u64, before: u64) -> Option<u64> {
        self.topics.get(topic)?.range(after + 1..before).next().copied()
    }
}

fn conversation(payload: &Payload) -> Option<&str> {
    match payload {
        Payload::Chat(message) => Some(&message.conversation_id),
        Payload::Receipt(receipt) => Some(&receipt.conversation_id),
        _ => None,
    }
}
