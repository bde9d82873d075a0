//! What gateways send each other beside the log: it is kept nowhere and may be lost.

use super::super::record::StoredEvent;
use super::super::types::{NewEvent, Now};
use super::super::{ConnId, Gateway, Report, Source, What};
use sentinelops_protocol::domain::AlertChange;
use sentinelops_protocol::{close, decode_payload, encode_payload};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// From one gateway to all others of the same log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// Typing or viewing.
    Passing(StoredEvent),
    /// A session is connected here with this term: connections of a lower one are closed.
    Session {
        /// Whose.
        user: String,
        /// Which.
        session: String,
        /// Its term.
        term: u64,
        /// The name of the gateway.
        #[serde(default)]
        gateway: String,
    },
    /// This gateway is alive. Sent every 5 s: after 15 s without anything it counts as dead.
    Alive {
        /// Its name.
        gateway: String,
    },
    /// The users who have connections to this gateway.
    Users {
        /// Its name.
        gateway: String,
        /// Who.
        users: Vec<String>,
        /// Whether they replace those named before, or are more of them.
        first: bool,
    },
    /// A source of alerts has sent something, and reported these alerts as firing.
    Heard {
        /// The name of the source.
        source: String,
        /// Ids of alerts.
        firing: Vec<String>,
    },
}

impl Gateway {
    /// A notice of another gateway.
    pub fn told(&mut self, now: Now, notice: Notice) {
        match notice {
            Notice::Passing(event) => {
                let (payload, _) = decode_payload(&event.kind, &event.payload);
                if payload.is_ephemeral() {
                    let StoredEvent { channel, kind, priority, .. } = event;
                    let event = NewEvent { channel, kind, payload, priority, timestamp: None };
                    self.pass_on(now, event, None);
                }
            }
            Notice::Session { user, session, term, gateway } => {
                self.is_alive(now, &gateway, vec![user.clone()], false);
                self.session_elsewhere(now, user, session, term);
            }
            Notice::Alive { gateway } => self.is_alive(now, &gateway, Vec::new(), false),
            Notice::Users { gateway, users, first } => self.is_alive(now, &gateway, users, first),
            Notice::Heard { source, firing } => self.heard_elsewhere(now, &source, firing),
        }
        self.settle(now);
    }

    pub(in crate::core) fn tell_passing(&mut self, now: Now, event: &NewEvent) {
        if self.is_shared() {
            self.store.tell(Notice::Passing(StoredEvent {
                channel: event.channel,
                kind: event.kind.clone(),
                payload: encode_payload(&event.payload),
                timestamp: now.wall,
                cause: None,
                priority: event.priority,
                merged: None,
                begins: false,
            }));
        }
    }

    pub(in crate::core) fn tell_session(&mut self, user: &str, session: &str, term: u64) {
        if let Some(gateway) = self.store.writer().map(str::to_owned) {
            let (user, session) = (user.to_owned(), session.to_owned());
            self.store.tell(Notice::Session { user, session, term, gateway });
        }
    }

    fn session_elsewhere(&mut self, now: Now, user: String, session: String, term: u64) {
        let key = (Arc::from(&*user), Arc::from(&*session));
        let ours: Vec<(ConnId, u64)> = self
            .index
            .of_session(&key)
            .iter()
            .filter_map(|id| Some((*id, self.conns.get(id)?.hello.as_ref()?.1)))
            .collect();
        for (id, ours) in &ours {
            if *ours < term {
                self.close(now, *id, close::SUPERSEDED, "a newer leader of this session is connected");
            }
        }
        // The one that connected there is the older one.
        if let Some(newest) = ours.iter().map(|(_, term)| *term).max().filter(|newest| *newest > term) {
            self.tell_session(&user, &session, newest);
        }
    }

    pub(in crate::core) fn tell_heard(&mut self, source: &Source, reports: &[Report]) {
        let firing = |report: &Report| match &report.what {
            What::Alert(signal) if signal.change == AlertChange::Raised => Some(signal.alert_id.clone()),
            _ => None,
        };
        let firing = reports.iter().filter_map(firing).collect();
        self.store.tell(Notice::Heard { source: source.name.to_string(), firing });
    }

    fn heard_elsewhere(&mut self, now: Now, source: &str, firing: Vec<String>) {
        if let Some(watched) = self.sources.get_mut(source) {
            watched.mark_received(now);
            for id in firing {
                watched.repeated.insert(id, now.mono);
            }
        }
    }
}
