//! One incident in the list.

use super::picks::{pick_mark, picks};
use super::touched::use_touched;
use crate::components::marks::{Say, send_state_mark, severity_mark, status_mark};
use crate::components::people::PersonName;
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::IncidentStatus;
use sentinelops_realtime::IncidentRow;
use yew::prelude::*;

/// See [`IncidentLine`].
#[derive(Properties, PartialEq)]
pub struct IncidentLineProps {
    /// The incident, own edits on their way laid over it.
    pub row: IncidentRow,
    /// Its detail is open.
    #[prop_or_default]
    pub selected: bool,
    /// It appeared while the list was open.
    #[prop_or_default]
    pub fresh: bool,
    /// It is the tab stop of the list.
    #[prop_or_default]
    pub stop: bool,
    /// It is picked.
    #[prop_or_default]
    pub picked: bool,
    /// It was chosen; with its id.
    pub on_select: Callback<AttrValue>,
    /// It was pressed to pick it; `true`: with all rows up to it.
    #[prop_or_default]
    pub on_pick: Callback<(AttrValue, bool)>,
}

/// The content of a list item. One line: severity, title, status, who, how old. Marked for a moment when something of it changed.
#[component]
pub fn IncidentLine(props: &IncidentLineProps) -> Html {
    let incident = &props.row.incident;
    let touched = use_touched(incident, props.fresh);
    let done = incident.status == Some(IncidentStatus::Resolved);
    let onclick = {
        let (on_select, on_pick) = (props.on_select.clone(), props.on_pick.clone());
        let id = AttrValue::from(incident.id.clone());
        move |event: MouseEvent| match picks(&event) {
            Some(range) => on_pick.emit((id.clone(), range)),
            None => on_select.emit(id.clone()),
        }
    };
    let class = classes!("row", touched, done.then_some("row--done"), props.picked.then_some("row--picked"));
    html! {
        <button type="button" {class} {onclick} tabindex={if props.stop { "0" } else { "-1" }} aria-current={props.selected.then_some("true")}>
            if props.picked { { pick_mark() } }
            { severity_mark(incident.severity.as_ref()) }
            <span class="row__title">
                <span class="row__name" data-testid="incident-title">{ incident.title.as_deref().unwrap_or("Untitled incident") }</span>
                if let Some(state) = &props.row.edit {
                    <span class="row__edit">{ send_state_mark(state, Say::Brief) }</span>
                } else {
                    <span class="row__id">{ &incident.id }</span>
                }
            </span>
            { status_mark(incident.status.as_ref()) }
            <span class="row__who">
                if let Some(who) = &incident.assigned_to { <PersonName id={who.clone()} /> } else { { "–" } }
            </span>
            <span class="row__age">
                if let Some(at) = incident.created_at.or(incident.updated_at) { <RelativeTime {at} /> }
            </span>
        </button>
    }
}
