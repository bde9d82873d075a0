//! The row that has the focus, and its neighbours.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The rows of the list.
const ROW: &str = "[data-testid=incident-row]";
/// The row that Tab reaches.
const STOP: &str = "[data-testid=incident-row] > button[tabindex='0']";

fn find(selector: &str) -> Option<Element> {
    web_sys::window()?.document()?.query_selector(selector).ok()?
}

fn focused_row() -> Option<Element> {
    web_sys::window()?.document()?.active_element()?.closest(ROW).ok()?
}

/// The incident of the row that has the focus.
pub fn focused_incident() -> Option<String> {
    focused_row()?.get_attribute("data-incident-id")
}

/// The focus goes to the first element of a selector. What is not shown leaves it where it is.
pub(super) fn focus(selector: &str) {
    if let Some(element) = find(selector).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Moves the focus to the next row or to the one before; from elsewhere to the row that Tab would reach.
pub fn step_row(forward: bool) {
    let row = match focused_row() {
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
