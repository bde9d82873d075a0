//! Sorting, compiled once. `[T]::sort_by` is 3 to 5 KB of WebAssembly for each type of item and each way of comparing;
//! page and worker have ten of them each.

use std::cmp::Ordering;

/// Sorts as `[T]::sort_by`: stable, at most `n log n` comparisons. What is sorted is a list of positions; items move
/// once each, when all comparisons are done.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut from = positions(items.len(), &|a, b| compare(&items[a], &items[b]));
    // Each cycle of the permutation in turn: `at` is where the item of `from[at]` belongs.
    for start in 0..items.len() {
        let mut at = start;
        while from[at] != start {
            let next = std::mem::replace(&mut from[at], at);
            items.swap(at, next);
            at = next;
        }
        from[at] = at;
    }
}

/// Sorts as `[T]::sort_by_key`.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

fn positions(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    all.sort_by(|a, b| compare(*a, *b));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(keys in prop::collection::vec(0_u8..20, 0..200)) {
            // Not `Copy`, and numbered: an item lost, doubled or moved past an equal one is seen.
            let mut ours: Vec<(u8, String)> =
                keys.iter().enumerate().map(|(number, key)| (*key, number.to_string())).collect();
            let mut theirs = ours.clone();
            sort_by_key(&mut ours, |item| item.0);
            theirs.sort_by_key(|item| item.0);
            prop_assert_eq!(ours, theirs);
        }
    }
}
