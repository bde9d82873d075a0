//! Hello, welcome, auth, ping.

use super::index::SessionKey;
use super::types::{ConnId, Now};
use super::{CROWDED_RETRY_S, Gateway};
use sentinelops_protocol::system::{ClientSystem, Hello, ServerSystem, Welcome};
use sentinelops_protocol::{Code, PROTOCOL_VERSION, Subject, close};

/// Whether commands can be stored; `unavailable` is their `retryAfterMs` while they cannot.
pub(super) fn storage(unavailable: Option<u64>) -> ServerSystem {
    let message = match unavailable {
        Some(_) => "the server cannot store anything at the moment: messages are refused for now",
        None => "the server stores messages again",
    };
    ServerSystem::Storage {
        available: unavailable.is_none(),
        message: message.to_owned(),
        retry_after_ms: unavailable,
    }
}

impl Gateway {
    pub(super) fn system(&mut self, now: Now, conn: ConnId, message: ClientSystem) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let greeted = state.hello.is_some();
        match message {
            ClientSystem::Hello(hello) if !greeted => self.hello(now, conn, hello),
            ClientSystem::Hello(_) => {
                self.stats.bad += 1;
                let message = "hello was sent already on this connection".to_owned();
                let error = ServerSystem::Error { code: Code::Invalid, message, id: None };
                self.send_system(now, conn, &error);
            }
            _ if !greeted => self.not_greeted(now, conn, None),
            ClientSystem::Auth { token } => self.on_auth(now, conn, token),
            ClientSystem::Ping(ping) => match &mut state.opening {
                Some(opening) => opening.pings.push(ping),
                None => self.send_system(now, conn, &ServerSystem::Pong(Some(ping))),
            },
            ClientSystem::Subscribe(entries) => match &mut state.opening {
                Some(opening) => opening.wanted.extend(entries),
                None => {
                    for entry in entries {
                        self.subscribe(now, conn, entry);
                    }
                }
            },
            ClientSystem::Unsubscribe(subjects) => match &mut state.opening {
                Some(opening) => opening.wanted.retain(|entry| !subjects.contains(&entry.subject())),
                None => {
                    for subject in subjects {
                        self.unsubscribe(conn, &subject);
                    }
                }
            },
        }
    }

    pub(super) fn unsubscribe(&mut self, conn: ConnId, subject: &Subject) {
        self.not_ahead(conn, subject);
        if let Some(state) = self.conns.get_mut(&conn)
            && state.subscriptions.end(subject)
        {
            state.queue.drop_subscription(subject);
            self.index.unsubscribe(subject, conn);
        }
    }

    fn hello(&mut self, now: Now, conn: ConnId, hello: Hello) {
        if hello.protocol < PROTOCOL_VERSION {
            self.stats.bad += 1;
            let message =
                format!("hello.protocol is {}; this server speaks {PROTOCOL_VERSION}", hello.protocol);
            let error = ServerSystem::Error { code: Code::Invalid, message: message.clone(), id: None };
            self.send_system(now, conn, &error);
            return self.close(now, conn, close::BAD_REQUEST, &message);
        }
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.hello = Some((hello.session.into(), hello.term));
        if state.identity.is_some() {
            self.greet(now, conn);
        }
    }

    /// Welcomes a connection that has sent hello and whose user is known.
    pub(super) fn greet(&mut self, now: Now, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else { return };
        let (Some((session, term)), Some(identity)) = (&state.hello, &state.identity) else { return };
        let (session, term, user) = (session.clone(), *term, identity.user.clone());
        let left = identity.expires_at_ms.map(|at| at.saturating_sub(now.wall));
        let most = self.config.traffic.max_connections_per_user;
        if let Some(most) = most.filter(|most| self.index.of_user(&user) >= *most) {
            self.stats.drops.crowded_user += 1;
            let reason = format!(
                "retry after {CROWDED_RETRY_S} s; {most} connections of this user are open, the most allowed"
            );
            return self.close(now, conn, close::RATE_LIMITED, &reason);
        }
        let key = (user.clone(), session.clone());
        self.index.join(now.mono, key.clone(), conn);
        self.tell_session(&user, &session, term);
        if self.supersede(now, conn, &key, term) {
            return;
        }
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            session: session.to_string(),
            user: user.to_string(),
            now: now.wall,
            max_message_bytes: self.config.max_message_bytes as u64,
            max_in_flight: self.config.max_in_flight,
            reconnect_window_ms: self.config.reconnect_window_ms,
            rate: self.config.traffic.rate,
            expires_in_ms: left,
        };
        self.send_system(now, conn, &ServerSystem::Welcome(welcome));
        if self.unavailable.is_some() {
            self.send_system(now, conn, &storage(self.unavailable));
        }
    }

    /// Of two connections of one session the lower term is closed. Equal terms are left alone: that
    /// is the same leader, back before its old socket was noticed to be dead.
    fn supersede(&mut self, now: Now, conn: ConnId, session: &SessionKey, term: u64) -> bool {
        let others = self.index.of_session(session).iter().filter(|id| **id != conn);
        let rivals: Vec<(ConnId, u64)> =
            others.filter_map(|id| Some((*id, self.conns.get(id)?.hello.as_ref()?.1))).collect();
        let newest = rivals.iter().map(|(_, term)| *term).max().unwrap_or(0).max(term);
        for (id, theirs) in rivals {
            if theirs < newest {
                self.close(now, id, close::SUPERSEDED, "a newer leader of this session is connected");
            }
        }
        let superseded = term < newest;
        if superseded {
            self.close(now, conn, close::SUPERSEDED, "a newer leader of this session is connected");
        }
        superseded
    }
}
