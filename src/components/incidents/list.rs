//! The rows.

use super::{GroupLine, IncidentLine, row_actions};
use crate::board::Line;
use crate::commands::Command;
use crate::components::commands::{focused_incident, press_focused_group, step_row, use_commands};
use crate::components::hooks::{use_density, use_window};
use crate::components::undo::Actor;
use sentinelops_realtime::IncidentRow;
use std::collections::HashSet;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// The rows of a list. Equal when they are the same ones: comparing a thousand costs more than rendering those in view.
#[derive(Clone)]
pub struct Lines(pub Rc<Vec<Line<IncidentRow>>>);

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// See [`IncidentList`].
#[derive(Properties, PartialEq)]
pub struct IncidentListProps {
    /// Already filtered, in order and grouped.
    pub lines: Lines,
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
    /// A group is to be opened or closed; with its key.
    #[prop_or_default]
    pub on_toggle: Callback<Rc<str>>,
}

/// Keyed, memoised, windowed. One tab stop; arrow keys move between rows.
#[component]
pub fn IncidentList(props: &IncidentListProps) -> Html {
    let density = use_density();
    let total = props.lines.0.len();
    let window = use_window(total, density.name);
    let visible = props.lines.0.get(window.range.clone()).unwrap_or_default();
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
                set.set(row_of(&event, "data-incident-id"));
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
            active.set(row_of(&event, "data-incident-id"));
            set.set(row_of(&event, "data-line"));
        }
    });
    let is_there = |id: &&str| visible.iter().any(|line| id_of(line) == *id);
    let stop = [last.as_deref(), props.selected.as_deref()].into_iter().flatten().find(is_there);
    let stop = stop.or_else(|| visible.first().map(id_of));
    use_commands(&[Command::Next, Command::Previous, Command::Open], {
        let on_select = props.on_select.clone();
        Callback::from(move |command| match (command, focused_incident()) {
            (Command::Open, Some(id)) => on_select.emit(id.into()),
            (Command::Open, None) => press_focused_group(),
            (command, _) => step_row(command == Command::Next),
        })
    });
    let row = |row: &IncidentRow| {
        html! {
            <>
                <IncidentLine row={row.clone()}
                    selected={props.selected.as_deref() == Some(row.id.as_str())}
                    fresh={props.fresh.contains(&row.id)}
                    stop={stop == Some(row.id.as_str())}
                    on_select={props.on_select.clone()} />
                if let Some(actor) = props.actor.as_ref().filter(|_| active.as_deref() == Some(row.id.as_str())) { { row_actions(actor, &row.incident) } }
            </>
        }
    };
    let line = |(at, line): (usize, &Line<IncidentRow>)| {
        let position = size.map(|_| (window.range.start + at + 1).to_string());
        let size = size.map(|size| size.to_string());
        let is_member = matches!(line, Line::Member(_));
        match line {
            Line::One(of) | Line::Member(of) => html! {
                <li key={of.id.clone()} class={is_member.then_some("rows__member")} aria-setsize={size} aria-posinset={position}
                    data-testid="incident-row" data-line={of.id.clone()} data-incident-id={of.id.clone()}>{ row(of) }</li>
            },
            Line::Head(group, is_open) => html! {
                <li key={&*group.key} aria-setsize={size} aria-posinset={position} data-testid="incident-group" data-line={group.key.to_string()}>
                    <GroupLine group={group.clone()} is_open={*is_open} stop={stop == Some(&*group.key)}
                        fresh={group.members.iter().any(|row| props.fresh.contains(&row.id))} on_toggle={props.on_toggle.clone()} />
                </li>
            },
        }
    };
    html! {
        <div class="panel__body" data-density={density.name} ref={window.scroller} onkeydown={Callback::from(walk)} {onfocusin} {onpointermove} {onpointerleave}>
            <ul class="rows" ref={window.holder} aria-label="Incidents, most urgent first" data-testid="incident-list">
                { for visible.iter().enumerate().map(line) }
            </ul>
        </div>
    }
}

/// What names the row: the incident, or what those of a group have in common.
fn id_of(line: &Line<IncidentRow>) -> &str {
    match line {
        Line::One(row) | Line::Member(row) => &row.id,
        Line::Head(group, _) => &group.key,
    }
}

/// The attribute of the row that an event is about.
fn row_of(event: &web_sys::Event, attribute: &str) -> Option<String> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest(&format!("[{attribute}]")).ok()??.get_attribute(attribute)
}

/// Up and down move the focus to the neighbouring row, and the browser scrolls it into view; right and left go through
/// what can be done with the row, or open and close a group.
fn walk(event: KeyboardEvent) {
    let target = event.target_dyn_into::<Element>();
    let Some(item) = target.as_ref().and_then(|element| element.closest("li").ok().flatten()) else { return };
    let button = |item: Element| item.first_element_child();
    let next = match event.key().as_str() {
        "ArrowDown" => item.next_element_sibling().and_then(button),
        "ArrowUp" => item.previous_element_sibling().and_then(button),
        key @ ("ArrowRight" | "ArrowLeft") if is_group(&item) => {
            let is_closed = key == "ArrowRight";
            let selector = format!("button[aria-expanded={}]", !is_closed);
            let button = item.query_selector(&selector).ok().flatten();
            if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                event.prevent_default();
                button.click();
            }
            return;
        }
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

fn is_group(item: &Element) -> bool {
    item.matches("[data-testid=incident-group]").unwrap_or(false)
}
