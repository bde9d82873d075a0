//! Whether an engine may stop dialling: in Error, or Disconnected.

use super::Checker;
use sentinelops_engine::{Cause, ConnectionState};
use sentinelops_protocol::close;

/// A connection proves its health after this time (ms) at the earliest.
const SOONEST_HEALTH_MS: u64 = 9_000;
/// A connection that still received something after this time (ms) has proved it.
const CERTAIN_HEALTH_MS: u64 = 25_000;

/// How the present worker's wish to connect stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// `max_reconnect_attempts`.
    pub max_attempts: Option<u32>,
    /// `reconnect: false`.
    pub no_reconnect: bool,
    /// There is a token provider.
    pub provider: bool,
    /// Somebody wants a connection.
    pub wanted: bool,
    /// The provider last answered badly or not at all.
    pub token_failed: bool,
    /// The last close that the worker received, and whether something was in flight then.
    closed: Option<(u16, bool)>,
    /// An attempt failed since a connection was asked for.
    failed: bool,
    /// Failed attempts since health was proved: at most, and at least so many as the engine counts.
    most: u32,
    least: u32,
    /// Dials that somebody asked for and that were not made yet.
    asked: bool,
    shown: ConnectionState,
}

/// How a connection lived.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    /// Since it opened, ms; 0 if it never did.
    pub lasted: u64,
    /// From its opening to the last frame, ms.
    pub received_for: u64,
    /// No sleep and no late timers in it.
    pub awake: bool,
}

impl Standing {
    /// A new worker, which will get a connect command.
    pub fn new_worker(&mut self) {
        let (max_attempts, no_reconnect, provider) = (self.max_attempts, self.no_reconnect, self.provider);
        let most = self.most;
        *self = Self { max_attempts, no_reconnect, provider, most, ..Self::default() };
    }

    /// Somebody asks for a connection.
    pub fn ask(&mut self) {
        self.wanted = true;
        self.asked = true;
        self.failed = false;
        self.least = 0;
    }

    /// A person disconnects.
    pub fn unask(&mut self) {
        self.wanted = false;
    }

    /// The token provider fails before a dial: a failed attempt without a socket.
    pub fn no_token(&mut self) {
        self.token_failed = true;
        self.failed = true;
        self.most += 1;
    }

    /// A socket is gone: closed with this code, or abandoned.
    pub fn lost(&mut self, code: Option<u16>, in_flight: bool, life: Life) {
        self.closed = code.map(|code| (code, in_flight));
        self.failed = true;
        if life.lasted >= SOONEST_HEALTH_MS {
            self.least = 0;
        }
        if life.received_for >= CERTAIN_HEALTH_MS && life.awake {
            self.most = 0;
        }
        self.most += 1;
        // What is looked for poison, or has another token, is dialled with whatever was spent.
        let counts = code.is_none_or(|code| code != close::UNAUTHENTICATED && !blames(code));
        self.least += u32::from(counts);
    }

    fn may_stop(&self, state: ConnectionState, cause: &Cause) -> bool {
        let closed = |code: u16| self.closed.is_some_and(|(last, _)| last == code);
        match (state, cause) {
            (ConnectionState::Disconnected, _) => !self.wanted || (self.no_reconnect && self.failed),
            (_, Cause::GaveUp { .. }) => self.max_attempts.is_some_and(|most| self.most > most),
            (_, Cause::NeedsAuth) => closed(close::UNAUTHENTICATED) && (!self.provider || self.token_failed),
            (_, Cause::Superseded) => closed(close::SUPERSEDED),
            (_, Cause::Closed { code, .. }) => {
                let terminal = match *code {
                    1002 | 1003 | 1010 | close::FORBIDDEN | close::NOT_FOUND | close::CONFLICT => true,
                    close::INVALID_DATA | close::POLICY | close::BAD_REQUEST => {
                        self.closed.is_some_and(|(_, in_flight)| !in_flight)
                    }
                    _ => false,
                };
                terminal && closed(*code)
            }
            _ => false,
        }
    }
}

/// Codes by which a server blames what it was sent.
pub fn blames(code: u16) -> bool {
    matches!(code, close::TOO_BIG | close::INVALID_DATA | close::POLICY | close::BAD_REQUEST)
}

impl Checker {
    /// The engine shows this.
    pub fn shows(&mut self, state: ConnectionState, cause: &Cause) {
        if self.standing.shown == state {
            return;
        }
        self.standing.shown = state;
        let stops = matches!(state, ConnectionState::Error | ConnectionState::Disconnected);
        if stops && (self.standing.max_attempts.is_some() || self.standing.no_reconnect) {
            self.wire.patience_until = 0;
        }
        if stops && !self.standing.may_stop(state, cause) {
            let standing = &self.standing;
            let last = format!("last close {:?}, {} failed attempts", standing.closed, standing.most);
            self.fail("gave-up", || format!("{state:?} ({cause:?}) without a reason: {last}"));
        }
    }

    /// The engine dials: may it still?
    pub fn may_dial(&mut self) {
        let standing = &mut self.standing;
        let asked = std::mem::take(&mut standing.asked);
        let (least, failed) = (standing.least, standing.failed);
        // A new token after 4401 is dialled with: that is no attempt to reconnect.
        let rejected = standing.closed.is_some_and(|(code, _)| code == close::UNAUTHENTICATED);
        let forbidden = standing.no_reconnect && failed && !asked && !rejected;
        let spent = standing.max_attempts.filter(|most| least > *most);
        if forbidden {
            self.fail("no-reconnect", || "dials again by itself although it is not to".to_owned());
        }
        if let Some(most) = spent {
            self.fail("attempts-spent", || {
                format!("dials after {least} failed attempts, {most} are allowed")
            });
        }
    }
}
