//! What can be done with a row without opening it.

use super::bulk::{Offer, offers};
use crate::components::commands::focus_first_beside;
use crate::components::icon::{Icon, icon_mark};
use crate::components::undo::Actor;
use crate::words::commands as texts;
use sentinelops_realtime::IncidentRow;
use web_sys::Element;
use yew::prelude::*;

/// At the end of the row under the pointer or with the focus: of one incident, or of all of a group, which are counted.
/// Arrow right and left reach them; each has a key, too. `what`: the incident, or the title of the group.
pub(super) fn row_actions(
    actor: &Actor,
    rows: &[IncidentRow],
    what: &str,
    is_picked: bool,
    on_pick: Callback<()>,
) -> Html {
    let button = |offer: Offer| {
        let Offer { action, icon, name, keys, count, id } = offer;
        let onclick = {
            let (actor, rows) = (actor.clone(), rows.to_vec());
            move |event: MouseEvent| {
                if let Some(button) = event.target_dyn_into::<Element>() {
                    focus_first_beside(&button);
                }
                // It is offered for at least one of them.
                let _ = actor.act_all(&rows, &action);
            }
        };
        let many = (rows.len() > 1).then(|| count.to_string());
        let name = many.iter().fold(name, |name, count| format!("{name} {count}"));
        // A single letter does not act on a group: its rows are picked first.
        let title = if many.is_some() { name.clone() } else { format!("{name} ({keys})") };
        html! {
            <button key={id} type="button" class="button button--small button--icon" tabindex="-1" aria-label={texts::of_incident(&name, what)}
                {title} {onclick} data-testid={format!("row-{id}")}>
                { icon_mark(icon, 16) }
                if let Some(count) = many { <span class="num">{ count }</span> }
            </button>
        }
    };
    let select = texts::select(what);
    html! {
        <div class="row__actions">
            <button type="button" class="button button--small button--icon" tabindex="-1" aria-pressed={is_picked.to_string()} aria-label={select.clone()}
                title={format!("{select} (X)")} onclick={on_pick.reform(|_| ())} data-testid="row-select">
                { icon_mark(Icon::Select, 16) }
            </button>
            { for offers(actor, rows).filter(|offer| offer.count > 0).map(button) }
        </div>
    }
}
