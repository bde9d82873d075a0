//! Equal incidents in one row.

use super::picks::{pick_mark, picks};
use super::touched::use_touched;
use crate::board::{Group, Picked};
use crate::components::icon::{Icon, icon_mark};
use crate::components::marks::{severity_mark, status_mark};
use crate::components::people::PersonName;
use crate::components::relative_time::RelativeTime;
use crate::words::board as texts;
use sentinelops_protocol::domain::IncidentStatus;
use sentinelops_realtime::IncidentRow;
use std::collections::BTreeSet;
use std::rc::Rc;
use yew::prelude::*;

/// See [`GroupLine`].
#[derive(Properties, PartialEq)]
pub struct GroupLineProps {
    /// Its incidents, own edits on their way laid over them.
    pub group: Group<IncidentRow>,
    /// Its incidents are shown below.
    pub is_open: bool,
    /// One of them appeared while the list was open.
    #[prop_or_default]
    pub fresh: bool,
    /// It is the tab stop of the list.
    #[prop_or_default]
    pub stop: bool,
    /// How much of it is picked.
    #[prop_or_default]
    pub picked: Picked,
    /// It is to be opened or closed; with its key.
    pub on_toggle: Callback<Rc<str>>,
    /// It was pressed to pick it; `true`: with all rows up to it.
    #[prop_or_default]
    pub on_pick: Callback<(AttrValue, bool)>,
}

/// The content of a list item. How many, the latest of them, and what they have in common.
#[component]
pub fn GroupLine(props: &GroupLineProps) -> Html {
    let members = &props.group.members;
    let age = |row: &&IncidentRow| row.created_at.or(row.updated_at);
    let latest = members.iter().max_by_key(age).unwrap_or(&members[0]);
    let touched = use_touched(&latest.incident, props.fresh);
    let onclick = {
        let (on_toggle, on_pick) = (props.on_toggle.clone(), props.on_pick.clone());
        let key = props.group.key.clone();
        move |event: MouseEvent| match picks(&event) {
            Some(range) => on_pick.emit((key.clone().into(), range)),
            None => on_toggle.emit(key.clone()),
        }
    };
    let done = latest.status == Some(IncidentStatus::Resolved);
    let is_same = members.iter().all(|row| row.status == latest.status);
    let new = members.iter().filter(|row| row.status == Some(IncidentStatus::New)).count();
    let mut people = BTreeSet::new();
    people.extend(members.iter().filter_map(|row| row.assigned_to.clone()));
    let who = match (people.len(), people.first()) {
        (0, _) | (_, None) => html! { { "–" } },
        (1, Some(one)) if members.iter().all(|row| row.assigned_to.is_some()) => {
            html! { <PersonName id={one.clone()} /> }
        }
        (count, _) => html! { { texts::people(count) } },
    };
    html! {
        <button type="button" class={classes!("row", "row--group", touched, done.then_some("row--done"), (props.picked == Picked::All).then_some("row--picked"))} {onclick}
            tabindex={if props.stop { "0" } else { "-1" }} aria-expanded={props.is_open.to_string()}>
            if props.picked != Picked::None { { pick_mark() } }
            { severity_mark(latest.severity.as_ref()) }
            <span class="row__title">
                <span class="row__fold">{ icon_mark(Icon::Fold, 14) }</span>
                <span class="row__name" data-testid="group-title">{ props.group.title() }</span>
                <span class="row__times num" data-testid="group-count"><span aria-hidden="true">{ format!("×{}", members.len()) }</span><span class="sr-only">{ texts::equal(members.len()) }</span></span>
            </span>
            if is_same {
                { status_mark(latest.status.as_ref()) }
            } else {
                <span class="tag"><span>{ if new > 0 { texts::new(new) } else { texts::MIXED.to_owned() } }</span></span>
            }
            <span class="row__who">{ who }</span>
            <span class="row__age">if let Some(at) = age(&latest) { <RelativeTime {at} /> }</span>
        </button>
    }
}
