//! Where the focus goes when a detail is closed: back to where it was opened from.

use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};
use yew::prelude::*;

/// What names the things an incident is opened from: the entry may be made again while the detail is open.
const PLACES: [&str; 3] = ["data-alert-id", "data-activity-id", "data-incident-id"];

/// What had the focus when the detail was opened.
#[derive(Clone, Default)]
pub struct Opener(Rc<RefCell<Option<From>>>);

struct From {
    element: Element,
    /// Attribute and value of the entry around it.
    place: Option<(&'static str, String)>,
}

impl PartialEq for Opener {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
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
        self.0.replace(from);
    }

    /// The detail is gone. A focus that is elsewhere by now stays there.
    fn restore(&self, incident: Option<AttrValue>) {
        let Some(document) = document() else { return };
        let from = self.0.take();
        let place = from.as_ref().and_then(|from| from.place.clone());
        let row = incident.map(|id| ("data-incident-id", id.to_string()));
        let candidates = [
            from.map(|from| from.element).filter(|element| element.is_connected()),
            place.and_then(|place| button_of(&document, &place)),
            row.and_then(|row| button_of(&document, &row)),
            document.get_element_by_id("main"),
        ];
        for element in
            candidates.into_iter().flatten().filter_map(|element| element.dyn_into::<HtmlElement>().ok())
        {
            if !is_lost(&document) {
                return;
            }
            // One that cannot take it, or is not shown, leaves it to the next.
            let _ = element.focus();
        }
    }
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
    let before = use_mut_ref(|| None::<AttrValue>);
    use_effect_with(selected, {
        let opener = opener.clone();
        move |selected| {
            let closed = before.replace(selected.clone());
            if closed.is_some() && selected.is_none() {
                opener.restore(closed);
            }
        }
    });
    opener
}
