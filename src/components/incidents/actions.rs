//! What a person can do with an incident, and what becomes of it.

use crate::components::people::Names;
use crate::components::send_line::{SendLine, use_sends};
use crate::realtime::{IncidentEdit, Message, use_client};
use sentinelops_protocol::Priority;
use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};
use std::rc::Rc;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// See [`IncidentActions`].
#[derive(Properties, PartialEq)]
pub struct IncidentActionsProps {
    /// The incident.
    pub incident: Rc<Incident>,
}

const STEPS: [(&str, IncidentStatus); 4] = [
    ("Acknowledge", IncidentStatus::Acknowledged),
    ("Investigate", IncidentStatus::Investigating),
    ("Escalate", IncidentStatus::Escalated),
    ("Resolve", IncidentStatus::Resolved),
];

/// Four steps and an assignee. The buttons keep their places, whatever the status: nobody should hit another one than
/// they aimed at because an update came in between.
#[component]
pub fn IncidentActions(props: &IncidentActionsProps) -> Html {
    let client = use_client();
    let names = use_context::<Names>().unwrap_or_default();
    let (sends, push) = use_sends(3);
    let incident = &props.incident;
    let send = {
        let priority = urgency(incident);
        let push = push.clone();
        move |what: String, edit: IncidentEdit| {
            push.emit((client.send(Message::from(edit).priority(priority)), what.into()));
        }
    };
    let step = |label: &'static str, status: IncidentStatus| {
        let current = incident.status.as_ref() == Some(&status);
        let primary = status == IncidentStatus::Resolved;
        let (send, id) = (send.clone(), incident.id.clone());
        let onclick = move |_| send(label.to_owned(), IncidentEdit::new(&*id).status(status.clone()));
        html! {
            <button key={label} type="button" class={classes!("button", primary.then_some("button--primary"))} disabled={current}
                {onclick} data-testid={format!("action-{}", label.to_lowercase())}>
                { label }
            </button>
        }
    };
    let assignee = incident.assigned_to.clone().unwrap_or_default();
    let onchange = {
        let (send, id, names) = (send.clone(), incident.id.clone(), names.clone());
        move |event: Event| {
            let who = event.target_unchecked_into::<HtmlSelectElement>().value();
            let edit = IncidentEdit::new(&*id);
            if who.is_empty() {
                send("Unassign".to_owned(), edit.unassign());
            } else {
                send(format!("Assign to {}", names.of(&who)), edit.assigned_to(who));
            }
        }
    };
    let people = names.by_name();
    let stranger = !assignee.is_empty() && !people.iter().any(|(id, _)| *id == assignee);
    html! {
        <>
            <div class="steps" role="group" aria-label="Actions">
                { for STEPS.into_iter().map(|(label, status)| step(label, status)) }
            </div>
            <label class="assign">
                { "Assigned to" }
                <select class="select" {onchange} data-testid="action-assign">
                    <option key="" value="" selected={assignee.is_empty()}>{ "Nobody" }</option>
                    if stranger {
                        <option key={assignee.clone()} value={assignee.clone()} selected=true>{ &assignee }</option>
                    }
                    { for people.into_iter().map(|(id, name)| html! {
                        <option key={id.clone()} value={id.clone()} selected={id == assignee}>{ name }</option>
                    }) }
                </select>
            </label>
            if !sends.is_empty() {
                <div class="sends">
                    { for sends.iter().map(|(id, what)| html! { <SendLine key={id.as_str().to_owned()} id={id.clone()} what={what.clone()} /> }) }
                </div>
            }
        </>
    }
}

/// What people do about something critical overtakes what else they sent.
pub(super) fn urgency(incident: &Incident) -> Priority {
    match incident.severity {
        Some(Severity::Critical) => Priority::Critical,
        Some(Severity::High) => Priority::High,
        _ => Priority::Normal,
    }
}
