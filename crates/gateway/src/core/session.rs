//! Hello, welcome, auth, ping.

use super::Gateway;
use super::types::{ConnId, Now};
use sentinelops_protocol::system::{ClientSystem, Hello, ServerSystem, Welcome};
use sentinelops_protocol::{Code, PROTOCOL_VERSION, close};

impl Gateway {
    pub(super) fn system(&mut self, now: Now, conn: ConnId, message: ClientSystem) {
        let Some(state) = self.conns.get(&conn) else { return };
        let greeted = state.hello.is_some();
        match message {
            ClientSystem::Hello(hello) if !greeted => self.hello(now, conn, hello),
            ClientSystem::Hello(_) => {
                self.stats.bad += 1;
                let message = "hello was said already on this connection".to_owned();
                let error = ServerSystem::Error { code: Code::Invalid, message, id: None };
                self.send_system(now, conn, &error);
            }
            _ if !greeted => self.not_greeted(now, conn, None),
            // Authentication is not asked for yet: every token is as good as none. Once it is, `hello`
            // waits for it before the welcome.
            ClientSystem::Auth { .. } => {
                self.send_system(now, conn, &ServerSystem::Authed { expires_in_ms: self.config.token_ms });
            }
            ClientSystem::Ping(ping) => self.send_system(now, conn, &ServerSystem::Pong(Some(ping))),
            ClientSystem::Subscribe(entries) => {
                for entry in entries {
                    self.subscribe(now, conn, entry);
                }
            }
            ClientSystem::Unsubscribe(subjects) => {
                if let Some(state) = self.conns.get_mut(&conn) {
                    for subject in subjects {
                        state.subscriptions.remove(&subject);
                        state.queue.drop_subscription(&subject);
                    }
                }
            }
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
        state.hello = Some((hello.session.clone(), hello.term));
        let user = state.user.clone();
        if self.supersede(now, conn, &user, &hello) {
            return;
        }
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            session: hello.session,
            user,
            now: now.wall,
            max_message_bytes: self.config.max_message_bytes as u64,
            max_in_flight: self.config.max_in_flight,
            reconnect_window_ms: self.config.reconnect_window_ms,
            rate: self.config.rate,
            expires_in_ms: self.config.token_ms,
        };
        self.send_system(now, conn, &ServerSystem::Welcome(welcome));
    }

    /// Of two connections of one session the lower term is closed. Equal terms are left alone: that
    /// is the same leader, back before its old socket was noticed to be dead.
    fn supersede(&mut self, now: Now, conn: ConnId, user: &str, hello: &Hello) -> bool {
        let rivals: Vec<(ConnId, u64)> = self
            .conns
            .iter()
            .filter(|(id, other)| **id != conn && other.user == user)
            .filter_map(|(id, other)| {
                let (session, term) = other.hello.as_ref()?;
                (*session == hello.session).then_some((*id, *term))
            })
            .collect();
        let newest = rivals.iter().map(|(_, term)| *term).max().unwrap_or(0).max(hello.term);
        for (id, term) in rivals {
            if term < newest {
                self.close(now, id, close::SUPERSEDED, "a newer leader of this session is connected");
            }
        }
        let superseded = hello.term < newest;
        if superseded {
            self.close(now, conn, close::SUPERSEDED, "a newer leader of this session is connected");
        }
        superseded
    }
}
