//! Is the worker alive? Decides; the client's shell does.
//!
//! Page and worker beat each other while the page is visible. A worker that stays silent for 10 s
//! although the page's own timers ran on time is given up: terminated and started again, with
//! backoff. One that starts has more time, because it has to be loaded; after 10 s the page shows that. A
//! failure that a new start cannot heal (blocked, another build) is only explained.

use super::error::{WorkerError, WorkerErrorKind};
use crate::bridge::PortFailure;

/// A heartbeat is due when the worker was silent for this long (ms).
const HEARTBEAT_MS: u64 = 5_000;
/// The worker is given up when it was silent for this long (ms).
const SILENCE_MS: u64 = 10_000;
/// How long (ms) a worker may take to start the first time: its program has to be loaded, over
/// whatever network there is. Twice as long after each failure, up to four times.
const START_MS: u64 = 30_000;
/// After this time (ms) the page shows that the worker has not started yet.
const SLOW_MS: u64 = 10_000;
/// A timer later than this says nothing about the worker: the page itself slept, ms.
const LATE_MS: u64 = 2_500;
/// Backoff of restarts, ms.
const FIRST_RETRY_MS: u64 = 500;
const LONGEST_RETRY_MS: u64 = 30_000;
/// A worker healthy for this long (ms) has its earlier failures forgotten.
const HEALTHY_MS: u64 = 60_000;

/// How the worker does.
///
/// ```
/// use sentinelops_realtime::{WorkerHealth, use_connection};
/// use yew::prelude::*;
///
/// #[component]
/// fn Worker() -> Html {
///     match use_connection().worker {
///         WorkerHealth::Failing(error) => html! { <p role="alert">{ error.to_string() }</p> },
///         _ => Html::default(),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WorkerHealth {
    /// There is none: the provider could not start, realtime is switched off, or the session was signed
    /// out.
    #[default]
    Off,
    /// Started, not ready yet. One that is started after a failure keeps its error until it is ready.
    Starting,
    /// Ready and answering.
    Running,
    /// It failed or does not answer; what, what to do, and when it is started again.
    Failing(WorkerError),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a worker and tell it everything.
    Spawn,
    /// End the running one at once.
    Terminate,
    /// Send a beat.
    Heartbeat(u64),
    /// It takes long to start: say so.
    SaySlow,
}

/// See the module. Times are monotonic ms, except `wall`.
#[derive(Default)]
pub(crate) struct Supervisor {
    health: WorkerHealth,
    visible: bool,
    /// Started, not ready yet.
    starting: bool,
    /// Running or starting: when its last message arrived (or it was started).
    received_at: Option<u64>,
    beat: u64,
    beat_sent: bool,
    failures: u32,
    spawned: u64,
    respawn_at: Option<u64>,
    /// When the shell was asked to call back.
    due: Option<u64>,
}

impl Supervisor {
    pub(crate) fn health(&self) -> &WorkerHealth {
        &self.health
    }

    /// When to call [`Supervisor::tick`].
    pub(crate) fn next(&mut self) -> Option<u64> {
        self.due = match (self.respawn_at, self.received_at) {
            (Some(at), _) => Some(at),
            (None, Some(received_at)) if self.visible => Some(
                received_at + if self.beat_sent || self.is_starting() { self.wait() } else { HEARTBEAT_MS },
            ),
            _ => None,
        };
        self.due
    }

    /// Until it is spoken of, or given up.
    fn wait(&self) -> u64 {
        if self.health == WorkerHealth::Starting { SLOW_MS } else { self.patience() }
    }

    /// How long it may be silent.
    fn patience(&self) -> u64 {
        if self.is_starting() { START_MS << self.failures.min(2) } else { SILENCE_MS }
    }

    fn is_starting(&self) -> bool {
        self.starting
    }

    /// There is a worker, as far as is known.
    pub(crate) fn has_worker(&self) -> bool {
        self.received_at.is_some()
    }

    /// The first start.
    pub(crate) fn start(&mut self, now: u64, visible: bool) -> Vec<Action> {
        self.visible = visible;
        self.spawn(now)
    }

    fn spawn(&mut self, now: u64) -> Vec<Action> {
        // The error is gone when the new one is ready, not when it is tried.
        if !matches!(self.health, WorkerHealth::Failing(_)) {
            self.health = WorkerHealth::Starting;
        }
        self.starting = true;
        self.received_at = Some(now);
        self.spawned = now;
        self.beat_sent = false;
        self.respawn_at = None;
        vec![Action::Spawn]
    }

    /// Anything at all came from the worker.
    pub(crate) fn received(&mut self, now: u64) {
        if self.received_at.is_some() {
            self.received_at = Some(now);
            self.beat_sent = false;
        }
    }

    /// The worker took its `Init`.
    pub(crate) fn ready(&mut self, now: u64) {
        if self.starting {
            self.starting = false;
            self.health = WorkerHealth::Running;
        }
        self.received(now);
    }

    /// The page became visible or hidden. Timers of a hidden page prove nothing.
    pub(crate) fn visible(&mut self, now: u64, visible: bool) {
        self.visible = visible;
        if visible {
            self.received(now);
        }
    }

    /// The port failed.
    pub(crate) fn failed(&mut self, now: u64, wall: u64, failure: PortFailure) -> Vec<Action> {
        let heals = !matches!(failure, PortFailure::Blocked(_) | PortFailure::OtherBuild(_));
        self.give_up(now, wall, WorkerErrorKind::Port(failure), heals)
    }

    fn give_up(&mut self, now: u64, wall: u64, kind: WorkerErrorKind, heals: bool) -> Vec<Action> {
        if self.received_at.is_none() {
            // Nothing runs: late news of one that was given up already.
            return Vec::new();
        }
        if now.saturating_sub(self.spawned) >= HEALTHY_MS {
            self.failures = 0;
        }
        let delay = (FIRST_RETRY_MS << self.failures.min(10)).min(LONGEST_RETRY_MS);
        self.failures += 1;
        self.starting = false;
        self.received_at = None;
        self.respawn_at = heals.then_some(now + delay);
        self.health = WorkerHealth::Failing(WorkerError { kind, retry_at: heals.then_some(wall + delay) });
        vec![Action::Terminate]
    }

    /// Time has come.
    pub(crate) fn tick(&mut self, now: u64, wall: u64) -> Vec<Action> {
        if self.respawn_at.is_some_and(|at| at <= now) {
            return self.spawn(now);
        }
        let Some(received_at) = self.received_at else { return Vec::new() };
        if !self.visible {
            return Vec::new();
        }
        if self.due.is_some_and(|due| now > due + LATE_MS) {
            // The page itself stood still; the worker's answer may lie unread. Once more from here.
            self.received_at = Some(now);
            return if self.is_starting() { Vec::new() } else { self.send_beat() };
        }
        let silence = now.saturating_sub(received_at);
        if silence >= self.patience() {
            let kind = if self.is_starting() { WorkerErrorKind::NoStart } else { WorkerErrorKind::Hung };
            return self.give_up(now, wall, kind, true);
        }
        if silence >= SLOW_MS && self.health == WorkerHealth::Starting {
            let retry_at = Some(wall + self.patience() - silence);
            self.health = WorkerHealth::Failing(WorkerError { kind: WorkerErrorKind::Slow, retry_at });
            return vec![Action::SaySlow];
        }
        if silence >= HEARTBEAT_MS && !self.beat_sent && !self.is_starting() {
            return self.send_beat();
        }
        Vec::new()
    }

    fn send_beat(&mut self) -> Vec<Action> {
        self.beat += 1;
        self.beat_sent = true;
        vec![Action::Heartbeat(self.beat)]
    }

    /// A person asks to try again now: also where it was not to be started again by itself, because
    /// what was in its way may have been put right.
    pub(crate) fn reconnect(&mut self, now: u64) -> Vec<Action> {
        let down = self.received_at.is_none() && matches!(self.health, WorkerHealth::Failing(_));
        if down { self.spawn(now) } else { Vec::new() }
    }

    /// There is to be no worker any more.
    pub(crate) fn end(&mut self) {
        *self = Self { visible: self.visible, beat: self.beat, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Supervisor {
        let mut supervisor = Supervisor::default();
        assert_eq!(supervisor.start(0, true), [Action::Spawn]);
        supervisor.ready(100);
        supervisor
    }

    /// Calls at the due time; what came of it and when.
    fn step(supervisor: &mut Supervisor) -> (u64, Vec<Action>) {
        let due = supervisor.next().unwrap();
        (due, supervisor.tick(due, due))
    }

    #[test]
    fn a_hung_worker_is_given_up_within_twelve_seconds_of_hanging() {
        let mut supervisor = running();
        assert_eq!(step(&mut supervisor), (5_100, vec![Action::Heartbeat(1)]));
        supervisor.received(5_101);
        // It hangs right after the answer.
        assert_eq!(step(&mut supervisor), (10_101, vec![Action::Heartbeat(2)]));
        assert_eq!(step(&mut supervisor), (15_101, vec![Action::Terminate]));
        let WorkerHealth::Failing(error) = supervisor.health() else { panic!("no error") };
        assert_eq!(error.kind, WorkerErrorKind::Hung);
        assert_eq!(error.retry_at, Some(15_101 + FIRST_RETRY_MS));
        assert_eq!(step(&mut supervisor), (15_601, vec![Action::Spawn]));
        assert!(matches!(supervisor.health(), WorkerHealth::Failing(_)), "shown until the new one is ready");
        supervisor.ready(15_700);
        assert_eq!(*supervisor.health(), WorkerHealth::Running);
    }

    #[test]
    fn a_worker_that_never_starts_is_said() {
        let mut supervisor = Supervisor::default();
        supervisor.start(0, true);
        // Within 12 s, and over a slow network it may still be on its way.
        assert_eq!(step(&mut supervisor), (10_000, vec![Action::SaySlow]));
        let WorkerHealth::Failing(error) = supervisor.health() else { panic!("not shown") };
        assert_eq!((&error.kind, error.retry_at), (&WorkerErrorKind::Slow, Some(START_MS)));
        assert_eq!(step(&mut supervisor), (START_MS, vec![Action::Terminate]));
        assert!(
            matches!(supervisor.health(), WorkerHealth::Failing(t) if t.kind == WorkerErrorKind::NoStart)
        );
        let (again, actions) = step(&mut supervisor);
        assert_eq!(actions, [Action::Spawn]);
        assert_eq!(supervisor.next(), Some(again + 2 * START_MS), "more patience: the network may be slow");
    }

    #[test]
    fn a_slow_start_is_forgotten_once_it_is_ready() {
        let mut supervisor = Supervisor::default();
        supervisor.start(0, true);
        step(&mut supervisor);
        supervisor.ready(29_000);
        assert_eq!(*supervisor.health(), WorkerHealth::Running);
        assert_eq!(step(&mut supervisor), (34_000, vec![Action::Heartbeat(1)]));
    }

    #[test]
    fn a_page_that_slept_blames_nobody() {
        let mut supervisor = running();
        step(&mut supervisor);
        let due = supervisor.next().unwrap();
        assert_eq!(supervisor.tick(due + 60_000, 0), [Action::Heartbeat(2)], "asked once more");
        assert_eq!(*supervisor.health(), WorkerHealth::Running);
        let (at, actions) = step(&mut supervisor);
        assert_eq!((at, actions), (due + 60_000 + SILENCE_MS, vec![Action::Terminate]));
    }

    #[test]
    fn a_hidden_page_does_not_beat() {
        let mut supervisor = running();
        supervisor.visible(200, false);
        assert_eq!(supervisor.next(), None);
        supervisor.visible(500_000, true);
        assert_eq!(step(&mut supervisor), (505_000, vec![Action::Heartbeat(1)]));
    }

    #[test]
    fn what_a_restart_cannot_heal_is_only_explained() {
        for failure in [PortFailure::Blocked("csp".into()), PortFailure::OtherBuild("x".into())] {
            let mut supervisor = running();
            assert_eq!(supervisor.failed(200, 200, failure), [Action::Terminate]);
            assert_eq!(supervisor.next(), None);
            assert!(matches!(supervisor.health(), WorkerHealth::Failing(t) if t.retry_at.is_none()));
            // What was in the way may have been put right: a person may try.
            assert_eq!(supervisor.reconnect(300), [Action::Spawn]);
            assert_eq!(supervisor.reconnect(301), [], "it starts already");
        }
    }

    #[test]
    fn restarts_back_off_and_health_forgives() {
        let mut supervisor = running();
        let mut now = 1_000;
        let mut delays = Vec::new();
        for _ in 0..8 {
            assert_eq!(supervisor.failed(now, 0, PortFailure::Crashed("x".into())), [Action::Terminate]);
            assert_eq!(supervisor.failed(now, 0, PortFailure::Crashed("again".into())), []);
            let due = supervisor.next().unwrap();
            delays.push(due - now);
            assert_eq!(supervisor.tick(due, 0), [Action::Spawn]);
            supervisor.ready(due);
            now = due + 1;
        }
        assert_eq!(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        now += HEALTHY_MS;
        supervisor.failed(now, 0, PortFailure::Crashed("x".into()));
        assert_eq!(supervisor.next(), Some(now + FIRST_RETRY_MS));
    }
}
