//! The mark of a row that has just changed. It stands still for two seconds and goes in two steps: an animation would have
//! the browser style, lay out and paint the list sixty times a second for as long as anything changes.

use sentinelops_protocol::domain::Incident;
use sentinelops_realtime::use_clock;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use yew::prelude::*;

/// The mark stands for this long, and then half as strong for [`FADING_MS`] (ms).
const MARKED_MS: u32 = 2_000;
const FADING_MS: u32 = 300;
/// At most this many rows are marked in a second: where everything changes, marks say nothing.
const MOST_A_SECOND: usize = 10;

thread_local! {
    /// When the latest marks began, of all lists of the page (wall clock, ms).
    static BEGUN: RefCell<VecDeque<u64>> = const { RefCell::new(VecDeque::new()) };
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mark {
    #[default]
    None,
    Strong,
    Fading,
}

/// Whether one more row may be marked now.
fn may_begin(begun: &mut VecDeque<u64>, now: u64) -> bool {
    while begun.front().is_some_and(|at| at + 1_000 <= now) {
        begun.pop_front();
    }
    let may = begun.len() < MOST_A_SECOND;
    if may {
        begun.push_back(now);
    }
    may
}

/// The class of a row that has just changed.
#[hook]
pub fn use_touched(incident: &Rc<Incident>, fresh: bool) -> Option<&'static str> {
    struct Seen {
        incident: RefCell<Rc<Incident>>,
        changes: Cell<u32>,
        mark: Cell<Mark>,
    }
    let clock = use_clock();
    let begins = || BEGUN.with_borrow_mut(|begun| may_begin(begun, clock.now()));
    let seen = use_memo((), |()| {
        let marked = fresh && begins();
        let mark = if marked { Mark::Strong } else { Mark::None };
        Seen { incident: incident.clone().into(), changes: u32::from(marked).into(), mark: mark.into() }
    });
    if *seen.incident.borrow() != *incident {
        seen.incident.replace(incident.clone());
        if begins() {
            seen.changes.set(seen.changes.get() + 1);
            seen.mark.set(Mark::Strong);
        }
    }
    let update = use_force_update();
    use_effect_with(seen.changes.get(), {
        let seen = seen.clone();
        move |changes| {
            let step = |ms, mark| {
                let (seen, update) = (seen.clone(), update.clone());
                clock.after(ms, move || {
                    seen.mark.set(mark);
                    update.force_update();
                })
            };
            let timers = (*changes > 0)
                .then(|| [step(MARKED_MS, Mark::Fading), step(MARKED_MS + FADING_MS, Mark::None)]);
            move || drop(timers)
        }
    });
    match seen.mark.get() {
        Mark::None => None,
        Mark::Strong => Some("row--touched"),
        Mark::Fading => Some("row--fading"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_rows_are_marked_in_a_second() {
        let mut begun = VecDeque::new();
        assert_eq!((0..30).filter(|n| may_begin(&mut begun, 100 + n)).count(), MOST_A_SECOND);
        assert!(!may_begin(&mut begun, 1_099) && may_begin(&mut begun, 1_100));
    }
}
