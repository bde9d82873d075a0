//! Checking who a connection is: before the welcome, at a refresh, at expiry, on revocation.

use super::Gateway;
use super::conn::{Check, Conn, Opening, Timer};
use super::identity::{Auth, Denied, Identity, Token, of_right};
use super::types::{ConnId, Now, Output};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Code, Subject, close};
use std::collections::BTreeSet;

/// How long a connection may stay without a valid token.
const TOKEN_WAIT_MS: u64 = 5_000;
/// Largest frame before that, bytes.
pub(super) const MAX_FRAME_BYTES: usize = 4 * 1024;
/// Most frames before that.
pub(super) const MAX_FRAMES: u8 = 32;
/// The wall clock may be set: an expiry is looked at this often at least.
const LOOK_EVERY_MS: u64 = 60_000;
/// A check that takes longer than `TOKEN_WAIT_MS` sends the client away for this long.
const CHECK_AGAIN_S: u64 = 5;

impl Gateway {
    /// A token came with the URL of the socket. The check goes the way of an `auth`.
    pub fn offer_token(&mut self, now: Now, conn: ConnId, token: Token) {
        if self.config.auth == Auth::Required {
            self.check(conn, token, false);
        }
        self.settle(now);
    }

    /// The answer to [`Output::CheckToken`].
    pub fn authenticated(&mut self, now: Now, conn: ConnId, result: Result<Identity, Denied>) {
        self.on_checked(now, conn, result);
        self.settle(now);
    }

    /// Closes the connections of revoked users and tokens with 4401. New tokens are checked by the shell.
    pub fn revoke(&mut self, now: Now, subs: &BTreeSet<String>, jtis: &BTreeSet<String>) {
        let is_revoked = |identity: &Identity| {
            subs.contains(&*identity.user) || identity.jti.as_ref().is_some_and(|jti| jtis.contains(jti))
        };
        let revoked = self.conns.iter().filter(|(_, conn)| conn.identity.as_ref().is_some_and(is_revoked));
        for conn in revoked.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.stats.auth_ends.revoked += 1;
            self.close(now, conn, close::UNAUTHENTICATED, "the token was revoked: sign in again");
        }
    }

    pub(super) fn await_token(&mut self, now: Now, conn: ConnId) {
        self.arm(now.mono + TOKEN_WAIT_MS, conn, Timer::Access);
    }

    pub(super) fn on_auth(&mut self, now: Now, conn: ConnId, token: String) {
        match self.config.auth {
            Auth::Required => self.check(conn, Token::new(token), true),
            Auth::Open => {
                self.send_system(now, conn, &ServerSystem::Authed { expires_in_ms: None });
            }
        }
    }

    fn check(&mut self, conn: ConnId, token: Token, by_frame: bool) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        match &mut state.check {
            Some(check) => {
                check.next = Some(token);
                check.by_frame |= by_frame;
            }
            None => {
                state.check = Some(Box::new(Check { next: None, by_frame }));
                self.output(Output::CheckToken { conn, token });
            }
        }
    }

    fn on_checked(&mut self, now: Now, conn: ConnId, result: Result<Identity, Denied>) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let Some(check) = &mut state.check else { return };
        if let Some(token) = check.next.take() {
            return self.output(Output::CheckToken { conn, token });
        }
        let by_frame = check.by_frame;
        state.check = None;
        match result {
            Ok(identity) if identity.expires_at_ms.is_some_and(|at| at <= now.wall) => {
                self.stats.auth_ends.expired += 1;
                self.refuse_token(now, conn, &Denied::invalid("the token has expired"));
            }
            Ok(identity) => self.accept_token(now, conn, identity, by_frame),
            Err(denied) => self.refuse_token(now, conn, &denied),
        }
    }

    fn refuse_token(&mut self, now: Now, conn: ConnId, denied: &Denied) {
        let Some(state) = self.conns.get(&conn) else { return };
        if state.identity.is_some() {
            // A refresh that failed takes nothing away: the token of before still counts until it expires.
            let message = format!("the new token is not accepted: {}", denied.reason);
            let error = ServerSystem::Error { code: Code::Unauthenticated, message, id: None };
            return self.send_system(now, conn, &error);
        }
        match denied.retry_after_ms {
            None => self.close(now, conn, close::UNAUTHENTICATED, &denied.reason),
            Some(ms) => {
                let reason = format!("retry after {ms} ms; {}", denied.reason);
                self.close(now, conn, close::TRY_LATER, &reason);
            }
        }
    }

    fn accept_token(&mut self, now: Now, conn: ConnId, identity: Identity, by_frame: bool) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let expires_in_ms = identity.expires_at_ms.map(|at| at.saturating_sub(now.wall));
        if state.identity.as_ref().is_some_and(|before| before.user != identity.user) {
            self.stats.auth_ends.other_user += 1;
            let reason = "the new token is of another user: connect again";
            return self.close(now, conn, close::UNAUTHENTICATED, reason);
        }
        state.identity = Some(identity);
        let opening = state.opening.take();
        self.watch_expiry(now, conn);
        if opening.is_none() {
            self.end_unreadable(now, conn);
        } else if self.conns.get(&conn).is_some_and(|conn| conn.hello.is_some()) {
            self.greet(now, conn);
        }
        let Opening { pings, wanted, .. } = opening.map(|opening| *opening).unwrap_or_default();
        for ping in pings {
            self.send_system(now, conn, &ServerSystem::Pong(Some(ping)));
        }
        if by_frame {
            self.send_system(now, conn, &ServerSystem::Authed { expires_in_ms });
        }
        for entry in wanted {
            self.subscribe(now, conn, entry);
        }
    }

    /// Ends the subscriptions that the present rights do not allow.
    fn end_unreadable(&mut self, now: Now, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else { return };
        let lost = state.subscriptions.subjects().filter(|subject| !state.may_read(subject));
        for subject in lost.cloned().collect::<Vec<_>>() {
            self.unsubscribe(conn, &subject);
            let message = needs(&subject);
            self.send_system(now, conn, &ServerSystem::Denied { subject, code: Code::Forbidden, message });
        }
    }

    fn watch_expiry(&mut self, now: Now, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else { return };
        match state.identity.as_ref().and_then(|identity| identity.expires_at_ms) {
            Some(at) => {
                let left = at.saturating_sub(now.wall).clamp(1, LOOK_EVERY_MS);
                self.arm(now.mono + left, conn, Timer::Access);
            }
            None => self.disarm(conn, Timer::Access),
        }
    }

    /// The token did not come in time, or it has expired.
    pub(super) fn on_access_timer(&mut self, now: Now, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else { return };
        match &state.identity {
            None if state.check.is_some() => {
                self.stats.auth_ends.unchecked += 1;
                let reason = format!("retry after {CHECK_AGAIN_S} s; the token cannot be checked now");
                self.close(now, conn, close::TRY_LATER, &reason);
            }
            None => {
                self.stats.auth_ends.missing += 1;
                let reason = format!("no token within {} s: sign in", TOKEN_WAIT_MS / 1_000);
                self.close(now, conn, close::UNAUTHENTICATED, &reason);
            }
            Some(identity) if identity.expires_at_ms.is_some_and(|at| at > now.wall) => {
                self.watch_expiry(now, conn);
            }
            Some(_) => {
                self.stats.auth_ends.expired += 1;
                self.close(now, conn, close::UNAUTHENTICATED, "the token has expired: sign in again");
            }
        }
    }
}

impl Conn {
    pub(super) fn may_read(&self, subject: &Subject) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.rights.may_read(subject))
    }
}

/// The rights that would allow reading `subject`, for messages.
pub(super) fn needs(subject: &Subject) -> String {
    let channel = of_right(subject.channel);
    match &subject.topic {
        Some(topic) => format!("the right to read {channel} or {channel}:{topic} is needed"),
        None => format!("the right to read all of {channel} is needed"),
    }
}
