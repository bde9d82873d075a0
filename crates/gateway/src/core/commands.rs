//! Commands: known or new, in order or behind something, then applied, remembered, acked.

use super::config::Bug;
use super::conn::Block;
use super::identity::Rights;
use super::ids::{Known, hash};
use super::record::Accepted;
use super::types::{ConnId, Effect, NewEvent, Now, Verdict};
use super::{Gateway, apply::Refusal};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Channel, Code, Command, Subject, ordering_key};
use std::collections::HashSet;

/// `retryAfterMs` where a bound of the state is reached: people have to make room first.
const FULL_RETRY_MS: u64 = 60_000;

/// What is said of an id that stands for something else already.
pub(super) const TAKEN_ID: &str =
    "this id was accepted before with another type, channel or payload: use a new id";

/// Least `retryAfterMs` above the rate.
const RATE_RETRY_MS: u64 = 250;

/// Whether it is passed on to those who listen and kept nowhere.
pub(super) fn is_notice(command: &Command) -> bool {
    matches!(command.kind.as_str(), "chat.typing" | "incident.viewing")
}

/// Whether these rights allow a command of this ordering key.
///
/// # Errors
/// The rights that would do.
pub(super) fn may(rights: &Rights, command: &Command, key: Option<&str>) -> Result<(), String> {
    let topic = key.and_then(|key| key.split_once('/')).map(|(_, topic)| topic);
    let has_right = match (command.kind.as_str(), topic) {
        ("incident.viewing", Some(id)) => rights.may_read(&Subject::topic(Channel::Incidents, id)),
        _ => rights.may_write(command.channel, topic),
    };
    if has_right { Ok(()) } else { Err(not_allowed(command.channel, topic)) }
}

impl Gateway {
    pub(super) fn command(&mut self, now: Now, conn: ConnId, command: &Command) {
        let Some(state) = self.conns.get(&conn) else { return };
        let Some(identity) = &state.identity else {
            let message = "nothing is accepted before the welcome: sign in first".to_owned();
            return self.refuse(now, conn, command, Code::Unauthenticated, message);
        };
        let (user, rights) = (identity.user.clone(), identity.rights.clone());
        let key = ordering_key(command.channel, &command.payload);
        let is_notice = is_notice(command);
        let allowed = may(&rights, command, key.as_deref())
            .or_else(|message| if self.config.has(Bug::IgnoreRights) { Ok(()) } else { Err(message) });
        if let Err((wait, message)) = self.count(now, conn, &user) {
            let key = key.as_deref().filter(|_| !is_notice);
            let wait = wait.max(RATE_RETRY_MS);
            return self.defer(now, conn, command, key, (Code::RateLimited, wait, &message));
        }
        if is_notice && allowed.is_ok() {
            return self.notice(now, conn, &user, command);
        }
        if let Some(wait) = self.unavailable {
            return self.defer(
                now,
                conn,
                command,
                key.as_deref(),
                (Code::Unavailable, wait, "the server cannot store anything at the moment"),
            );
        }
        let hash = hash(command);
        match self.ids.known(&user, &command.id, hash) {
            Known::Same => {
                self.stats.repeated += 1;
                self.unblock(conn, key.as_deref(), &command.id);
                return self.ack(conn, &command.id);
            }
            Known::Other => {
                self.unblock(conn, key.as_deref(), &command.id);
                return self.refuse(now, conn, command, Code::DuplicateId, TAKEN_ID.to_owned());
            }
            Known::New => {}
        }
        if let Err(message) = allowed {
            self.unblock(conn, key.as_deref(), &command.id);
            return self.refuse(now, conn, command, Code::Forbidden, message);
        }
        if let Some(key) = &key
            && let Some(wait) = self.behind(now, conn, key, &command.id)
        {
            return self.defer(
                now,
                conn,
                command,
                None,
                (Code::Unavailable, wait, "something earlier of the same key has to come first"),
            );
        }
        if self.is_shared() {
            return self.enqueue_command(now, conn, user, command.clone(), key, hash);
        }
        match self.take_in(now, &user, command, key.clone(), hash) {
            Verdict::Accepted | Verdict::Repeated => self.ack(conn, &command.id),
            Verdict::Refused { code, message } => self.refuse(now, conn, command, code, message),
            Verdict::Deferred { code, message, retry_after_ms } => {
                self.defer(now, conn, command, key.as_deref(), (code, retry_after_ms, &message));
            }
        }
    }

    /// What becomes of a command that is new and allowed.
    pub(super) fn take_in(
        &mut self,
        now: Now,
        user: &str,
        command: &Command,
        key: Option<String>,
        hash: u64,
    ) -> Verdict {
        let defer = |code, retry_after_ms, message| Verdict::Deferred { code, message, retry_after_ms };
        if self.ids.count(user) >= self.config.max_ids_per_user {
            let most = self.config.max_ids_per_user;
            let hours = self.config.dedupe_ms / 3_600_000;
            let message = format!("you sent {most} messages in {hours} h, the most that are remembered");
            return defer(Code::RateLimited, FULL_RETRY_MS, message);
        }
        self.commands += 1;
        if self.config.test.nack_every.is_some_and(|n| n > 0 && self.commands.is_multiple_of(u64::from(n))) {
            return defer(Code::Unavailable, self.config.test.nack_retry_ms, "not now, try again".to_owned());
        }
        match self.judge(now, user, command) {
            Ok(events) if !self.has_room(&events) => {
                let most = self.config.max_open;
                let message =
                    format!("{most} are open already, the most this server keeps: resolve some first");
                defer(Code::Unavailable, FULL_RETRY_MS, message)
            }
            Ok(events) => {
                self.accept(now, user, command, key, hash, events);
                Verdict::Accepted
            }
            Err(Refusal { code, message }) => Verdict::Refused { code, message },
        }
    }

    /// Counts a command against the rates of its connection and of its user.
    ///
    /// # Errors
    /// It comes too early: after so many ms it would not; and what it exceeds, for people.
    fn count(&mut self, now: Now, conn: ConnId, user: &str) -> Result<(), (u64, String)> {
        if let (Some((rate, _)), Some(state)) = (self.rates.per_connection, self.conns.get_mut(&conn)) {
            let most = self.config.traffic.rate.unwrap_or_default();
            let message = || format!("more than the {most} messages a second allowed: send fewer");
            state.commands.take(rate, now.mono).map_err(|wait| (wait, message()))?;
        }
        if let Some(rate) = self.rates.per_user {
            let most = self.config.traffic.user_rate.unwrap_or_default();
            let message = || {
                format!(
                    "more than the {most} messages a second allowed to all connections of one user: send fewer"
                )
            };
            self.index.take(user, rate, now.mono).map_err(|wait| (wait, message()))?;
        }
        Ok(())
    }

    fn accept(
        &mut self,
        now: Now,
        user: &str,
        command: &Command,
        key: Option<String>,
        hash: u64,
        events: Vec<(NewEvent, bool)>,
    ) {
        let accepted = Accepted { user: user.to_owned(), id: command.id.clone(), hash, at: now.wall };
        if self.append(now, Some(accepted.clone()), events).is_some() {
            self.ids.insert(now.mono, accepted);
            self.took_effect(now, user, &command.id, command.kind.clone(), key);
        }
    }

    /// Counts a command of this gateway that took effect.
    pub(super) fn took_effect(&mut self, now: Now, user: &str, id: &str, kind: String, key: Option<String>) {
        if self.config.test.effects_kept > 0 {
            if self.effects.len() >= self.config.test.effects_kept {
                self.effects.pop_front();
            }
            self.effects.push_back(Effect {
                user: user.to_owned(),
                id: id.to_owned(),
                key,
                kind,
                index: self.stats.accepted,
                at: now.wall,
            });
        }
        self.stats.accepted += 1;
    }

    fn has_room(&self, events: &[(NewEvent, bool)]) -> bool {
        events.iter().all(|(event, _)| self.state.has_room(&event.payload, self.config.max_open))
    }

    /// How long a command has to wait because an earlier one of its key was refused for now.
    ///
    /// Clients resend in the original order. So when one that was turned away comes back before the
    /// one it waited for, the client has given that one up, and the key is free again.
    fn behind(&mut self, now: Now, conn: ConnId, key: &str, id: &str) -> Option<u64> {
        let blocks = &mut self.conns.get_mut(&conn)?.blocks;
        let block = blocks.get_mut(key)?;
        let until = block.until;
        if block.head == id || !block.wait_behind(id) {
            blocks.remove(key);
            return None;
        }
        Some(until.saturating_sub(now.mono).max(1))
    }

    pub(super) fn unblock(&mut self, conn: ConnId, key: Option<&str>, id: &str) {
        if let (Some(key), Some(state)) = (key, self.conns.get_mut(&conn))
            && state.blocks.get(key).is_some_and(|block| block.head == id)
        {
            state.blocks.remove(key);
        }
    }

    /// Typing, viewing: passed on and forgotten.
    fn notice(&mut self, now: Now, conn: ConnId, user: &str, command: &Command) {
        match self.judge(now, user, command) {
            Ok(events) => {
                for (event, _) in events {
                    self.tell_passing(now, &event);
                    self.pass_on(now, event, Some(conn));
                }
                self.ack(conn, &command.id);
            }
            Err(Refusal { code, message }) => self.refuse(now, conn, command, code, message),
        }
    }

    pub(super) fn ack(&mut self, conn: ConnId, id: &str) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.queue.ack(id.to_owned());
            self.touch(conn);
        }
    }

    pub(super) fn refuse(&mut self, now: Now, conn: ConnId, command: &Command, code: Code, message: String) {
        self.stats.refused += 1;
        let nack = ServerSystem::Nack { id: command.id.clone(), code, message, retry_after_ms: None };
        self.send_system(now, conn, &nack);
    }

    /// Refuses for now. Until this id comes back, later commands of its key wait behind it.
    pub(super) fn defer(
        &mut self,
        now: Now,
        conn: ConnId,
        command: &Command,
        key: Option<&str>,
        (code, wait, message): (Code, u64, &str),
    ) {
        self.stats.deferred += 1;
        if let (Some(key), Some(state)) = (key, self.conns.get_mut(&conn)) {
            let until = now.mono + wait;
            match state.blocks.get_mut(key) {
                Some(block) if block.head == command.id => {
                    block.until = until;
                    block.behind.clear();
                }
                Some(block) => drop(block.wait_behind(&command.id)),
                None => state.block(key, Block { head: command.id.clone(), until, behind: HashSet::new() }),
            }
        }
        let nack = ServerSystem::Nack {
            id: command.id.clone(),
            code,
            message: message.to_owned(),
            retry_after_ms: Some(wait),
        };
        self.send_system(now, conn, &nack);
    }
}

/// Names the rights that would do.
fn not_allowed(channel: Channel, topic: Option<&str>) -> String {
    match topic {
        Some(topic) => {
            format!("you may not write to {channel}:{topic}: ask for {channel} or {channel}:{topic}")
        }
        None => format!("you may not write to {channel}: ask for {channel}"),
    }
}
