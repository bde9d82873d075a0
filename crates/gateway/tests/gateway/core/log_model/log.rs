//! A model of the log: what JetStream does, and what it may lose.

use sentinelops_gateway::Record;
use std::collections::BTreeMap;

pub enum Body {
    Record(Box<Record>),
    /// Epoch, and the server process at which it was confirmed.
    Mark(String, u64),
}

pub struct Message {
    pub key: String,
    pub body: Body,
    /// Who proposed it, and the number of the proposal.
    pub by: (String, u64),
    /// Of its payload.
    pub print: u64,
}

/// The `seq` of a message is its place, counted from 1.
#[derive(Default)]
pub struct Log {
    pub messages: Vec<Message>,
    /// Counts the server processes.
    pub server: u64,
    ids: BTreeMap<String, u64>,
    prints: u64,
}

impl Log {
    pub fn last(&self) -> u64 {
        self.messages.len() as u64
    }

    pub fn get(&self, seq: u64) -> Option<&Message> {
        self.messages.get(usize::try_from(seq).ok()?.checked_sub(1)?)
    }

    pub fn records(&self) -> impl Iterator<Item = (u64, &Record)> {
        (1..).zip(&self.messages).filter_map(|(seq, message)| match &message.body {
            Body::Record(record) => Some((seq, &**record)),
            Body::Mark(..) => None,
        })
    }

    pub fn newest(&self, key: &str) -> u64 {
        let at = self.messages.iter().rposition(|message| message.key == key);
        at.map_or(0, |at| at as u64 + 1)
    }

    /// The message that has this id.
    pub fn known(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    pub fn push(&mut self, key: String, body: Body, id: Option<String>, by: (String, u64)) {
        self.prints += 1;
        self.messages.push(Message { key, body, by, print: self.prints });
        if let Some(id) = id {
            self.ids.insert(id, self.last());
        }
    }

    /// The epoch in force, and the server process at which it was confirmed last.
    pub fn mark(&self) -> Option<(String, u64)> {
        self.messages.iter().rev().find_map(|message| match &message.body {
            Body::Mark(epoch, server) => Some((epoch.clone(), *server)),
            Body::Record(_) => None,
        })
    }

    /// The server starts again, without so many of the newest messages.
    pub fn restart(&mut self, lost: usize) {
        self.server += 1;
        self.messages.truncate(self.messages.len().saturating_sub(lost));
        let last = self.last();
        self.ids.retain(|_, seq| *seq <= last);
    }

    /// The stream is deleted and made again.
    pub fn make_again(&mut self) {
        self.messages.clear();
        self.ids.clear();
    }
}

/// The id of a message that brings a command about.
pub fn id_of(record: &Record) -> Option<String> {
    record.accepted.as_ref().map(|accepted| format!("{}/{}", accepted.user, accepted.id))
}
