//! What can be done with a row without opening it.

use crate::actions::Action;
use crate::commands::{Command, entry_of};
use crate::components::commands::focus_first_beside;
use crate::components::icon::{Icon, IconMark};
use crate::components::undo::Actor;
use crate::words::commands as texts;
use sentinelops_protocol::domain::Incident;
use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

/// At the end of the row under the pointer or with the focus. Arrow right and left reach them; each has a key, too.
pub(super) fn row_actions(actor: &Actor, incident: &Rc<Incident>) -> Html {
    let offers = [
        (Some(Action::Acknowledge), Icon::Tick, Command::Acknowledge, "row-acknowledge"),
        (actor.take(), Icon::Take, Command::Take, "row-take"),
        (Some(Action::Resolve), Icon::Ticks, Command::Resolve, "row-resolve"),
    ];
    let button = |(action, icon, command, testid): (Option<Action>, Icon, Command, &'static str)| {
        let action = action.filter(|action| action.is_offered(incident))?;
        let name = texts::label(&action, "");
        let keys = entry_of(command).keys.labels(false).join(" ");
        let onclick = {
            let (actor, incident) = (actor.clone(), incident.clone());
            move |event: MouseEvent| {
                if let Some(button) = event.target_dyn_into::<Element>() {
                    focus_first_beside(&button);
                }
                actor.act(&incident, action.clone());
            }
        };
        Some(html! {
            <button key={testid} type="button" class="button button--small button--icon" tabindex="-1" aria-label={texts::of_incident(&name, &incident.id)}
                title={format!("{name} ({keys})")} {onclick} data-testid={testid}>
                <IconMark {icon} />
            </button>
        })
    };
    html! { <div class="row__actions">{ for offers.into_iter().filter_map(button) }</div> }
}
