//! Leaves out of a failing script what the failure does not need.

use crate::run::Kind;
use crate::script::Script;

/// Delta debugging: the smallest script found within `budget` runs that breaks the same invariant.
pub fn shrink<K: Kind>(script: &Script, invariant: &str, budget: usize) -> Script {
    let mut best = script.clone();
    let mut runs = 0;
    let mut parts = 2;
    while best.entries.len() > 1 && runs < budget {
        let numbers = best.numbers();
        let size = numbers.len().div_ceil(parts);
        let mut smaller = None;
        for chunk in numbers.chunks(size) {
            if runs >= budget {
                break;
            }
            runs += 1;
            let rest: Vec<usize> = numbers.iter().copied().filter(|n| !chunk.contains(n)).collect();
            let candidate = best.kept(&rest);
            let broken = K::run(&candidate, false).violation;
            if broken.is_some_and(|violation| violation.invariant == invariant) {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(candidate) => {
                best = candidate;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(best.entries.len()),
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Violation;
    use crate::run::Outcome;
    use crate::script::{Action, Entry, format_keep, generate, parse_keep};

    /// A world that only lines 3 and 27 together break, and line 40 in another way.
    struct Pair;

    impl Kind for Pair {
        const FLAG: &'static str = " --pair";

        fn generate(seed: u64) -> Script {
            let entry = |n: usize| (n, Entry { at: n as u64, action: Action::Retry(0) });
            Script { entries: (0..60).map(entry).collect(), ..generate(seed) }
        }

        fn too_tame(_: &Script) -> Option<Violation> {
            None
        }

        fn run(script: &Script, _: bool) -> Outcome {
            let has = |n| script.numbers().contains(&n);
            let invariant = match (has(3) && has(27), has(40)) {
                (true, _) => Some("pair"),
                (false, true) => Some("other"),
                _ => None,
            };
            let violation = invariant.map(|invariant| Violation { invariant, at: 0, detail: String::new() });
            Outcome { violation, ..Outcome::default() }
        }
    }

    #[test]
    fn what_is_left_is_what_the_same_failure_needs_and_the_line_printed_for_it_names_it() {
        let small = shrink::<Pair>(&Pair::generate(1), "pair", 400);
        assert_eq!(small.numbers(), [3, 27]);
        let again = parse_keep(&format_keep(&small.numbers())).unwrap();
        let violation = Pair::run(&Pair::generate(1).kept(&again), false).violation;
        assert_eq!(violation.map(|violation| violation.invariant), Some("pair"));
    }

    #[test]
    fn out_of_runs_it_gives_what_it_has() {
        let all = Pair::generate(1);
        assert_eq!(shrink::<Pair>(&all, "pair", 0).numbers(), all.numbers());
        let some = shrink::<Pair>(&all, "pair", 3);
        assert_eq!(Pair::run(&some, false).violation.map(|violation| violation.invariant), Some("pair"));
    }
}
