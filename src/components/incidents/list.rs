//! The rows.

use super::{IncidentLine, row_actions};
use crate::commands::Command;
use crate::components::commands::{focused_incident, step_row, use_commands};
use crate::components::hooks::{TWO_LINES, use_media, use_window};
use crate::components::undo::Actor;
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
    /// Does what the row under the pointer or with the focus offers. Default: it offers nothing.
    #[prop_or_default]
    pub actor: Option<Actor>,
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
    // The row with the pointer or the focus shows what can be done with it.
    let active = use_state_eq(|| None::<String>);
    let onpointermove = use_callback((), {
        let set = active.setter();
        move |event: PointerEvent, ()| {
            if event.pointer_type() == "mouse" {
                set.set(row_of(&event));
            }
        }
    });
    let onpointerleave = use_callback((), {
        let set = active.setter();
        move |_: PointerEvent, ()| set.set(focused_incident())
    });
    let onfocusin = use_callback((), {
        let set = last.setter();
        let active = active.setter();
        move |event: FocusEvent, ()| {
            active.set(row_of(&event));
            set.set(row_of(&event));
        }
    });
    let is_there = |id: &&str| visible.iter().any(|row| row.id == **id);
    let stop = [last.as_deref(), props.selected.as_deref()].into_iter().flatten().find(is_there);
    let stop = stop.or_else(|| visible.first().map(|row| &*row.id));
    use_commands(&[Command::Next, Command::Previous, Command::Open], {
        let on_select = props.on_select.clone();
        Callback::from(move |command| match (command, focused_incident()) {
            (Command::Open, Some(id)) => on_select.emit(id.into()),
            (Command::Open, None) => {}
            (command, _) => step_row(command == Command::Next),
        })
    });
    html! {
        <div class="panel__body" ref={window.scroller} onkeydown={Callback::from(walk)} {onfocusin} {onpointermove} {onpointerleave}>
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
                        if let Some(actor) = props.actor.as_ref().filter(|_| active.as_deref() == Some(row.id.as_str())) { { row_actions(actor, &row.incident) } }
                    </li>
                }) }
            </ul>
        </div>
    }
}

/// The id of the incident whose row an event is about.
fn row_of(event: &web_sys::Event) -> Option<String> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("[data-incident-id]").ok()??.get_attribute("data-incident-id")
}

/// Up and down move the focus to the neighbouring row, and the browser scrolls it into view; right and left go through
/// what can be done with the row.
fn walk(event: KeyboardEvent) {
    let target = event.target_dyn_into::<Element>();
    let Some(item) = target.as_ref().and_then(|element| element.closest("li").ok().flatten()) else { return };
    let button = |item: Element| item.first_element_child();
    let next = match event.key().as_str() {
        "ArrowDown" => item.next_element_sibling().and_then(button),
        "ArrowUp" => item.previous_element_sibling().and_then(button),
        key @ ("ArrowRight" | "ArrowLeft") => {
            let Ok(buttons) = item.query_selector_all("button") else { return };
            let all: Vec<_> = (0..buttons.length()).filter_map(|at| buttons.get(at)).collect();
            let at = all
                .iter()
                .position(|node| target.as_ref().is_some_and(|target| node.is_same_node(Some(target))));
            let to = at.and_then(|at| if key == "ArrowRight" { Some(at + 1) } else { at.checked_sub(1) });
            to.and_then(|to| all.get(to).cloned()?.dyn_into().ok())
        }
        _ => return,
    };
    if let Some(button) = next.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        // An element that cannot be focused keeps the focus where it was.
        let _ = button.focus();
    }
}
