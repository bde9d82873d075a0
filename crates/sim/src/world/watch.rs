//! What the world looks at beside the happenings: silence, bounds, what shows, what a schedule amounts to.

use super::{Happening, World};
use crate::check::ends::Moment;
use crate::check::standing::Life;
use crate::check::{message_id, message_number};
use crate::net::End;
use sentinelops_engine::{
    ConnectionState, Delivery, DeliveryState, Durability, Engine, Mode, StorageState, StoreGroup, StoreOp,
    TokenReason,
};
use sentinelops_protocol::{Priority, encode_payload};

/// Most events in one batch, whatever waits.
const BATCH_EVENTS: usize = 2_000;
/// Least time an answer is waited for before the engine asks, and again before it judges.
const PATIENCE_MS: u64 = 2_000;
/// Longest wait for the answer to a question, however often it was in vain.
const LONGEST_PATIENCE_MS: u64 = 10_000;
/// Timers, and a question a moment old.
const NOTICE_SLACK_MS: u64 = 2_500;

/// What a schedule amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Queued sends.
    pub sends: u64,
    /// Faults that took hold.
    pub faults: u64,
    /// Of these, restarts of the server.
    pub restarts: u64,
    /// Simulated time, ms.
    pub ms: u64,
    /// Bad ends that were judged.
    pub bad_ends: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            sends: self.sends + other.sends,
            faults: self.faults + other.faults,
            restarts: self.restarts + other.restarts,
            ms: self.ms + other.ms,
            bad_ends: self.bad_ends + other.bad_ends,
        }
    }
}

/// How long it takes to get a token and send it, ms.
const REFRESH_SLACK_MS: u64 = 100;
/// Shortest time between two requests for a token, ms.
const TOKEN_PACE_MS: u64 = 5_000;

impl World {
    /// What came of it so far.
    pub fn tally(&self) -> Tally {
        Tally { ms: self.now, bad_ends: u64::from(self.check.ends.count), ..self.tally }
    }

    // Silence.

    /// Something is in flight on a connection: it must not stay silent for long unnoticed.
    pub(super) fn watch(&mut self, index: usize) {
        if !self.internet.conns[index].watched {
            self.internet.conns[index].watched = true;
            self.queue.push(self.now + 2 * PATIENCE_MS, Happening::Watch(index));
        }
    }

    pub(super) fn watched(&mut self, index: usize) {
        self.internet.conns[index].watched = false;
        let conn = &self.internet.conns[index];
        let gone = conn.client != End::Open || self.worker.thread.live != Some(index);
        let answers = conn.seen.welcomed || self.check.messages.pongs;
        let Some(waits_since) = self.check.wire.waits_since().filter(|_| !gone && answers) else { return };
        let quiet_since = [
            waits_since,
            conn.seen.received_at,
            conn.up.leaves_at(),
            self.worker.asleep_until,
            self.worker.thread.late.1,
            self.worker.answers_since,
        ];
        let quiet_since = quiet_since.into_iter().max().unwrap_or_default();
        let (ask_within, judge_within) = self.notice_within();
        let due = quiet_since + ask_within + judge_within + NOTICE_SLACK_MS;
        // One sign of waking restarts the second patience.
        let hint = self.worker.hinted.iter().rfind(|at| (quiet_since..due).contains(at));
        let due = hint.map_or(due, |at| due.max(at + judge_within + NOTICE_SLACK_MS));
        if self.now < due {
            self.internet.conns[index].watched = true;
            return self.queue.push(due, Happening::Watch(index));
        }
        let silent = self.now - self.internet.conns[index].seen.received_at;
        self.check.fail("zombie-noticed", || {
            format!("nothing came for {silent} ms and {} ms ago something was sent", due - waits_since)
        });
    }

    /// The worker has seen the server answer a ping, or read that it once did: silence means something from now on.
    pub(super) fn knows_pongs(&mut self, now: u64) {
        if !self.check.messages.pongs {
            self.check.messages.pongs = true;
            self.worker.answers_since = now;
        }
    }

    /// Ask after the usual patience, judge after the same, longer where that was too hasty before. The engine
    /// takes the smoothed round trip and four times its variation, and neither exceeds the longest.
    fn notice_within(&self) -> (u64, u64) {
        let patience = (5 * self.worker.round_trips.longest()).max(PATIENCE_MS);
        let verdict =
            if self.worker.judged { LONGEST_PATIENCE_MS } else { patience.min(LONGEST_PATIENCE_MS) };
        (patience, verdict)
    }

    /// A connection of the worker is gone: closed with a code, or abandoned.
    pub(super) fn note_end(&mut self, index: usize, code: Option<u16>) {
        let conn = &self.internet.conns[index];
        let opened = conn.seen.opened_at;
        let life = Life {
            lasted: opened.map_or(0, |at| self.now - at),
            received_for: opened.map_or(0, |at| conn.seen.received_at.saturating_sub(at)),
            awake: opened.is_some_and(|at| self.worker.asleep_until < at && self.worker.thread.late.1 < at),
        };
        let in_flight = self.check.wire.in_flight().next().is_some();
        self.check.standing.lost(code, in_flight, life);
        self.check.stream.disconnected();
    }

    // Tokens.

    /// The engine asks for a token. Before a dial it may always; to refresh one it has to take its time, whatever the
    /// server says of the life of a token.
    pub(super) fn check_token_pace(&mut self, reason: TokenReason) {
        let now = self.now;
        let before = self.worker.token_asked_at.replace(now);
        let soon = before.filter(|at| now - at < TOKEN_PACE_MS && reason == TokenReason::Refresh);
        if let Some(at) = soon {
            self.check
                .fail("token-pace", || format!("asks for a token {} ms after it asked before", now - at));
        }
    }

    /// The server closes a connection because its token expired: the engine must have sent another one, unless it
    /// learned of the expiry so late that four fifths of a life have not passed since.
    pub(super) fn token_is_over(&mut self, index: usize) {
        let (now, ms) = (self.now, self.script.setup.rare.token_ms.unwrap_or_default());
        let conn = &self.internet.conns[index];
        let Some(since) = conn.seen.token_reported_at else { return };
        if conn.client != End::Open || conn.instance != self.worker.instance {
            return;
        }
        let refreshed = conn.refreshed_at > since || since + ms / 5 * 4 + REFRESH_SLACK_MS > now;
        let awake = self.worker.asleep_until <= since && self.worker.thread.late.1 <= since;
        let reported = self.tokens_bad_until <= since;
        if !refreshed && awake && reported && self.worker.engine.is_some() {
            self.check.fail("token-refreshed", || {
                format!("the token of {ms} ms expires, and no other was sent on #{}", conn.generation)
            });
        }
    }

    // What shows, and bounds.

    /// How much may be in flight, and how fast: only a welcome says how much the server takes.
    pub(super) fn set_window(&mut self, welcomed: bool) {
        let setup = &self.script.setup;
        let window = if welcomed { setup.window.min(setup.in_flight) } else { setup.window };
        self.check.wire.window = window as usize;
        self.check.wire.rate = setup.rare.rate.filter(|_| welcomed);
        // A reserve above a quarter of the window would starve what is not critical.
        self.check.wire.reserve = setup.reserve.min(window / 4) as usize;
    }

    pub(super) fn moment(&self) -> Moment {
        let connected = |engine: &Engine| engine.status().state == ConnectionState::Connected;
        Moment {
            instance: self.worker.instance,
            connected: self.worker.engine.as_ref().is_some_and(connected),
        }
    }

    pub(super) fn look_at_status(&mut self) {
        let Some(engine) = &self.worker.engine else { return };
        let status = engine.status();
        if status.mode == Some(Mode::Basic) && !self.check.messages.basic && self.check.messages.welcomed {
            self.check.fail("pinned", || "a server that welcomed once is taken for a basic one".to_owned());
        }
        self.check.shows(status.state, &status.cause);
        // Before the store has answered nobody can tell what to refuse.
        if status.storage != StorageState::Opening {
            self.check_counts();
        }
    }

    /// What ends badly with a transaction, and what is forgotten of that.
    pub(super) fn check_ends_in(&mut self, group: &StoreGroup) {
        let moment = self.moment();
        for op in &group.ops {
            if let StoreOp::PutFailed(failed) = op {
                self.check.justify(&failed.row.id, &failed.state, moment);
            }
            // Off a full list, or out of the store after it was off one that could not be stored.
            if let StoreOp::DeleteFailed { id } | StoreOp::Delete { id, .. } = op
                && self.failed_list_is_full()
                && let Some(n) = message_number(id)
            {
                self.check.ends.drop_listed(n);
            }
        }
    }

    /// The worker's failed list is full.
    pub(super) fn failed_list_is_full(&self) -> bool {
        let most = self.script.setup.rare.bounds.failed;
        self.worker.engine.as_ref().is_some_and(|engine| engine.counts().failed as usize >= most)
    }

    fn check_counts(&mut self) {
        let Some(engine) = &self.worker.engine else { return };
        let counts = engine.counts();
        let most = self.script.setup.rare.bounds.failed;
        if counts.failed as usize > most {
            self.check
                .fail("failed-bound", || format!("{} in the failed list, {most} allowed", counts.failed));
        }
        let others: u32 = counts.queued[1..].iter().sum();
        let (capacity, max_bytes) = (self.script.setup.capacity, self.script.setup.rare.max_bytes);
        if others <= capacity && self.check.ends.bytes() <= max_bytes {
            return;
        }
        // What may have been sent is never refused: it stands above the capacity.
        let Some(engine) = &self.worker.engine else { return };
        let messages = &self.check.messages.all;
        let (mut rows, mut bytes) = (0, 0);
        for row in engine.messages() {
            let number = message_number(&row.update.id);
            let Some((n, message)) = number.and_then(|n| Some((n, messages.get(n)?))) else { continue };
            let counted = row.update.delivery == DeliveryState::Queued
                && message.wire.sent == 0
                && message.first_worker == self.worker.instance
                // It was to be evicted, and the store refused that.
                && !self.store.clings(&row.update.id);
            if counted {
                rows += u32::from(row.priority != Priority::Critical);
                bytes += self.check.ends.bytes_of(n);
            }
        }
        if rows > capacity {
            self.check.fail("capacity", || format!("{rows} unsent rows, {capacity} allowed"));
        }
        if bytes > max_bytes {
            self.check.fail("capacity", || format!("{bytes} bytes of unsent rows, {max_bytes} allowed"));
        }
    }

    /// Something less urgent was sent: was what it passed over there to be sent?
    pub(super) fn check_turns(&mut self) {
        for (sent, over) in std::mem::take(&mut self.check.turns.passed) {
            let id = message_id(over);
            let rows = self.worker.engine.as_ref().map(Engine::messages).unwrap_or_default();
            let there = rows.iter().find(|row| row.update.id == id && !row.update.delivery.is_final());
            let Some(row) = there else {
                self.check.turns.absent(over);
                continue;
            };
            // What was tried again waits until it is stored.
            if self.check.messages.all[over].retried && row.update.durability == Durability::Pending {
                continue;
            }
            self.check.fail("priority", || {
                format!("{} is sent while {id} is more urgent and its key is idle", message_id(sent))
            });
        }
    }

    pub(super) fn check_batch(&mut self, consumer: u64, items: &[Delivery]) {
        let bounds = self.script.setup.rare.bounds;
        let (mut events, mut bytes) = (0, 0);
        for item in items {
            if let Delivery::Event(_, event) = item {
                events += 1;
                bytes += encode_payload(&event.payload).as_str().len();
            }
        }
        let most = bounds.consumer_events.min(BATCH_EVENTS);
        if events > most {
            self.check.fail("consumer-bound", || {
                format!("{events} events in a batch for page {consumer}, {most} may wait")
            });
        }
        let most = bounds.consumer_bytes;
        if bytes > most {
            self.check.fail("consumer-bound", || {
                format!("{bytes} bytes of payloads in a batch for page {consumer}, {most} may wait")
            });
        }
    }
}
