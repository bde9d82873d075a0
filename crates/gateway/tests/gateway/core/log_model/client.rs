//! A client of the model: it keeps its cursor over every connection, and what it was told.

use sentinelops_protocol::system::{Continuity, ServerSystem};
use sentinelops_protocol::{Event, ServerMessage};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Client {
    /// Its gateway.
    pub at: usize,
    pub sent: u64,
    pub unacked: BTreeMap<String, String>,
    pub acked: BTreeSet<String>,
    /// Refused for now.
    pub again: Vec<String>,
    cursor: Option<(String, u64)>,
    /// The base of the chain is known on this connection.
    is_subscribed: bool,
    /// How often the event of each message came since the last snapshot.
    pub seen: BTreeMap<String, u32>,
    /// Something was lost, and it was told so.
    pub gaps: u64,
    pub resumes: u64,
    pub wrong: Option<String>,
}

impl Client {
    /// A client of this gateway.
    pub fn at(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// What it sends first on any connection.
    pub fn hello(number: usize) -> String {
        format!(
            r#"{{"type":"hello","channel":"system","payload":{{"protocol":1,"client":"t","session":"s{number}","term":1}}}}"#
        )
    }

    /// What it sends then on the one to its own gateway.
    pub fn subscribe(&mut self) -> String {
        self.is_subscribed = false;
        let since = self
            .cursor
            .as_ref()
            .map_or(String::new(), |(epoch, seq)| format!(r#","since":{{"epoch":"{epoch}","seq":{seq}}}"#));
        format!(
            r#"{{"type":"subscribe","channel":"system","payload":{{"channels":[{{"channel":"chat"{since}}}]}}}}"#
        )
    }

    pub fn take(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::System(ServerSystem::Ack { ids }) => {
                for id in ids {
                    self.unacked.remove(&id);
                    self.acked.insert(id);
                }
            }
            ServerMessage::System(ServerSystem::Nack { id, retry_after_ms, .. }) => {
                if retry_after_ms.is_some() {
                    self.again.push(id);
                } else {
                    self.unacked.remove(&id);
                }
            }
            ServerMessage::System(ServerSystem::Subscribed(answer)) => {
                self.resumes += u64::from(self.cursor.is_some());
                if answer.continuity != Continuity::Exact {
                    self.gaps += u64::from(answer.continuity == Continuity::Gap);
                    // What is shown from here on is another history.
                    self.seen.values_mut().for_each(|times| *times = 0);
                }
                self.cursor = Some((answer.epoch, answer.seq));
                self.is_subscribed = true;
            }
            ServerMessage::System(ServerSystem::Snapshot(part)) => {
                for item in part.items {
                    let text = item.payload.as_str().split_once(r#""content":""#);
                    if let Some((id, _)) = text.and_then(|(_, rest)| rest.split_once('"')) {
                        self.seen.entry(id.to_owned()).or_default();
                    }
                }
            }
            ServerMessage::Event(event) => self.event(event),
            ServerMessage::System(_) => {}
        }
    }

    fn event(&mut self, event: Event) {
        let Some((_, cursor)) = self.cursor.as_mut().filter(|_| self.is_subscribed) else {
            self.wrong = Some("an event before the subscription".to_owned());
            return;
        };
        if event.prev != Some(*cursor) {
            self.wrong = Some(format!("a hole: at {cursor}, prev {:?}, seq {:?}", event.prev, event.seq));
        }
        *cursor = event.seq.unwrap_or(*cursor);
        if let Some(cause) = event.cause {
            let times = self.seen.entry(cause.clone()).or_default();
            *times += 1;
            if *times > 1 {
                self.wrong = Some(format!("{cause} came twice"));
            }
        }
    }
}
