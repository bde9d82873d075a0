//! Who leads: the tab that holds the lock, beats every second, and is not believed after it slept.
//!
//! The lock alone does not tell: a frozen leader keeps it and its tab is silent. So the leader beats,
//! a follower *in need* that heard nothing for [`SILENCE_MS`] although its own timers ran on time asks
//! once, and steals the lock when nobody answers. A leader whose timer fired late re-reads the stored
//! term before it does anything: at thaw, broadcasts and timers run before the lock's loss is told.
//!
//! A page that goes away while its worker leads says so itself ([`LinkMessage::Leaving`]), because the browser
//! may freeze the worker before it can give the lock back: who hears it waits [`LEAVING_MS`] for the lock,
//! then takes it.
//!
//! [`LinkMessage::Leaving`]: super::LinkMessage::Leaving

use crate::Now;
use crate::mutant::{self, Mutant};
use serde::{Deserialize, Serialize};

/// Ms between the beats of a leader.
pub const BEAT_MS: u64 = 1_000;
/// A follower in need that heard no beat for so long asks for one.
pub const SILENCE_MS: u64 = 4_000;
/// How long it waits for the answer before it steals the lock.
pub const ANSWER_MS: u64 = 1_000;
/// How long the lock of a leader whose page went away may take to come by itself. No shorter: should the
/// leader run again, it must know by its own clock that it may have been robbed ([`LATE_MS`]).
pub const LEAVING_MS: u64 = LATE_MS + 100;
/// What its worker says so soon after that, it said before it stopped.
const LAST_WORDS_MS: u64 = 300;
/// And up to so much more, each tab its own.
const PATIENCE_MS: u64 = 500;
/// A tick later than this was no tick on time: the tab slept or was throttled. On either clock: the
/// monotonic one may stand still while the machine sleeps, and leases run out by the other.
const LATE_MS: u64 = 2 * BEAT_MS;

/// What the browser says about the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockEvent {
    /// We hold it.
    Granted,
    /// Another tab stole it, or we gave it back.
    Lost,
    /// There are no locks here: every tab connects for itself.
    Unavailable,
}

/// What a tab is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Does not want a connection, or gave the lock back on pagehide.
    Idle,
    /// Waits for the lock; another tab leads.
    Follower,
    /// Holds the lock.
    Leader,
    /// Connects for itself: no locks, or no store to share.
    Solo,
}

/// What the election asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ballot {
    /// Queue for the lock.
    Request,
    /// Take it from a silent holder.
    Steal,
    /// Give it back, or leave the queue.
    Release,
    /// Tell the others that we lead.
    Beat,
    /// Ask whether anybody leads.
    Ask,
    /// Make sure that the leader still knows of this tab.
    Recall,
}

pub(crate) struct Election {
    role: Role,
    wanted: bool,
    no_locks: bool,
    in_need: bool,
    last_heard: u64,
    last_tick: Now,
    /// When the lock is stolen, unless a leader is heard before.
    steal_at: Option<u64>,
    /// Because the page of the leader went away: then.
    left_at: Option<u64>,
    /// On top of any wait before a theft, so that two followers do not rob at once.
    patience: u64,
    ballots: Vec<Ballot>,
}

impl Election {
    pub(crate) fn new(now: Now, seed: u64) -> Self {
        Self {
            role: Role::Idle,
            wanted: false,
            no_locks: false,
            in_need: false,
            last_heard: now.mono,
            last_tick: now,
            steal_at: None,
            left_at: None,
            patience: (seed >> 17) % PATIENCE_MS,
            ballots: Vec::new(),
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Whether this tab wants a connection at all. Only such tabs queue for the lock.
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
                self.ballots.push(Ballot::Request);
                // A leader answers at once, not with its next beat.
                self.ballots.push(Ballot::Ask);
            }
            (false, Role::Follower | Role::Leader) => {
                self.role = Role::Idle;
                self.ballots.push(Ballot::Release);
            }
            _ => {}
        }
    }

    /// Visible, or with something to send: worth stealing for.
    pub(crate) fn need(&mut self, in_need: bool) {
        self.in_need = in_need;
    }

    /// There is no store to share: neither lead nor follow.
    pub(crate) fn go_solo(&mut self) {
        if matches!(self.role, Role::Follower | Role::Leader) {
            self.ballots.push(Ballot::Release);
        }
        self.role = Role::Solo;
    }

    /// The store is there (again): stand in line with the others.
    pub(crate) fn share(&mut self, now: Now) {
        if self.role != Role::Solo || self.no_locks {
            return;
        }
        (self.role, self.wanted) = (Role::Idle, false);
        self.want(now, true);
    }

    /// There are no locks: nobody can know who else writes.
    pub(crate) fn no_locks(&self) -> bool {
        self.no_locks
    }

    pub(crate) fn lock(&mut self, now: Now, event: &LockEvent) {
        match event {
            LockEvent::Granted if self.role == Role::Follower => {
                self.role = Role::Leader;
                self.last_tick = now;
                self.ballots.push(Ballot::Beat);
            }
            // Granted after we stopped wanting it.
            LockEvent::Granted if self.role == Role::Idle => self.ballots.push(Ballot::Release),
            LockEvent::Granted => {}
            LockEvent::Lost => self.deposed(now),
            LockEvent::Unavailable => (self.role, self.no_locks) = (Role::Solo, true),
        }
    }

    /// A higher term was seen, or the lock is gone: stand in line again, unless this tab has just given
    /// it up by itself.
    pub(crate) fn deposed(&mut self, now: Now) {
        if self.role != Role::Leader {
            return;
        }
        self.role = Role::Follower;
        self.succeeded(now);
        self.last_tick = now;
        self.ballots.push(Ballot::Release);
        self.ballots.push(Ballot::Request);
    }

    /// Take the lock from a leader that lives, but has no use for it.
    pub(crate) fn replace(&mut self, now: Now) {
        if self.role == Role::Follower {
            self.succeeded(now);
            self.ballots.push(Ballot::Steal);
        }
    }

    /// A sign of life of the leader. One whose page went away may have said this just before its worker stopped.
    pub(crate) fn heard(&mut self, now: Now) {
        self.last_heard = now.mono;
        if self.left_at.is_none_or(|at| now.mono.saturating_sub(at) > LAST_WORDS_MS) {
            (self.steal_at, self.left_at) = (None, None);
        }
    }

    /// There is another leader, or none yet: what was heard before says nothing.
    pub(crate) fn succeeded(&mut self, now: Now) {
        self.left_at = None;
        self.heard(now);
    }

    /// The page of the leader went away. In need or not: this is no theft from somebody who may live.
    pub(crate) fn left(&mut self, now: Now) {
        if self.role == Role::Follower && !mutant::active(Mutant::IgnoreLeaving) {
            let at = now.mono.saturating_add(LEAVING_MS + self.patience);
            self.steal_at = Some(self.steal_at.map_or(at, |sooner| sooner.min(at)));
            self.left_at = Some(now.mono);
        }
    }

    /// Another tab asks whether anybody leads.
    pub(crate) fn asked(&mut self) {
        if self.role == Role::Leader {
            self.ballots.push(Ballot::Beat);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<u64> {
        let tick = self.last_tick.mono.saturating_add(BEAT_MS);
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
            Role::Leader => self.ballots.push(Ballot::Beat),
            Role::Follower if late => self.woke(now),
            Role::Follower => self.watch(now),
            Role::Idle | Role::Solo => {}
        }
    }

    /// What a follower did not hear while it slept says nothing about the leader. If that is awake, it beats
    /// within the second. If it had left, others have not heard of a new one yet, either.
    fn woke(&mut self, now: Now) {
        let (heard, has_left) = (self.last_heard, self.left_at.is_some());
        self.succeeded(now);
        self.last_heard = heard.max(now.mono.saturating_sub(SILENCE_MS - BEAT_MS));
        self.ballots.push(Ballot::Recall);
        if has_left {
            self.left(now);
        }
    }

    /// Whether a leader's thread stood still for so long that another may lead by now. Asked at every
    /// input, because at thaw others come before the timer. Answers once.
    pub(crate) fn overslept(&mut self, now: Now) -> bool {
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

    /// A leader in doubt is awake, though it does nothing of what is due.
    pub(crate) fn awake(&mut self, now: Now) {
        self.last_tick = now;
    }

    fn watch(&mut self, now: Now) {
        if mutant::active(Mutant::StealFromTheLiving) && now.mono.saturating_sub(self.last_heard) >= 900 {
            self.heard(now);
            return self.ballots.push(Ballot::Steal);
        }
        match self.steal_at {
            Some(at) if now.mono >= at => {
                self.succeeded(now);
                if !mutant::active(Mutant::NeverSteal) {
                    self.ballots.push(Ballot::Steal);
                }
            }
            Some(_) => {}
            None if self.in_need && now.mono.saturating_sub(self.last_heard) >= SILENCE_MS => {
                self.steal_at = Some(now.mono.saturating_add(ANSWER_MS + self.patience));
                self.ballots.push(Ballot::Ask);
            }
            None => {}
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Ballot> {
        (!self.ballots.is_empty()).then(|| self.ballots.remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono: u64) -> Now {
        Now { mono, wall: mono }
    }

    fn drain(election: &mut Election) -> Vec<Ballot> {
        std::iter::from_fn(|| election.poll()).collect()
    }

    fn run(election: &mut Election, from: u64, to: u64) -> Vec<(u64, Ballot)> {
        let mut said = Vec::new();
        for mono in (from..=to).step_by(100) {
            election.timeout(at(mono));
            said.extend(drain(election).into_iter().map(|b| (mono, b)));
        }
        said
    }

    #[test]
    fn a_silent_leader_is_asked_then_robbed_within_six_seconds() {
        let mut follower = Election::new(at(0), 0);
        follower.want(at(0), true);
        follower.need(true);
        assert_eq!(drain(&mut follower), [Ballot::Request, Ballot::Ask]);
        let said = run(&mut follower, 0, 6_000);
        assert_eq!(said, [(4_000, Ballot::Ask), (5_000, Ballot::Steal)]);
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
            follower.heard(at(second * 1_000 + 900));
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
        assert_eq!(run(&mut follower, 60_000, 60_000), [(60_000, Ballot::Recall)]);
        assert_eq!(run(&mut follower, 60_100, 62_500), [(61_000, Ballot::Ask), (62_000, Ballot::Steal)]);
    }

    #[test]
    fn a_leader_whose_page_left_is_succeeded_soon_unless_another_is_heard() {
        let mut follower = Election::new(at(0), 300 << 17);
        follower.want(at(0), true);
        drain(&mut follower);
        // Nobody looks at it, and it takes over all the same.
        follower.left(at(200));
        follower.left(at(600));
        assert_eq!(run(&mut follower, 300, 5_000), [(2_600, Ballot::Steal)]);
        follower.left(at(5_100));
        follower.succeeded(at(5_200));
        assert_eq!(run(&mut follower, 5_300, 9_000), []);
        // The last words of its worker.
        follower.left(at(9_100));
        follower.heard(at(9_150));
        assert_eq!(run(&mut follower, 9_200, 12_000), [(11_500, Ballot::Steal)]);
        // The first thing it hears after a sleep.
        follower.left(at(20_000));
        assert_eq!(run(&mut follower, 20_100, 24_000), [(20_100, Ballot::Recall), (22_500, Ballot::Steal)]);
    }

    #[test]
    fn a_leader_that_slept_checks_its_term_first() {
        let mut leader = Election::new(at(0), 0);
        leader.want(at(0), true);
        leader.lock(at(5), &LockEvent::Granted);
        drain(&mut leader);
        assert_eq!(run(&mut leader, 100, 2_100).len(), 2);
        assert!(!leader.overslept(at(3_000)));
        assert!(leader.overslept(at(30_000)) && !leader.overslept(at(30_001)));
        let machine_slept = Now { mono: 30_500, wall: 90_000 };
        assert!(leader.overslept(machine_slept) && !leader.overslept(machine_slept));
    }

    #[test]
    fn giving_up_the_wish_releases_and_a_late_grant_is_given_back() {
        let mut tab = Election::new(at(0), 0);
        tab.want(at(0), true);
        tab.want(at(1), false);
        tab.lock(at(2), &LockEvent::Granted);
        assert_eq!(drain(&mut tab), [Ballot::Request, Ballot::Ask, Ballot::Release, Ballot::Release]);
        assert_eq!(tab.role(), Role::Idle);
    }
}
