//! Planted bugs: a checker that never failed proves nothing.

use crate::run::{Kind, OneWorker, run_seed};
use crate::storm;
use crate::tabs::Tabs;
use sentinelops_engine::mutant::{Mutant, plant};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a planted bug ended.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The bug.
    pub mutant: Mutant,
    /// The schedule that found it, counted from 1, and the invariant; `None`: it survived.
    pub killed: Option<(u64, String)>,
}

/// Plants one bug and runs schedules until one fails, of the world that can show it.
pub fn hunt(mutant: Mutant, first: u64, most: u64) -> Verdict {
    if mutant.needs_tabs() {
        hunt_in::<Tabs>(mutant, first, most)
    } else {
        hunt_in::<OneWorker>(mutant, first, most)
    }
}

fn hunt_in<K: Kind>(mutant: Mutant, first: u64, most: u64) -> Verdict {
    plant(Some(mutant));
    let killed = (0..most).find_map(|n| {
        let violation = run_seed::<K>(first + n).0.violation?;
        // A schedule that fails without the bug as well says nothing about the bug.
        plant(None);
        let fails_anyway = run_seed::<K>(first + n).0.violation.is_some();
        plant(Some(mutant));
        (!fails_anyway).then(|| (n + 1, violation.invariant.to_owned()))
    });
    plant(None);
    Verdict { mutant, killed }
}

/// What a planted bug is called on the command line: `NoJitter` is `no-jitter`.
pub fn name(mutant: Mutant) -> String {
    let mut name = String::new();
    for c in format!("{mutant:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// The planted bugs of these names; all when there are none.
///
/// # Errors
/// The name that is unknown, and those that are not.
pub fn named(names: &[String]) -> Result<Vec<Mutant>, String> {
    if names.is_empty() {
        return Ok(Mutant::ALL.to_vec());
    }
    let find = |wanted: &String| {
        Mutant::ALL.iter().copied().find(|mutant| name(*mutant) == *wanted).ok_or_else(|| {
            let known: Vec<String> = Mutant::ALL.iter().copied().map(name).collect();
            format!("no planted bug is called {wanted:?}; there are {}", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}

/// These planted bugs, on two threads.
pub fn hunt_all(mutants: &[Mutant], first: u64, most: u64) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = hunt(*mutant, first, most);
                    if let Ok(mut verdicts) = verdicts.lock() {
                        verdicts.push(verdict);
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_default();
    verdicts.sort_by_key(|verdict: &Verdict| Mutant::ALL.iter().position(|m| *m == verdict.mutant));
    verdicts
}

/// Prints the table of the planted bugs of these names, or of all; fails when one survives.
pub fn main(names: &[String], first: u64, most: u64) -> ExitCode {
    let mutants = match named(names) {
        Ok(mutants) => mutants,
        Err(error) => {
            eprintln!("--mutants: {error}");
            return ExitCode::from(2);
        }
    };
    let verdicts = hunt_all(&mutants, first, most);
    println!("| planted bug | what it breaks | killed at schedule | invariant |");
    println!("|---|---|---|---|");
    let mut killed = 0;
    for verdict in &verdicts {
        let (at, by) = match &verdict.killed {
            Some((n, invariant)) => (n.to_string(), invariant.as_str()),
            None => ("SURVIVED".to_owned(), ""),
        };
        killed += usize::from(verdict.killed.is_some());
        println!("| {} | {} | {at} | {by} |", name(verdict.mutant), verdict.mutant.breaks());
    }
    println!("\n{killed} of {} killed, at most {most} schedules each", verdicts.len());
    let all_killed = killed == verdicts.len();
    if !mutants.contains(&Mutant::IgnoreServerTime) {
        return if all_killed { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    // How a crowd spreads over a window is not visible to one client: the storm sees it.
    plant(Some(Mutant::IgnoreServerTime));
    let scene = storm::SCENES[3];
    let tally = storm::run(&scene, 2_000, first);
    plant(None);
    let seen = !storm::holds(&scene, &tally);
    println!(
        "IgnoreServerTime in a storm with a window: {:.2} % in the worst 100 ms, {}",
        tally.worst_percent,
        if seen { "seen" } else { "NOT SEEN" }
    );
    if all_killed && seen { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bugs_have_names() {
        let of = |names: &[&str]| named(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["no-jitter", "keep-repeats"]), Ok(vec![Mutant::NoJitter, Mutant::KeepRepeats]));
        assert_eq!(of(&[]).map(|all| all.len()), Ok(Mutant::ALL.len()));
        assert!(of(&["no-such"]).is_err_and(|error| error.contains("no-jitter")));
    }
}
