//! Rows do not move under a hand: while the pointer moves over the list, or one of its rows has the focus, they stay
//! where they are, each as it stands now. What came meanwhile is counted.

use super::IncidentFilter;
use sentinelops_protocol::domain::Severity;
use sentinelops_realtime::{ClockTimeout, IncidentRow, use_clock};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};
use yew::prelude::*;

/// A pointer that has not moved for this long (ms) aims at nothing.
const REST_MS: u32 = 1_500;

/// Whether a hand is on the rows, and what tells.
pub struct Hand {
    /// It is.
    pub is_on: bool,
    /// Goes on the element around the rows.
    pub holder: NodeRef,
    /// These, too.
    pub onpointermove: Callback<PointerEvent>,
    /// …
    pub onpointerleave: Callback<PointerEvent>,
    /// …
    pub onfocusin: Callback<FocusEvent>,
    /// …
    pub onfocusout: Callback<FocusEvent>,
}

/// Watches pointer and focus.
#[hook]
pub fn use_hand() -> Hand {
    let clock = use_clock();
    let holder = use_node_ref();
    let (moving, focused) = (use_state_eq(|| false), use_state_eq(|| false));
    let rest = use_mut_ref(|| None::<ClockTimeout>);
    let onpointermove = use_callback((), {
        let (set, rest) = (moving.setter(), rest.clone());
        move |_, ()| {
            set.set(true);
            let set = set.clone();
            *rest.borrow_mut() = Some(clock.after(REST_MS, move || set.set(false)));
        }
    });
    let onpointerleave = use_callback((), {
        let set = moving.setter();
        move |_, ()| {
            set.set(false);
            *rest.borrow_mut() = None;
        }
    });
    let onfocusin = use_callback((), {
        let set = focused.setter();
        move |_, ()| set.set(true)
    });
    let onfocusout = use_callback(holder.clone(), {
        let set = focused.setter();
        move |event: FocusEvent, holder| {
            // From row to row it stays inside.
            let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
            let inside =
                holder.cast::<Element>().is_some_and(|holder| to.is_some() && holder.contains(to.as_ref()));
            set.set(inside);
        }
    });
    Hand { is_on: *moving || *focused, holder, onpointermove, onpointerleave, onfocusin, onfocusout }
}

/// The rows to show, and what they are held back from.
pub struct Steady {
    /// In the places they had, or as they were arranged.
    pub rows: Rc<Vec<IncidentRow>>,
    /// In words; `None`: nothing is held back.
    pub held: Option<AttrValue>,
    /// Show them as they are arranged.
    pub release: Callback<()>,
}

/// `arranged` as it is, or in the places of before while `hold` and the filter is the same one.
#[hook]
pub fn use_steady(
    arranged: &Rc<Vec<IncidentRow>>,
    all: &[IncidentRow],
    filter: &IncidentFilter,
    hold: bool,
) -> Steady {
    let shown = use_mut_ref(|| None::<(IncidentFilter, Rc<Vec<IncidentRow>>)>);
    let released = use_mut_ref(|| false);
    let update = use_force_update();
    let release = use_callback((), {
        let released = released.clone();
        move |(), ()| {
            *released.borrow_mut() = true;
            update.force_update();
        }
    });
    let let_go = released.replace(false) || !hold;
    let before = shown.borrow_mut().take().filter(|(of, rows)| !let_go && of == filter && !rows.is_empty());
    let rows = before.map_or_else(|| arranged.clone(), |(_, before)| in_place(&before, all));
    *shown.borrow_mut() = Some((filter.clone(), rows.clone()));
    Steady { held: held_words(&rows, arranged), rows, release }
}

/// Each row where it was and as it stands now, also one that no filter would show any more.
fn in_place(before: &Rc<Vec<IncidentRow>>, all: &[IncidentRow]) -> Rc<Vec<IncidentRow>> {
    let now: HashMap<&str, &IncidentRow> = all.iter().map(|row| (&*row.id, row)).collect();
    let rows: Vec<_> = before.iter().map(|row| (*now.get(&*row.id).unwrap_or(&row)).clone()).collect();
    if rows == **before { before.clone() } else { Rc::new(rows) }
}

fn held_words(rows: &[IncidentRow], arranged: &[IncidentRow]) -> Option<AttrValue> {
    if rows.iter().map(|row| &row.id).eq(arranged.iter().map(|row| &row.id)) {
        return None;
    }
    let shown: HashSet<&str> = rows.iter().map(|row| &*row.id).collect();
    let new: Vec<_> = arranged.iter().filter(|row| !shown.contains(&*row.id)).collect();
    let critical = new.iter().filter(|row| row.severity == Some(Severity::Critical)).count();
    Some(match (new.len(), critical) {
        (0, _) => AttrValue::Static("Update the list"),
        (new, 0) => format!("{new} new").into(),
        (new, critical) if new == critical => format!("{new} new critical").into(),
        (new, critical) => format!("{new} new, {critical} critical").into(),
    })
}
