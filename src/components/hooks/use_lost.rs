//! Entries that were on the screen and are gone.

use std::cell::Cell;
use std::collections::HashSet;
use yew::prelude::*;

thread_local! {
    static LOST: Cell<u64> = const { Cell::new(0) };
}

/// How many shown entries of all lists of this page were lost so far.
pub fn lost_entries() -> u64 {
    LOST.get()
}

/// How many of the entries a list showed are no longer there, since the component was mounted. A list grows by events
/// and shrinks by a snapshot only: what a shorter one lacks, the server has no more. `entries`: of all of them, oldest
/// first, the key, or `None` where it is no loss; the last `shown` of them are on the screen.
#[hook]
pub fn use_lost<'a>(entries: impl ExactSizeIterator<Item = Option<&'a str>>, shown: usize) -> u64 {
    let before = use_mut_ref(|| (0, Vec::<String>::new()));
    let lost = use_mut_ref(|| 0);
    let length = entries.len();
    let keys: Vec<_> = entries.collect();
    let (length_before, shown_before) = before
        .replace((length, keys.iter().rev().take(shown).flatten().map(|key| (*key).to_owned()).collect()));
    if length < length_before {
        let kept: HashSet<&str> = keys.into_iter().flatten().collect();
        let gone = shown_before.iter().filter(|key| !kept.contains(&***key)).count() as u64;
        *lost.borrow_mut() += gone;
        LOST.set(LOST.get() + gone);
    }
    *lost.borrow()
}
