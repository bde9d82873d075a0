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
    /// Greeted connections of each user.
    users: HashMap<Arc<str>, usize>,
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
        *self.users.entry(key.0.clone()).or_default() += 1;
        self.sessions.entry(key).or_default().push(conn);
    }

    pub(super) fn leave(&mut self, key: &SessionKey, conn: ConnId) {
        if let Some(conns) = self.sessions.get_mut(key)
            && let Some(at) = conns.iter().position(|other| *other == conn)
        {
            conns.remove(at);
            if let Some(count) = self.users.get_mut(&key.0) {
                *count -= 1;
                if *count == 0 {
                    self.users.remove(&key.0);
                }
            }
            if conns.is_empty() {
                self.sessions.remove(key);
            }
        }
    }

    /// How many connections of a user were greeted.
    pub(super) fn of_user(&self, user: &str) -> usize {
        self.users.get(user).copied().unwrap_or(0)
    }

    /// The greeted connections of a session.
    pub(super) fn of_session(&self, key: &SessionKey) -> &[ConnId] {
        self.sessions.get(key).map_or(&[], Vec::as_slice)
    }
}
