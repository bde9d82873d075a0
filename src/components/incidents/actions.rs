//! What a person can do with an incident, and what becomes of it.

use super::Assign;
use crate::actions::Action;
use crate::components::commands::focus_first_beside;
use crate::components::people::Names;
use crate::components::send_line::{SendLine, use_sends};
use crate::components::undo::{Overtaken, use_actor};
use crate::words::commands as texts;
use sentinelops_protocol::domain::{Incident, IncidentStatus};
use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

/// See [`IncidentActions`].
#[derive(Properties, PartialEq)]
pub struct IncidentActionsProps {
    /// The incident.
    pub incident: Rc<Incident>,
}

const STEPS: [Action; 4] = [Action::Acknowledge, Action::Investigate, Action::Escalate, Action::Resolve];

/// Four steps and an assignee. The buttons keep their places, whatever the status: nobody should hit another one than
/// they aimed at because an update came in between. Reopen stands far from Resolve: a press too many must not undo it.
#[component]
pub fn IncidentActions(props: &IncidentActionsProps) -> Html {
    let actor = use_actor();
    let names = use_context::<Names>().unwrap_or_default();
    let (sends, push) = use_sends(3);
    let incident = &props.incident;
    let act = {
        let (actor, incident, names) = (actor.clone(), incident.clone(), names.clone());
        Callback::from(move |action: Action| {
            let name = match &action {
                Action::Assign(who) => names.of(who),
                _ => AttrValue::default(),
            };
            let label = texts::label(&action, &name);
            push.emit((actor.act(&incident, action), label.into()));
        })
    };
    let primary = primary(incident.status.as_ref());
    let step = |(at, action): (usize, Action)| {
        let enabled = action.is_offered(incident);
        let label = texts::label(&action, "");
        let testid = format!("action-{}", label.to_ascii_lowercase());
        let onclick = {
            let act = act.clone();
            move |_| {
                if enabled {
                    act.emit(action.clone());
                }
            }
        };
        // Not `disabled`: a button that was just pressed would lose the focus.
        html! {
            <button key={at} type="button" class={classes!("button", (at == primary).then_some("button--primary"))}
                aria-disabled={(!enabled).then_some("true")} {onclick} data-testid={testid}>
                { label }
            </button>
        }
    };
    let mut steps = STEPS;
    if incident.status == Some(IncidentStatus::Resolved) {
        steps[0] = Action::Reopen;
    }
    let on_assign =
        act.reform(|who: String| if who.is_empty() { Action::Unassign } else { Action::Assign(who) });
    let take = actor.take().filter(|take| take.is_offered(incident)).map(|take| {
        act.reform(move |event: MouseEvent| {
            if let Some(button) = event.target_dyn_into::<Element>() {
                focus_first_beside(&button);
            }
            take.clone()
        })
    });
    html! {
        <>
            <div class="steps" role="group" aria-label="Actions">
                { for steps.into_iter().enumerate().map(step) }
            </div>
            <div class="assign__line">
                <Assign assignee={incident.assigned_to.clone().unwrap_or_default()} {on_assign} />
                if let Some(take) = take {
                    <button type="button" class="button" onclick={take} data-testid="action-take">{ texts::TAKE }</button>
                }
            </div>
            if let Some(done) = actor.latest(&incident.id) { <div role="status"><Overtaken {done} /></div> }
            if !sends.is_empty() {
                <div class="sends">
                    { for sends.iter().map(|(id, what)| html! { <SendLine key={id.as_str().to_owned()} id={id.clone()} what={what.clone()} /> }) }
                </div>
            }
        </>
    }
}

/// Which of the four places is the next step.
fn primary(status: Option<&IncidentStatus>) -> usize {
    match status {
        Some(IncidentStatus::Acknowledged) => 1,
        // Who it was handed to takes it up.
        Some(IncidentStatus::Investigating | IncidentStatus::Escalated) => 3,
        Some(IncidentStatus::Resolved | IncidentStatus::New | IncidentStatus::Other(_)) | None => 0,
    }
}
