//! Leaves out of a failing script what the failure does not need.

use crate::run::Kind;
use crate::script::Script;

/// Delta debugging: the smallest script found within `budget` runs that breaks the same invariant.
pub fn shrink<K: Kind>(
    script: &Script<K::Setup, K::Action>,
    invariant: &str,
    budget: usize,
) -> Script<K::Setup, K::Action> {
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
