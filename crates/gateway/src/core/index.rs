//! Who listens to what, and who belongs to which session: no event and no `hello` looks at other connections.

use super::types::ConnId;
use sentinelops_protocol::Subject;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// User and session of a `hello`.
pub(super) type SessionKey = (Arc<str>, Arc<str>);

#[derive(Debug, Default)]
pub(super) struct Index {
    subjects: HashMap<Subject, BTreeSet<ConnId>>,
    sessions: HashMap<SessionKey, Vec<ConnId>>,
}

impl Index {
    pub(super) fn subscribe(&mut self, subject: &Subject, conn: ConnId) {
        match self.subjects.get_mut(subject) {
            Some(conns) => drop(conns.insert(conn)),
            None => drop(self.subjects.insert(subject.clone(), BTreeSet::from([conn]))),
        }
    }

    pub(super) fn unsubscribe(&mut self, subject: &Subject, conn: ConnId) {
        if let Some(conns) = self.subjects.get_mut(subject) {
            conns.remove(&conn);
            if conns.is_empty() {
                self.subjects.remove(subject);
            }
        }
    }

    /// In the order in which they connected.
    pub(super) fn subscribers(&self, subject: &Subject) -> impl Iterator<Item = ConnId> {
        self.subjects.get(subject).into_iter().flatten().copied()
    }

    pub(super) fn join(&mut self, key: SessionKey, conn: ConnId) {
        self.sessions.entry(key).or_default().push(conn);
    }

    pub(super) fn leave(&mut self, key: &SessionKey, conn: ConnId) {
        if let Some(conns) = self.sessions.get_mut(key) {
            conns.retain(|other| *other != conn);
            if conns.is_empty() {
                self.sessions.remove(key);
            }
        }
    }

    /// The greeted connections of a session.
    pub(super) fn of_session(&self, key: &SessionKey) -> &[ConnId] {
        self.sessions.get(key).map_or(&[], Vec::as_slice)
    }
}
