//! Where the focus goes when a detail is closed: back to where it was opened from.

use sentinelops_realtime::{Clock, ClockTimeout, use_clock};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};
use yew::prelude::*;

/// What names the things an incident is opened from: the entry may be made again while the detail is open.
const PLACES: [&str; 3] = ["data-alert-id", "data-activity-id", "data-incident-id"];

/// How often, and how long (ms) each time, an entry that is made again is waited for.
const TRIES: u32 = 10;
const RETRY_MS: u32 = 20;

/// What had the focus when the detail was opened.
#[derive(Clone, Default)]
pub struct Opener {
    from: Rc<RefCell<Option<From>>>,
    retry: Rc<RefCell<Option<ClockTimeout>>>,
}

struct From {
    element: Element,
    /// Attribute and value of the entry around it.
    place: Option<(&'static str, String)>,
}

impl PartialEq for Opener {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.from, &other.from)
    }
}

impl Opener {
    /// A detail is being opened from what has the focus.
    pub fn note(&self) {
        let element = document().and_then(|document| document.active_element());
        let from = element.map(|element| {
            let place = PLACES.into_iter().find_map(|name| {
                let entry = element.closest(&format!("[{name}]")).ok()??;
                Some((name, entry.get_attribute(name)?))
            });
            From { element, place }
        });
        self.from.replace(from);
    }

    /// The detail is gone. A focus that is elsewhere by now stays there.
    fn restore(&self, clock: Rc<Clock>, incident: AttrValue, tries: u32) {
        let Some(document) = document() else { return };
        let (element, place) = match &*self.from.borrow() {
            Some(from) => {
                (Some(from.element.clone()).filter(|element| element.is_connected()), from.place.clone())
            }
            None => (None, None),
        };
        let entry = place.as_ref().and_then(|place| button_of(&document, place));
        if !is_lost(&document) || focus(&document, element) || focus(&document, entry) {
            return;
        }
        if place.is_some() && tries > 0 {
            // What the detail had taken the place of may still be on its way.
            let opener = self.clone();
            let again = clock.clone().after(RETRY_MS, move || opener.restore(clock, incident, tries - 1));
            *self.retry.borrow_mut() = Some(again);
        } else if !focus(&document, button_of(&document, &("data-incident-id", incident.to_string()))) {
            focus(&document, document.get_element_by_id("main"));
        }
    }
}

/// `true`: it took the focus. What is not displayed cannot.
fn focus(document: &Document, element: Option<Element>) -> bool {
    let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    element.focus().is_ok() && !is_lost(document)
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn is_lost(document: &Document) -> bool {
    document.active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// The button in the entry with this attribute. Compared here: a value in a selector would have to be escaped.
fn button_of(document: &Document, (name, value): &(&'static str, String)) -> Option<Element> {
    let entries = document.query_selector_all(&format!("[{name}]")).ok()?;
    let entry = (0..entries.length()).find_map(|at| {
        let entry = entries.get(at)?.dyn_into::<Element>().ok()?;
        (entry.get_attribute(name).as_deref() == Some(value)).then_some(entry)
    });
    entry?.query_selector("button").ok()?
}

/// Gives the focus back when there is no detail any more, however it was closed.
#[hook]
pub fn use_opener(selected: Option<AttrValue>) -> Opener {
    let opener = (*use_memo((), |()| Opener::default())).clone();
    let clock = use_clock();
    let before = use_mut_ref(|| None::<AttrValue>);
    use_effect_with(selected, {
        let opener = opener.clone();
        move |selected| {
            let closed = before.replace(selected.clone());
            if let Some(closed) = closed.filter(|_| selected.is_none()) {
                opener.restore(clock, closed, TRIES);
            }
        }
    });
    opener
}
