//! Which rows are picked, as components change it.

use super::Lines;
use crate::board::{Line, Selection};
use crate::components::icon::{Icon, icon_mark};
use crate::words::commands as texts;
use sentinelops_realtime::IncidentRow;
use std::collections::HashSet;
use std::rc::Rc;
use yew::prelude::*;

/// A change of the selection.
pub enum Pick {
    /// A row is picked, or not any more.
    Toggle(Line<IncidentRow>),
    /// The rows between are picked: from this key, where no range has begun, to that one.
    Extend(Lines, String, String),
    /// Only these are shown.
    Keep(HashSet<String>),
    /// Nothing is picked.
    Clear,
}

/// The selection, as a reducer holds it.
#[derive(Clone, Default, PartialEq)]
pub struct Picks(pub Rc<Selection>);

impl Reducible for Picks {
    type Action = Pick;

    fn reduce(self: Rc<Self>, pick: Pick) -> Rc<Self> {
        let mut next = (*self.0).clone();
        match pick {
            Pick::Toggle(line) => next.toggle(&line),
            Pick::Extend(lines, from, to) => next.extend(&lines.0, &from, &to),
            Pick::Keep(shown) => next.keep(&shown),
            Pick::Clear => next = Selection::default(),
        }
        Rc::new(Self(next.into()))
    }
}

/// Whether a press picks the row instead of opening it: with Ctrl or Cmd the row alone, with Shift all rows up to it
/// (`true`).
pub(super) fn picks(event: &MouseEvent) -> Option<bool> {
    (event.shift_key() || event.ctrl_key() || event.meta_key()).then(|| event.shift_key())
}

/// On a row that is picked, also in part.
pub(super) fn pick_mark() -> Html {
    html! { <span class="row__pick">{ icon_mark(Icon::Tick, 12) }<span class="sr-only">{ texts::IS_SELECTED }</span></span> }
}
