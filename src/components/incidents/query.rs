//! What the board shows, and the address that says it.

use crate::board::{BoardQuery, Pairs, Scope, is_of_board};
use sentinelops_realtime::{ClockTimeout, use_clock};
use std::rc::Rc;
use yew::prelude::*;

/// While one types, the address follows after this pause (ms): browsers limit how often it may change.
const TYPED_MS: u32 = 400;

/// How a query came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// By a choice: one can go back to what was before.
    Chosen,
    /// A letter was typed.
    Typed,
    /// The field that was typed in was left.
    Left,
}

/// The address of the page, as far as it is about the board.
#[derive(Clone, PartialEq)]
pub struct BoardAddress {
    /// Its parameters, also those that are not of the board.
    pub pairs: Rc<Pairs>,
    /// Writes those of the board; `true`: as a new entry of the history.
    pub write: Callback<(Pairs, bool)>,
}

/// The query and how to change it. The address says it, where there is one: back, forward, reload and a shared link do
/// what people expect. `first`: the scope shown at first.
#[hook]
pub fn use_board_query(
    first: Scope,
    address: Option<&BoardAddress>,
) -> (BoardQuery, Callback<(BoardQuery, Step)>) {
    let clock = use_clock();
    let pairs: Pairs = address.map(|address| of_board(&address.pairs)).unwrap_or_default();
    let query = use_state_eq(|| BoardQuery::parse(&pairs, first));
    let latest = use_mut_ref(|| None::<BoardAddress>);
    latest.replace(address.cloned());
    let pending = use_mut_ref(|| None::<ClockTimeout>);
    // What this page wrote itself; the address says it a moment later, when more may have been typed.
    let written = use_mut_ref(|| None::<Pairs>);
    use_effect_with(pairs, {
        let (set, pending, written) = (query.setter(), pending.clone(), written.clone());
        move |pairs| {
            if written.take().as_ref() != Some(pairs) {
                pending.replace(None);
                set.set(BoardQuery::parse(pairs, first));
            }
        }
    });
    let choose = use_callback((query.setter(), first), {
        move |(query, step): (BoardQuery, Step), (set, first)| {
            set.set(query.clone());
            let (latest, written, pairs) = (latest.clone(), written.clone(), query.print(*first));
            let write = move || {
                let address = latest.borrow().clone();
                if let Some(address) = address.filter(|address| of_board(&address.pairs) != pairs) {
                    written.replace(Some(pairs.clone()));
                    address.write.emit((pairs.clone(), step == Step::Chosen));
                }
            };
            // Dropped first: it would write what was typed before.
            pending.replace(None);
            if step == Step::Typed {
                pending.replace(Some(clock.after(TYPED_MS, write)));
            } else {
                write();
            }
        }
    });
    ((*query).clone(), choose)
}

fn of_board(pairs: &Pairs) -> Pairs {
    pairs.iter().filter(|(name, _)| is_of_board(name)).cloned().collect()
}
