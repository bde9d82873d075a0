//! Which tab leads: the one that holds the lock and sends a heartbeat every second.
//!
//! The lock alone is not enough: a frozen leader keeps it. So a follower *in need* that received no heartbeat for
//! [`SILENCE_MS`], although its own timers ran on time, asks once and steals the lock when no answer comes. A leader
//! whose timer fired late reads the stored term before it does anything: at thaw, broadcasts and timers run before the
//! loss of the lock is reported.
//!
//! A page that goes away while its worker leads sends [`LinkMessage::Leaving`] itself, because the browser may freeze the
//! worker before it can release the lock. A follower that receives it waits [`LEAVING_MS`] for the lock, then steals it.
//!
//! [`LinkMessage::Leaving`]: super::LinkMessage::Leaving

use crate::Now;
use crate::mutant::{self, Mutant};
use serde::{Deserialize, Serialize};

/// Interval (ms) between the heartbeats of a leader.
pub const HEARTBEAT_MS: u64 = 1_000;
/// A follower in need that received no heartbeat for this long (ms) asks for one.
pub const SILENCE_MS: u64 = 4_000;
/// How long (ms) a follower waits for an answer to `Ask` before it steals the lock.
pub const ANSWER_MS: u64 = 1_000;
/// How long (ms) a follower waits for the lock of a leader whose page went away. No shorter: a leader that thaws must
/// detect by its own clock ([`LATE_MS`]) that its lock may have been stolen.
pub const LEAVING_MS: u64 = LATE_MS + 100;
/// A message of the leader within this time (ms) after `Leaving` was sent before its worker stopped; it does not count.
const LATE_MESSAGES_MS: u64 = 300;
/// Upper end (ms) of the random delay each tab adds before it steals, so that two tabs do not steal at once.
const PATIENCE_MS: u64 = 500;
/// A timer later than this (ms) means that the tab slept or was throttled. Measured on both clocks: the monotonic one
/// may stand still while the machine sleeps, and leases expire by the wall clock.
const LATE_MS: u64 = 2 * HEARTBEAT_MS;

/// What the browser reports about the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockEvent {
    /// This tab holds the lock.
    Granted,
    /// Another tab stole the lock, or this tab released it.
    Lost,
    /// The browser has no locks: every tab connects alone.
    Unavailable,
}

/// The role of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Its page is away, outdated or signed out.
    Idle,
    /// Waits for the lock; another tab leads.
    Follower,
    /// Holds the lock.
    Leader,
    /// Connects alone: there are no locks, or no store to share.
    Solo,
}

/// What the election asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElectionAction {
    /// Queue for the lock.
    Request,
    /// Take the lock from a holder that does not answer.
    Steal,
    /// Release the lock, or leave its queue.
    Release,
    /// Broadcast a heartbeat.
    Heartbeat,
    /// Ask whether a tab leads.
    Ask,
    /// Make sure that the leader still knows this tab.
    Recall,
}

pub(crate) struct Election {
    role: Role,
    wanted: bool,
    no_locks: bool,
    in_need: bool,
    leader_seen_at: u64,
    last_tick: Now,
    /// When (monotonic ms) the lock is stolen, unless a leader's message arrives before.
    steal_at: Option<u64>,
    /// When (monotonic ms) the leader's page went away.
    left_at: Option<u64>,
    /// Random delay (ms) added before stealing, see [`PATIENCE_MS`].
    patience: u64,
    actions: Vec<ElectionAction>,
}

impl Election {
    pub(crate) fn new(now: Now, seed: u64) -> Self {
        Self {
            role: Role::Idle,
            wanted: false,
            no_locks: false,
            in_need: false,
            leader_seen_at: now.mono,
            last_tick: now,
            steal_at: None,
            left_at: None,
            patience: (seed >> 17) % PATIENCE_MS,
            actions: Vec::new(),
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Sets whether this tab takes part. Only such tabs queue for the lock.
    pub(crate) fn want(&mut self, now: Now, wanted: bool) {
        if self.wanted == wanted {
            return;
        }
        self.wanted = wanted;
        match (wanted, self.role) {
            (true, Role::Idle) => {
                self.role = Role::Follower;
                self.succeeded(now);
                self.last_tick = now;
                self.actions.push(ElectionAction::Request);
                // A leader answers at once, not with its next beat.
                self.actions.push(ElectionAction::Ask);
            }
            (false, Role::Follower | Role::Leader) => {
                self.role = Role::Idle;
                self.actions.push(ElectionAction::Release);
            }
            _ => {}
        }
    }

    /// Sets whether this tab would steal the lock: it is visible, or a message of it has no end yet.
    pub(crate) fn need(&mut self, in_need: bool) {
        self.in_need = in_need;
    }

    /// There is no store to share: this tab connects alone.
    pub(crate) fn go_solo(&mut self) {
        if matches!(self.role, Role::Follower | Role::Leader) {
            self.actions.push(ElectionAction::Release);
        }
        self.role = Role::Solo;
    }

    /// The store can be opened (again): this tab queues for the lock like the others.
    pub(crate) fn share(&mut self, now: Now) {
        if self.role != Role::Solo || self.no_locks {
            return;
        }
        (self.role, self.wanted) = (Role::Idle, false);
        self.want(now, true);
    }

    /// Whether the browser has no locks, so that no tab can know which others write.
    pub(crate) fn no_locks(&self) -> bool {
        self.no_locks
    }

    pub(crate) fn lock(&mut self, now: Now, event: &LockEvent) {
        match event {
            LockEvent::Granted if self.role == Role::Follower => {
                self.role = Role::Leader;
                self.last_tick = now;
                self.actions.push(ElectionAction::Heartbeat);
            }
            // Granted after this tab stopped wanting it.
            LockEvent::Granted if self.role == Role::Idle => self.actions.push(ElectionAction::Release),
            LockEvent::Granted => {}
            LockEvent::Lost => self.deposed(now),
            LockEvent::Unavailable => (self.role, self.no_locks) = (Role::Solo, true),
        }
    }

    /// A higher term was received, or the lock is lost: queue for it again.
    pub(crate) fn deposed(&mut self, now: Now) {
        if self.role != Role::Leader {
            return;
        }
        self.role = Role::Follower;
        self.succeeded(now);
        self.last_tick = now;
        self.actions.push(ElectionAction::Release);
        self.actions.push(ElectionAction::Request);
    }

    /// Steals the lock from a leader that runs but cannot use it.
    pub(crate) fn replace(&mut self, now: Now) {
        if self.role == Role::Follower {
            self.succeeded(now);
            self.actions.push(ElectionAction::Steal);
        }
    }

    /// A message of the leader arrived. If its page went away just before, its worker may have sent this before it
    /// stopped.
    pub(crate) fn leader_seen(&mut self, now: Now) {
        self.leader_seen_at = now.mono;
        if self.left_at.is_none_or(|at| now.mono.saturating_sub(at) > LATE_MESSAGES_MS) {
            (self.steal_at, self.left_at) = (None, None);
        }
    }

    /// There is another leader, or none yet: earlier messages no longer count.
    pub(crate) fn succeeded(&mut self, now: Now) {
        self.left_at = None;
        self.leader_seen(now);
    }

    /// The leader's page went away. The lock is stolen whether or not this tab is in need.
    pub(crate) fn left(&mut self, now: Now) {
        if self.role == Role::Follower && !mutant::active(Mutant::IgnoreLeaving) {
            let at = now.mono.saturating_add(LEAVING_MS + self.patience);
            self.steal_at = Some(self.steal_at.map_or(at, |sooner| sooner.min(at)));
            self.left_at = Some(now.mono);
        }
    }

    /// Another tab asks whether a tab leads.
    pub(crate) fn asked(&mut self) {
        if self.role == Role::Leader {
            self.actions.push(ElectionAction::Heartbeat);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<u64> {
        let tick = self.last_tick.mono.saturating_add(HEARTBEAT_MS);
        match self.role {
            Role::Leader => Some(tick),
            Role::Follower => Some(self.steal_at.map_or(tick, |at| at.min(tick))),
            Role::Idle | Role::Solo => None,
        }
    }

    pub(crate) fn timeout(&mut self, now: Now) {
        let Some(due) = self.next_timeout() else { return };
        if now.mono < due {
            return;
        }
        let late = self.is_late(now);
        self.last_tick = now;
        match self.role {
            Role::Leader => self.actions.push(ElectionAction::Heartbeat),
            Role::Follower if late => self.on_wake(now),
            Role::Follower => self.watch(now),
            Role::Idle | Role::Solo => {}
        }
    }

    /// This follower slept, so missing heartbeats prove nothing. A running leader sends one within a second. If the
    /// leader had left, the wait for its lock starts again.
    fn on_wake(&mut self, now: Now) {
        let (seen, has_left) = (self.leader_seen_at, self.left_at.is_some());
        self.succeeded(now);
        self.leader_seen_at = seen.max(now.mono.saturating_sub(SILENCE_MS - HEARTBEAT_MS));
        self.actions.push(ElectionAction::Recall);
        if has_left {
            self.left(now);
        }
    }

    /// Whether this leader's thread stood still for more than [`LATE_MS`], so another tab may lead by now. Checked at every input,
    /// because at thaw other inputs come before the timer. Returns `true` once per pause.
    pub(crate) fn was_paused(&mut self, now: Now) -> bool {
        let late = self.role == Role::Leader && self.is_late(now);
        if late {
            self.last_tick = now;
        }
        late
    }

    fn is_late(&self, now: Now) -> bool {
        let mono = now.mono.saturating_sub(self.last_tick.mono);
        mono.max(now.wall.saturating_sub(self.last_tick.wall)) > LATE_MS
    }

    /// A leader that waits for the stored term runs, although it does nothing that is due.
    pub(crate) fn awake(&mut self, now: Now) {
        self.last_tick = now;
    }

    fn watch(&mut self, now: Now) {
        if mutant::active(Mutant::StealFromTheLiving) && now.mono.saturating_sub(self.leader_seen_at) >= 900 {
            self.leader_seen(now);
            return self.actions.push(ElectionAction::Steal);
        }
        match self.steal_at {
            Some(at) if now.mono >= at => {
                self.succeeded(now);
                if !mutant::active(Mutant::NeverSteal) {
                    self.actions.push(ElectionAction::Steal);
                }
            }
            Some(_) => {}
            None if self.in_need && now.mono.saturating_sub(self.leader_seen_at) >= SILENCE_MS => {
                self.steal_at = Some(now.mono.saturating_add(ANSWER_MS + self.patience));
                self.actions.push(ElectionAction::Ask);
            }
            None => {}
        }
    }

    pub(crate) fn poll(&mut self) -> Option<ElectionAction> {
        (!self.actions.is_empty()).then(|| self.actions.remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono: u64) -> Now {
        Now { mono, wall: mono }
    }

    fn drain(election: &mut Election) -> Vec<ElectionAction> {
        std::iter::from_fn(|| election.poll()).collect()
    }

    fn run(election: &mut Election, from: u64, to: u64) -> Vec<(u64, ElectionAction)> {
        let mut outputs_seen = Vec::new();
        for mono in (from..=to).step_by(100) {
            election.timeout(at(mono));
            outputs_seen.extend(drain(election).into_iter().map(|b| (mono, b)));
        }
        outputs_seen
    }

    #[test]
    fn a_silent_leader_is_asked_then_robbed_within_six_seconds() {
        let mut follower = Election::new(at(0), 0);
        follower.want(at(0), true);
        follower.need(true);
        assert_eq!(drain(&mut follower), [ElectionAction::Request, ElectionAction::Ask]);
        let outputs_seen = run(&mut follower, 0, 6_000);
        assert_eq!(outputs_seen, [(4_000, ElectionAction::Ask), (5_000, ElectionAction::Steal)]);
        follower.lock(at(5_050), &LockEvent::Granted);
        assert_eq!(follower.role(), Role::Leader);
    }

    #[test]
    fn beats_and_answers_keep_the_peace() {
        let mut follower = Election::new(at(0), 0);
        follower.want(at(0), true);
        follower.need(true);
        drain(&mut follower);
        for second in 0..10 {
            assert_eq!(run(&mut follower, second * 1_000, second * 1_000 + 900), []);
            follower.leader_seen(at(second * 1_000 + 900));
        }
    }

    #[test]
    fn without_need_nobody_steals_and_after_own_sleep_nobody_is_judged() {
        let mut follower = Election::new(at(0), 0);
        follower.want(at(0), true);
        drain(&mut follower);
        assert_eq!(run(&mut follower, 0, 20_000), []);
        follower.need(true);
        // Asleep until 60 s: the silence was ours.
        assert_eq!(run(&mut follower, 60_000, 60_000), [(60_000, ElectionAction::Recall)]);
        assert_eq!(
            run(&mut follower, 60_100, 62_500),
            [(61_000, ElectionAction::Ask), (62_000, ElectionAction::Steal)]
        );
    }

    #[test]
    fn leader_whose_page_left_is_succeeded_soon_unless_another_leads() {
        let mut follower = Election::new(at(0), 300 << 17);
        follower.want(at(0), true);
        drain(&mut follower);
        // Nobody looks at it, and it takes over all the same.
        follower.left(at(200));
        follower.left(at(600));
        assert_eq!(run(&mut follower, 300, 5_000), [(2_600, ElectionAction::Steal)]);
        follower.left(at(5_100));
        follower.succeeded(at(5_200));
        assert_eq!(run(&mut follower, 5_300, 9_000), []);
        // The last words of its worker.
        follower.left(at(9_100));
        follower.leader_seen(at(9_150));
        assert_eq!(run(&mut follower, 9_200, 12_000), [(11_500, ElectionAction::Steal)]);
        // The first message after a sleep.
        follower.left(at(20_000));
        assert_eq!(
            run(&mut follower, 20_100, 24_000),
            [(20_100, ElectionAction::Recall), (22_500, ElectionAction::Steal)]
        );
    }

    #[test]
    fn a_leader_that_slept_checks_its_term_first() {
        let mut leader = Election::new(at(0), 0);
        leader.want(at(0), true);
        leader.lock(at(5), &LockEvent::Granted);
        drain(&mut leader);
        assert_eq!(run(&mut leader, 100, 2_100).len(), 2);
        assert!(!leader.was_paused(at(3_000)));
        assert!(leader.was_paused(at(30_000)) && !leader.was_paused(at(30_001)));
        let machine_slept = Now { mono: 30_500, wall: 90_000 };
        assert!(leader.was_paused(machine_slept) && !leader.was_paused(machine_slept));
    }

    #[test]
    fn giving_up_the_wish_releases_and_a_late_grant_is_given_back() {
        let mut tab = Election::new(at(0), 0);
        tab.want(at(0), true);
        tab.want(at(1), false);
        tab.lock(at(2), &LockEvent::Granted);
        assert_eq!(
            drain(&mut tab),
            [ElectionAction::Request, ElectionAction::Ask, ElectionAction::Release, ElectionAction::Release]
        );
        assert_eq!(tab.role(), Role::Idle);
    }
}
