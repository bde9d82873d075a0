//! What a person does to a page, and what stands there.

use wasm_bindgen::JsCast;
use web_sys::{
    Document, Element, HtmlElement, HtmlInputElement, InputEvent, InputEventInit, KeyboardEvent,
    KeyboardEventInit, PointerEvent, PointerEventInit,
};

fn document() -> Document {
    web_sys::window().and_then(|window| window.document()).expect("a document")
}

/// Every element a selector finds in what was mounted last: a test that failed leaves its page behind.
pub fn all(selector: &str) -> Vec<HtmlElement> {
    let page = document().body().and_then(|body| body.last_element_child()).expect("a page");
    let found = page.query_selector_all(selector).expect("a selector");
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

/// The first element a selector finds.
pub fn one(selector: &str) -> HtmlElement {
    all(selector).into_iter().next().unwrap_or_else(|| panic!("there is no {selector}"))
}

/// The text of each element a selector finds.
pub fn texts(selector: &str) -> Vec<String> {
    all(selector).iter().filter_map(|element| element.text_content()).collect()
}

/// An attribute of the first element a selector finds.
pub fn attribute(selector: &str, name: &str) -> Option<String> {
    one(selector).get_attribute(name)
}

/// A key goes down on an element.
pub fn press(target: &Element, key: &str) {
    press_with(target, key, |_| {});
}

/// A key goes down on an element, with more of it.
pub fn press_with(target: &Element, key: &str, more: impl FnOnce(&KeyboardEventInit)) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    more(&init);
    init.set_bubbles(true);
    init.set_cancelable(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).expect("an event");
    target.dispatch_event(&event).expect("no listener throws");
}

/// A pointer event at an element.
pub fn point(target: &Element, kind: &str) {
    let init = PointerEventInit::new();
    init.set_bubbles(true);
    let event = PointerEvent::new_with_event_init_dict(kind, &init).expect("an event");
    target.dispatch_event(&event).expect("no listener throws");
}

/// Text is typed into a field in place of what stood there.
pub fn write(selector: &str, text: &str) {
    let field: HtmlInputElement = one(selector).unchecked_into();
    field.set_value(text);
    let init = InputEventInit::new();
    init.set_bubbles(true);
    let event = InputEvent::new_with_event_init_dict("input", &init).expect("an event");
    field.dispatch_event(&event).expect("no listener throws");
}

/// What has the focus.
pub fn focused() -> Element {
    document().active_element().expect("something has the focus")
}
