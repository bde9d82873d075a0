//! Rows do not move under a hand: while the pointer moves over the list, or one of its rows has the focus, they stay
//! where they are, each as it stands now. What came meanwhile is counted.

use crate::board::{BoardQuery, Part};
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
    pub parts: Rc<Vec<Part<IncidentRow>>>,
    /// In words; `None`: nothing is held back.
    pub held: Option<AttrValue>,
    /// Show them as they are arranged.
    pub release: Callback<()>,
}

/// `arranged` as it is, or in the places of before while `hold` and the query is the same one.
#[hook]
pub fn use_steady(
    arranged: &Rc<Vec<Part<IncidentRow>>>,
    all: &[IncidentRow],
    query: &BoardQuery,
    hold: bool,
) -> Steady {
    let shown = use_mut_ref(|| None::<(BoardQuery, Rc<Vec<Part<IncidentRow>>>)>);
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
    let before = shown.borrow_mut().take().filter(|(of, parts)| !let_go && of == query && !parts.is_empty());
    let parts = before.map_or_else(|| arranged.clone(), |(_, before)| in_place(&before, all));
    *shown.borrow_mut() = Some((query.clone(), parts.clone()));
    Steady { held: held_words(&parts, arranged), parts, release }
}

/// Each row where it was and as it stands now, also one that no filter would show any more.
fn in_place(before: &Rc<Vec<Part<IncidentRow>>>, all: &[IncidentRow]) -> Rc<Vec<Part<IncidentRow>>> {
    let now: HashMap<&str, &IncidentRow> = all.iter().map(|row| (&*row.id, row)).collect();
    let parts: Vec<_> =
        before.iter().map(|part| part.map(|row| (*now.get(&*row.id).unwrap_or(&row)).clone())).collect();
    if parts == **before { before.clone() } else { Rc::new(parts) }
}

fn held_words(parts: &[Part<IncidentRow>], arranged: &[Part<IncidentRow>]) -> Option<AttrValue> {
    let ids = |parts| rows(parts).map(|row| &row.id);
    if parts.len() == arranged.len() && ids(parts).eq(ids(arranged)) {
        return None;
    }
    let shown: HashSet<&str> = rows(parts).map(|row| &*row.id).collect();
    let new: Vec<_> = rows(arranged).filter(|row| !shown.contains(&*row.id)).collect();
    let critical = new.iter().filter(|row| row.severity == Some(Severity::Critical)).count();
    Some(match (new.len(), critical) {
        (0, _) => AttrValue::Static("Update the list"),
        (new, 0) => format!("{new} new").into(),
        (new, critical) if new == critical => format!("{new} new critical").into(),
        (new, critical) => format!("{new} new, {critical} critical").into(),
    })
}

fn rows(parts: &[Part<IncidentRow>]) -> impl Iterator<Item = &IncidentRow> {
    parts.iter().flat_map(Part::rows)
}
