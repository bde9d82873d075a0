//! The row that has the focus, and its neighbours.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, KeyboardEvent};

/// The rows of the list that are incidents.
const ROW: &str = "[data-testid=incident-row]";
/// All rows of the list.
const LINE: &str = "[data-line]";
/// Those that are groups.
const GROUP: &str = "[data-testid=incident-group]";
/// The row that Tab reaches.
const STOP: &str = "[data-line] > button[tabindex='0']";

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

fn find(selector: &str) -> Option<Element> {
    document()?.query_selector(selector).ok()?
}

fn focused(selector: &str) -> Option<Element> {
    document()?.active_element()?.closest(selector).ok()?
}

/// A row that is a group has the focus.
pub(super) fn is_group_focused() -> bool {
    focused(GROUP).is_some()
}

/// Opens or closes the group whose row has the focus.
pub fn press_focused_group() {
    let button = focused(GROUP).and_then(|group| group.first_element_child()?.dyn_into::<HtmlElement>().ok());
    if let Some(button) = button {
        button.click();
    }
}

/// Whether a row has the focus.
pub fn is_row_focused() -> bool {
    focused(LINE).is_some()
}

/// The focus of a row that is gone goes to the row that Tab reaches, or else to the page's main part.
pub fn rescue_focus() {
    let is_lost = || {
        document().and_then(|page| page.active_element()).is_none_or(|element| element.tag_name() == "BODY")
    };
    for selector in [STOP, "#main"] {
        if is_lost() {
            focus(selector);
        }
    }
}

/// The incident of the row that has the focus.
pub fn focused_incident() -> Option<String> {
    focused(ROW)?.get_attribute("data-incident-id")
}

/// What names the row that has the focus.
pub fn focused_line() -> Option<String> {
    focused(LINE)?.get_attribute("data-line")
}

/// The focus goes to the first element of a selector. What is not shown leaves it where it is.
pub(super) fn focus(selector: &str) {
    if let Some(element) = find(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// The focus goes to the first button of the row, or else of the group, that an element is in. For a button that its own
/// press removes: the focus would be lost with it.
pub fn focus_first_beside(element: &Element) {
    let group = element.closest(&format!("{LINE}, .assign__line")).ok().flatten();
    let button = group.and_then(|group| group.query_selector("button").ok()?);
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        let _ = button.focus();
    }
}

/// The focus goes to the row of an incident; where that is not shown, to the page's main part.
pub fn focus_row_or_main(id: &str) {
    focus("#main");
    let Some(Ok(rows)) = document().map(|page| page.query_selector_all(ROW)) else { return };
    let mut rows = (0..rows.length()).filter_map(|at| rows.get(at)?.dyn_into::<Element>().ok());
    let row = rows.find(|row| row.get_attribute("data-incident-id").as_deref() == Some(id));
    if let Some(button) = row.and_then(|row| row.first_element_child()) {
        focus_first_beside(&button);
    }
}

/// The key belongs to an input method that composes text. Safari ends the composition before the Enter that ends it;
/// its key code is then 229.
pub fn is_composing(event: &KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}

/// Keys are named, and taken, as on a Mac.
pub(super) fn is_mac() -> bool {
    let platform = web_sys::window().and_then(|window| window.navigator().platform().ok());
    platform.is_some_and(|platform| platform.starts_with("Mac") || platform.starts_with("iP"))
}

/// Moves the focus to the next row or to the one before; from elsewhere to the row that Tab would reach.
pub fn step_row(forward: bool) {
    let row = match focused(LINE) {
        Some(row) if forward => row.next_element_sibling(),
        Some(row) => row.previous_element_sibling(),
        None => return focus(STOP),
    };
    let button = row.and_then(|row| row.first_element_child()?.dyn_into::<HtmlElement>().ok());
    if let Some(button) = button {
        // At the end of the list the focus stays where it is.
        let _ = button.focus();
    }
}
