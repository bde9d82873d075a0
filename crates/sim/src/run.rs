//! Runs schedules, one or many.

use crate::check::Violation;
use crate::script::{Script, generate};
use crate::story::Story;
use crate::world::{Tally, World};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The invariant that a schedule without enough in it violates.
pub const TAME: &str = "schedule";

/// Less simulated time proves nothing.
const LEAST_MS: u64 = 180_000;

/// How a schedule ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What must not happen and did.
    pub violation: Option<Violation>,
    /// The story, when it was kept.
    pub story: Vec<String>,
    /// Happenings.
    pub steps: u64,
}

/// A schedule that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What happened.
    pub violation: Violation,
}

/// A world that schedules are made for.
pub trait Kind {
    /// What names it on the command line.
    const FLAG: &'static str;

    /// The schedule of a seed.
    fn generate(seed: u64) -> Script;
    /// A schedule that does not do enough proves nothing.
    fn too_tame(script: &Script) -> Option<Violation>;
    /// Runs one script. A panic anywhere inside is a violation like any other.
    fn run(script: &Script, tell: bool) -> Outcome;
    /// Runs a whole schedule, and says what it amounted to where that is counted.
    fn run_whole(script: &Script) -> (Outcome, Option<Tally>) {
        (Self::run(script, false), None)
    }
}

/// Schedules of one worker with its pages.
#[derive(Clone, Copy, Debug)]
pub struct OneWorker;

impl Kind for OneWorker {
    const FLAG: &'static str = "";

    fn generate(seed: u64) -> Script {
        generate(seed)
    }

    fn too_tame(script: &Script) -> Option<Violation> {
        let (sends, faults, restarts) = script.counts();
        (sends < 30 || faults < 5 || restarts < 1).then(|| Violation {
            invariant: TAME,
            detail: format!("{sends} sends, {faults} faults, {restarts} restarts"),
            at: 0,
        })
    }

    fn run(script: &Script, tell: bool) -> Outcome {
        run(script, tell).0
    }

    fn run_whole(script: &Script) -> (Outcome, Option<Tally>) {
        let (mut outcome, tally) = run(script, false);
        let Tally { sends, faults, restarts, ms, .. } = tally;
        let tame = sends < 30 || faults < 5 || restarts < 1 || ms < LEAST_MS;
        if outcome.violation.is_none() && tame {
            let detail =
                format!("{sends} queued sends, {faults} faults that took hold, {restarts} restarts, {ms} ms");
            outcome.violation = Some(Violation { invariant: TAME, detail, at: ms });
        }
        (outcome, Some(tally))
    }
}

/// Runs a world to its end; a panic is a violation.
pub fn caught<W>(
    world: &mut W,
    run: impl FnOnce(&mut W) -> Option<Violation>,
    now: impl FnOnce(&W) -> u64,
) -> Option<Violation> {
    let ended = catch_unwind(AssertUnwindSafe(|| run(world)));
    ended.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        Some(Violation { invariant: "no-panic", detail: text, at: now(world) })
    })
}

/// Runs one script of one worker.
pub fn run(script: &Script, tell: bool) -> (Outcome, Tally) {
    let story = if tell { Story::kept() } else { Story::default() };
    let mut world = World::new(script.clone(), story);
    let violation = caught(&mut world, World::run, |world| world.check.now);
    let steps = world.steps;
    let outcome = Outcome { violation, story: std::mem::take(&mut world.story).into_lines(), steps };
    (outcome, world.tally())
}

/// Runs the schedule of a seed.
pub fn run_seed<K: Kind>(seed: u64) -> (Outcome, Option<Tally>) {
    let script = K::generate(seed);
    match K::too_tame(&script) {
        Some(violation) => (Outcome { violation: Some(violation), ..Outcome::default() }, None),
        None => K::run_whole(&script),
    }
}

/// What many schedules amounted to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Happenings.
    pub steps: u64,
    /// All tallies together, where there are any.
    pub tally: Option<Tally>,
}

/// Runs `count` schedules from `first` on, on two threads; stops soon after `most` failures.
/// Answers the failures, lowest seed first, and what all of them amounted to.
pub fn run_many<K: Kind>(first: u64, count: u64, most: usize) -> (Vec<Failure>, Summary) {
    let next = AtomicU64::new(0);
    let summary = Mutex::new(Summary::default());
    let stop = AtomicBool::new(false);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        break;
                    }
                    let seed = first + n;
                    let (outcome, tally) = run_seed::<K>(seed);
                    if let Ok(mut summary) = summary.lock() {
                        summary.steps += outcome.steps;
                        let before = summary.tally.unwrap_or_default();
                        summary.tally = tally.map(|tally| before.plus(tally));
                    }
                    if let Some(violation) = outcome.violation
                        && let Ok(mut failures) = failures.lock()
                    {
                        failures.push(Failure { seed, violation });
                        if failures.len() >= most {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_default();
    failures.sort_by_key(|failure: &Failure| failure.seed);
    (failures, summary.into_inner().unwrap_or_default())
}
