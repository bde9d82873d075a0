//! Several cores on a model of the log, in seeded schedules: delays, repeats, unknown results, gateways and servers that
//! start again, messages that were not flushed, a stream that is deleted, cut ways. `docs/simulation.md` has the table.

mod client;
mod log;
mod node;
mod world;

use world::{Seen, World};

/// What is planted, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    /// The log takes a record whatever came before it.
    NoOrder,
    /// The log takes an id twice; the judges alone do not see each other in time.
    NoIds,
    /// What the log refused for its id is folded as if it had been stored.
    TrustDuplicate,
    /// A command is acked before its record is published.
    AckEarly,
    /// A record takes effect before the log has it.
    FoldEarly,
    /// A gateway goes on in its epoch whatever became of the log.
    KeepEpoch,
    /// What the log lost is put in again under another id than that of the command.
    AgainByContent,
}

const PLANTED: [Planted; 7] = [
    Planted::NoOrder,
    Planted::NoIds,
    Planted::TrustDuplicate,
    Planted::AckEarly,
    Planted::FoldEarly,
    Planted::KeepEpoch,
    Planted::AgainByContent,
];

/// Schedules of the native tests.
const FEW: u64 = 400;

fn schedules(count: u64) {
    let mut all = Seen::default();
    for seed in 0..count {
        let (violation, seen) = World::run(seed, Planted::Nothing);
        assert_eq!(violation, None, "seed {seed}");
        all.conflicts += seen.conflicts;
        all.losses += seen.losses;
        all.resumes += seen.resumes;
        all.acked += seen.acked;
    }
    println!("{count} schedules of three gateways on one log: 0 violations; {all:?}");
    assert!(all.conflicts > count, "they hardly ever meet: {all:?}");
    assert!(all.losses > count / 2 && all.resumes > count, "hardly anything happens: {all:?}");
}

#[test]
fn cores_on_one_log_agree_lose_nothing_and_double_nothing() {
    schedules(FEW);
}

#[test]
#[ignore = "minutes: `cargo xtask test long` runs it"]
fn ten_thousand_schedules_agree_lose_nothing_and_double_nothing() {
    schedules(10_000);
}

#[test]
fn what_is_planted_is_found() {
    for planted in PLANTED {
        let found = (0..FEW).find_map(|seed| Some((seed, World::run(seed, planted).0?)));
        let (seed, text) = found.unwrap_or_else(|| panic!("{planted:?} is not found"));
        println!("{planted:?}: seed {seed}: {text}");
    }
}
