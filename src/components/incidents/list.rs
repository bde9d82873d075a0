//! The rows.

use super::{GroupLine, IncidentLine, Pick, row_actions};
use crate::board::{Line, Picked, Selection};
use crate::commands::Command;
use crate::components::commands::{
    focused_incident, focused_line, press_focused_group, step_row, use_commands,
};
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
    /// What is picked.
    #[prop_or_default]
    pub picks: Rc<Selection>,
    /// It is to change.
    #[prop_or_default]
    pub on_pick: Callback<Pick>,
    /// A press on a row picks it instead of opening it.
    #[prop_or_default]
    pub picking: bool,
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
                set.set(row_of(&event, LINE));
            }
        }
    });
    let onpointerleave = use_callback((), {
        let set = active.setter();
        move |_: PointerEvent, ()| set.set(focused_line())
    });
    let onfocusin = use_callback((), {
        let set = last.setter();
        let active = active.setter();
        move |event: FocusEvent, ()| {
            active.set(row_of(&event, LINE));
            set.set(row_of(&event, LINE));
        }
    });
    let is_there = |id: &&str| visible.iter().any(|line| line.key() == *id);
    let stop = [last.as_deref(), props.selected.as_deref()].into_iter().flatten().find(is_there);
    let stop = stop.or_else(|| visible.first().map(Line::key));
    use_commands(&[Command::Next, Command::Previous, Command::Open, Command::Pick], {
        let (on_select, on_pick, lines) =
            (props.on_select.clone(), props.on_pick.clone(), props.lines.clone());
        Callback::from(move |command| match (command, focused_incident()) {
            (Command::Pick, _) => {
                let line = focused_line().and_then(|key| lines.0.iter().find(|line| line.key() == key));
                line.into_iter().for_each(|line| on_pick.emit(Pick::Toggle(line.clone())));
            }
            (Command::Open, Some(id)) => on_select.emit(id.into()),
            (Command::Open, None) => press_focused_group(),
            (command, _) => step_row(command == Command::Next),
        })
    });
    let on_pick = use_callback((props.lines.clone(), props.on_pick.clone()), {
        |(key, range): (AttrValue, bool), (lines, on_pick): &(Lines, Callback<Pick>)| {
            let line = lines.0.iter().find(|line| line.key() == key);
            match line.cloned().filter(|_| !range) {
                Some(line) => on_pick.emit(Pick::Toggle(line)),
                None => on_pick.emit(Pick::Extend(lines.clone(), key.to_string(), key.to_string())),
            }
        }
    });
    let on_select = use_callback((props.picking, props.on_select.clone(), on_pick.clone()), {
        |id: AttrValue, (picking, on_select, on_pick): &(bool, Callback<_>, Callback<_>)| {
            if *picking { on_pick.emit((id, false)) } else { on_select.emit(id) }
        }
    });
    let on_toggle = use_callback((props.picking, props.on_toggle.clone(), on_pick.clone()), {
        |key: Rc<str>, (picking, on_toggle, on_pick): &(bool, Callback<Rc<str>>, Callback<_>)| {
            if *picking { on_pick.emit((key.into(), false)) } else { on_toggle.emit(key) }
        }
    });
    let onkeydown = {
        let (lines, on_pick) = (props.lines.clone(), props.on_pick.clone());
        move |event: KeyboardEvent| {
            if let Some((from, to)) = walk(&event).filter(|_| event.shift_key()) {
                on_pick.emit(Pick::Extend(lines.clone(), from, to));
            }
        }
    };
    let line = |(at, line): (usize, &Line<IncidentRow>)| {
        let position = size.map(|_| (window.range.start + at + 1).to_string());
        let size = size.map(|size| size.to_string());
        let is_member = matches!(line, Line::Member(_));
        let picked = props.picks.of(line.rows());
        let stop = stop == Some(line.key());
        let is_fresh = line.rows().iter().any(|row| props.fresh.contains(&row.id));
        let actions = |what: &str| {
            let Some(actor) = props.actor.as_ref().filter(|_| active.as_deref() == Some(line.key())) else {
                // A node, too: without one Yew would make the row again, and the focus would be lost.
                return Html::default();
            };
            let toggle = props.on_pick.reform({
                let line = line.clone();
                move |()| Pick::Toggle(line.clone())
            });
            row_actions(actor, line.rows(), what, picked == Picked::All, toggle)
        };
        match line {
            Line::One(of) | Line::Member(of) => html! {
                <li key={of.id.clone()} class={is_member.then_some("rows__member")} aria-setsize={size} aria-posinset={position}
                    data-testid="incident-row" data-line={of.id.clone()} data-incident-id={of.id.clone()}>
                    <IncidentLine row={of.clone()} selected={props.selected.as_deref() == Some(of.id.as_str())} fresh={is_fresh} {stop}
                        picked={picked == Picked::All} on_select={on_select.clone()} on_pick={on_pick.clone()} />
                    { actions(&of.id) }
                </li>
            },
            Line::Head(group, is_open) => html! {
                <li key={&*group.key} aria-setsize={size} aria-posinset={position} data-testid="incident-group" data-line={group.key.to_string()}>
                    <GroupLine group={group.clone()} is_open={*is_open} {stop} fresh={is_fresh} {picked} on_toggle={on_toggle.clone()} on_pick={on_pick.clone()} />
                    { actions(&group.title()) }
                </li>
            },
        }
    };
    html! {
        <div class="panel__body" data-density={density.name} ref={window.scroller} {onkeydown} {onfocusin} {onpointermove} {onpointerleave}>
            <ul class="rows" ref={window.holder} aria-label="Incidents, most urgent first" data-testid="incident-list">
                { for visible.iter().enumerate().map(line) }
            </ul>
        </div>
    }
}

/// The attribute that names the row.
const LINE: &str = "data-line";

/// The attribute of the row that an event is about.
fn row_of(event: &web_sys::Event, attribute: &str) -> Option<String> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest(&format!("[{attribute}]")).ok()??.get_attribute(attribute)
}

/// Up and down move the focus to the neighbouring row, and the browser scrolls it into view; right and left go through
/// what can be done with the row, and open and close a group. Answers from which row to which one the focus moved.
fn walk(event: &KeyboardEvent) -> Option<(String, String)> {
    let target = event.target_dyn_into::<Element>();
    let item = target.as_ref().and_then(|element| element.closest("li").ok().flatten())?;
    let from = item.get_attribute(LINE)?;
    let button = |item: Element| item.first_element_child();
    let next = match event.key().as_str() {
        "ArrowDown" => item.next_element_sibling().and_then(button),
        "ArrowUp" => item.previous_element_sibling().and_then(button),
        key @ ("ArrowRight" | "ArrowLeft") => {
            // A closed group opens first; an open one closes from its own button.
            let is_closed = key == "ArrowRight";
            let turned = format!("button[aria-expanded={}]", !is_closed);
            if let Some(button) = target.as_ref().filter(|button| button.matches(&turned).unwrap_or(false)) {
                event.prevent_default();
                button.dyn_ref::<HtmlElement>()?.click();
                return None;
            }
            let buttons = item.query_selector_all("button").ok()?;
            let all: Vec<_> = (0..buttons.length()).filter_map(|at| buttons.get(at)).collect();
            let at = all
                .iter()
                .position(|node| target.as_ref().is_some_and(|target| node.is_same_node(Some(target))));
            let to = at.and_then(|at| if key == "ArrowRight" { Some(at + 1) } else { at.checked_sub(1) });
            to.and_then(|to| all.get(to).cloned()?.dyn_into().ok())
        }
        _ => return None,
    };
    let button = next?.dyn_into::<HtmlElement>().ok()?;
    event.prevent_default();
    // An element that cannot be focused keeps the focus where it was.
    let _ = button.focus();
    let to = button.closest("li").ok().flatten()?.get_attribute(LINE)?;
    (from != to).then_some((from, to))
}
