//! The rows.

use super::IncidentLine;
use crate::components::hooks::{PHONE, use_media, use_window};
use crate::realtime::IncidentRow;
use std::collections::HashSet;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Height of a row, px; the style sheet's `--row`.
const ROW: u32 = 44;
const ROW_PHONE: u32 = 64;

/// See [`IncidentList`].
#[derive(Properties, PartialEq)]
pub struct IncidentListProps {
    /// Already filtered and in order.
    pub incidents: Rc<Vec<IncidentRow>>,
    /// Whose detail is open.
    #[prop_or_default]
    pub selected: Option<AttrValue>,
    /// Ids that appeared while the list was open.
    #[prop_or_default]
    pub fresh: Rc<HashSet<String>>,
    /// A row was chosen.
    pub on_select: Callback<AttrValue>,
}

/// Keyed, memoised, windowed. Arrow keys move between rows.
#[component]
pub fn IncidentList(props: &IncidentListProps) -> Html {
    let height = if use_media(PHONE) { ROW_PHONE } else { ROW };
    let window = use_window(props.incidents.len(), height);
    let visible = props.incidents.get(window.range.clone()).unwrap_or_default();
    html! {
        <div class="panel__body" ref={window.scroller} onkeydown={Callback::from(walk)}>
            <ul class="rows" ref={window.holder} aria-label="Incidents, most urgent first" data-testid="incident-list">
                { for visible.iter().map(|row| html! {
                    <IncidentLine key={row.id.clone()} row={row.clone()}
                        selected={props.selected.as_deref() == Some(row.id.as_str())}
                        fresh={props.fresh.contains(&row.id)}
                        on_select={props.on_select.clone()} />
                }) }
            </ul>
        </div>
    }
}

/// Up and down move the focus to the neighbouring row; the browser scrolls it into view.
fn walk(event: KeyboardEvent) {
    let next: fn(&Element) -> Option<Element> = match event.key().as_str() {
        "ArrowDown" => Element::next_element_sibling,
        "ArrowUp" => Element::previous_element_sibling,
        _ => return,
    };
    let target = event.target_dyn_into::<Element>();
    let item = target.and_then(|element| element.closest("li").ok().flatten());
    let button = item.and_then(|item| next(&item)).and_then(|item| item.first_element_child());
    if let Some(button) = button.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        // An element that cannot be focused keeps the focus where it was.
        let _ = button.focus();
    }
}
