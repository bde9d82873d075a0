//! Who listens to what, and who belongs to which session: no event and no `hello` looks at other connections.

use super::rate::{Meter, Rate};
use super::types::ConnId;
use sentinelops_protocol::Subject;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// User and session of a `hello`.
pub(super) type SessionKey = (Arc<str>, Arc<str>);

/// Users remembered without a look at who of them is gone.
const MIN_USERS: usize = 64;

#[derive(Debug, Default)]
struct OfUser {
    /// Greeted connections.
    connections: usize,
    /// Commands of all of them; kept when the last one ends, so that coming back is no way around it.
    commands: Meter,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    subjects: HashMap<Subject, BTreeSet<ConnId>>,
    sessions: HashMap<SessionKey, Vec<ConnId>>,
    users: HashMap<Arc<str>, OfUser>,
    /// With so many users those without connections whose meter is idle are forgotten.
    users_most: usize,
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

    pub(super) fn join(&mut self, now_ms: u64, key: SessionKey, conn: ConnId) {
        if self.users.len() >= self.users_most {
            self.users.retain(|_, user| user.connections > 0 || !user.commands.is_idle(now_ms));
            self.users_most = MIN_USERS.max(2 * self.users.len());
        }
        self.users.entry(key.0.clone()).or_default().connections += 1;
        self.sessions.entry(key).or_default().push(conn);
    }

    pub(super) fn leave(&mut self, key: &SessionKey, conn: ConnId) {
        if let Some(conns) = self.sessions.get_mut(key)
            && let Some(at) = conns.iter().position(|other| *other == conn)
        {
            conns.remove(at);
            if let Some(user) = self.users.get_mut(&key.0) {
                user.connections -= 1;
            }
            if conns.is_empty() {
                self.sessions.remove(key);
            }
        }
    }

    /// How many connections of a user were greeted.
    pub(super) fn of_user(&self, user: &str) -> usize {
        self.users.get(user).map_or(0, |user| user.connections)
    }

    /// Everybody who has greeted connections.
    pub(super) fn users(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter(|(_, user)| user.connections > 0).map(|(user, _)| &**user)
    }

    /// Takes in one command of a user.
    ///
    /// # Errors
    /// It comes too early: after so many ms it would not. Then it does not count.
    pub(super) fn take(&mut self, user: &str, rate: Rate, now_ms: u64) -> Result<(), u64> {
        self.users.get_mut(user).map_or(Ok(()), |user| user.commands.take(rate, now_ms))
    }

    /// The greeted connections of a session.
    pub(super) fn of_session(&self, key: &SessionKey) -> &[ConnId] {
        self.sessions.get(key).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_left_are_forgotten_once_their_meter_is_idle() {
        let mut index = Index::default();
        let rate = Rate::new(1.0, 2.0).expect("a rate");
        for n in 0..10_000 {
            let key: SessionKey = (format!("u{n}").into(), "s".into());
            let now_ms = n * 100;
            index.join(now_ms, key.clone(), ConnId(n));
            assert_eq!(index.take(&key.0, rate, now_ms), Ok(()));
            index.leave(&key, ConnId(n));
        }
        assert!(index.users.len() <= MIN_USERS, "{}", index.users.len());
        assert!(index.users.contains_key("u9999"), "its meter is not idle yet");
    }
}
