//! How many entries a capped list ever had.

use yew::prelude::*;

/// Counts every entry that was ever last. The length of a capped list says nothing once it is full, so the count goes
/// by where the entry that was last at the previous render stands now.
#[hook]
pub fn use_total<T>(entries: &[T], key: fn(&T) -> &str) -> u64 {
    let seen = use_mut_ref(|| (None::<String>, 0_u64));
    let mut seen = seen.borrow_mut();
    let (last, total) = &mut *seen;
    let known = last.as_ref().and_then(|last| entries.iter().rposition(|entry| key(entry) == last));
    *total += known.map_or(entries.len(), |at| entries.len() - 1 - at) as u64;
    *last = entries.last().map(|entry| key(entry).to_owned());
    *total
}
