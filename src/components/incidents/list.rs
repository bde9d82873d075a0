//! The rows.

use super::IncidentLine;
use crate::components::hooks::{TWO_LINES, use_media, use_window};
use sentinelops_realtime::IncidentRow;
use std::collections::HashSet;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Height of a row, px; the style sheet's `--row`.
const ROW: u32 = 44;
const ROW_TWO_LINES: u32 = 56;

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

/// Keyed, memoised, windowed. One tab stop; arrow keys move between rows.
#[component]
pub fn IncidentList(props: &IncidentListProps) -> Html {
    let height = if use_media(TWO_LINES) { ROW_TWO_LINES } else { ROW };
    let window = use_window(props.incidents.len(), height);
    let visible = props.incidents.get(window.range.clone()).unwrap_or_default();
    let total = props.incidents.len();
    // A window says nothing of how long the list is.
    let size = (visible.len() < total).then_some(total);
    // The row that Tab goes to: where the person was last, else whose detail is open, else the first.
    let last = use_state_eq(|| None::<String>);
    let onfocusin = use_callback((), {
        let set = last.setter();
        move |event: FocusEvent, ()| set.set(row_of(&event))
    });
    let is_there = |id: &&str| visible.iter().any(|row| row.id == **id);
    let stop = [last.as_deref(), props.selected.as_deref()].into_iter().flatten().find(is_there);
    let stop = stop.or_else(|| visible.first().map(|row| &*row.id));
    html! {
        <div class="panel__body" ref={window.scroller} onkeydown={Callback::from(walk)} {onfocusin}>
            <ul class="rows" ref={window.holder} aria-label="Incidents, most urgent first" data-testid="incident-list">
                { for visible.iter().enumerate().map(|(at, row)| html! {
                    <li key={row.id.clone()} aria-setsize={size.map(|size| size.to_string())}
                        aria-posinset={size.map(|_| (window.range.start + at + 1).to_string())}
                        data-testid="incident-row" data-incident-id={row.id.clone()}>
                        <IncidentLine row={row.clone()}
                            selected={props.selected.as_deref() == Some(row.id.as_str())}
                            fresh={props.fresh.contains(&row.id)}
                            stop={stop == Some(row.id.as_str())}
                            on_select={props.on_select.clone()} />
                    </li>
                }) }
            </ul>
        </div>
    }
}

/// The id of the incident whose row an event is about.
fn row_of(event: &FocusEvent) -> Option<String> {
    let target = event.target_dyn_into::<Element>()?;
    target.closest("[data-incident-id]").ok()??.get_attribute("data-incident-id")
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
