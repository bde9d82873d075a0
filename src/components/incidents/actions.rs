//! What a person can do with an incident, and what becomes of it.

use super::Assign;
use crate::components::people::Names;
use crate::components::send_line::{SendLine, use_sends};
use sentinelops_protocol::Priority;
use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};
use sentinelops_realtime::{IncidentEdit, Message, use_client};
use std::rc::Rc;
use yew::prelude::*;

/// See [`IncidentActions`].
#[derive(Properties, PartialEq)]
pub struct IncidentActionsProps {
    /// The incident.
    pub incident: Rc<Incident>,
}

/// A step: what it is called, and where it leads.
type Step = (&'static str, IncidentStatus);

const REOPEN: Step = ("Reopen", IncidentStatus::Investigating);
const STEPS: [Step; 4] = [
    ("Acknowledge", IncidentStatus::Acknowledged),
    ("Investigate", IncidentStatus::Investigating),
    ("Escalate", IncidentStatus::Escalated),
    ("Resolve", IncidentStatus::Resolved),
];

/// Four steps and an assignee. The buttons keep their places, whatever the status: nobody should hit another one than
/// they aimed at because an update came in between. Reopen stands far from Resolve: a press too many must not undo it.
#[component]
pub fn IncidentActions(props: &IncidentActionsProps) -> Html {
    let client = use_client();
    let names = use_context::<Names>().unwrap_or_default();
    let (sends, push) = use_sends(3);
    let incident = &props.incident;
    let send = {
        let priority = urgency(incident);
        move |what: String, edit: IncidentEdit| {
            push.emit((client.send(Message::from(edit).priority(priority)).id(), what.into()));
        }
    };
    let (enabled, primary) = offered(incident.status.as_ref());
    let step = |(at, (label, status)): (usize, Step)| {
        let (send, id) = (send.clone(), incident.id.clone());
        let enabled = enabled[at];
        let onclick = move |_| {
            if enabled {
                send(label.to_owned(), IncidentEdit::new(&*id).status(status.clone()));
            }
        };
        // Not `disabled`: a button that was just pressed would lose the focus.
        html! {
            <button key={at} type="button" class={classes!("button", (at == primary).then_some("button--primary"))}
                aria-disabled={(!enabled).then_some("true")} {onclick} data-testid={format!("action-{}", label.to_lowercase())}>
                { label }
            </button>
        }
    };
    let mut steps = STEPS;
    if incident.status == Some(IncidentStatus::Resolved) {
        steps[0] = REOPEN;
    }
    let on_assign = {
        let (send, id) = (send.clone(), incident.id.clone());
        Callback::from(move |who: String| {
            let edit = IncidentEdit::new(&*id);
            if who.is_empty() {
                send("Unassign".to_owned(), edit.unassign());
            } else {
                send(format!("Assign to {}", names.of(&who)), edit.assigned_to(who));
            }
        })
    };
    html! {
        <>
            <div class="steps" role="group" aria-label="Actions">
                { for steps.into_iter().enumerate().map(step) }
            </div>
            <Assign assignee={incident.assigned_to.clone().unwrap_or_default()} {on_assign} />
            if !sends.is_empty() {
                <div class="sends">
                    { for sends.iter().map(|(id, what)| html! { <SendLine key={id.as_str().to_owned()} id={id.clone()} what={what.clone()} /> }) }
                </div>
            }
        </>
    }
}

/// Which of the four places can be pressed, and which one is the next step. Nothing leads backwards but Reopen, in the
/// place of Acknowledge.
fn offered(status: Option<&IncidentStatus>) -> ([bool; 4], usize) {
    match status {
        Some(IncidentStatus::Acknowledged) => ([false, true, true, true], 1),
        Some(IncidentStatus::Investigating) => ([false, false, true, true], 3),
        // Who it was handed to takes it up.
        Some(IncidentStatus::Escalated) => ([false, true, false, true], 3),
        Some(IncidentStatus::Resolved) => ([true, false, false, false], 0),
        Some(IncidentStatus::New | IncidentStatus::Other(_)) | None => ([true; 4], 0),
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
