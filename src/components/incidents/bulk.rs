//! What can be done with one incident or with many, without opening any.

use crate::actions::Action;
use crate::commands::{Command, entry_of};
use crate::components::commands::Bulk;
use crate::components::icon::{Icon, icon_mark};
use crate::components::undo::Actor;
use crate::words::commands as texts;
use sentinelops_realtime::IncidentRow;
use yew::prelude::*;

/// One thing that can be done.
pub(super) struct Offer {
    pub action: Action,
    pub icon: Icon,
    /// Its name, and its keys.
    pub name: String,
    pub keys: String,
    /// For how many of the incidents it makes sense.
    pub count: usize,
    /// In test ids.
    pub id: &'static str,
}

/// Acknowledge, take, resolve; for these incidents.
pub(super) fn offers(actor: &Actor, rows: &[IncidentRow]) -> impl Iterator<Item = Offer> {
    let all = [
        (Some(Action::Acknowledge), Icon::Tick, Command::Acknowledge, "acknowledge"),
        (actor.take(), Icon::Take, Command::Take, "take"),
        (Some(Action::Resolve), Icon::Ticks, Command::Resolve, "resolve"),
    ];
    all.into_iter().filter_map(move |(action, icon, command, id)| {
        let action = action?;
        let count = rows.iter().filter(|row| action.is_offered(row)).count();
        let (name, keys) = (texts::label(&action, ""), entry_of(command).keys.labels(false).join(" "));
        Some(Offer { action, icon, name, keys, count, id })
    })
}

/// See [`BulkBar`].
#[derive(Properties, PartialEq)]
pub struct BulkBarProps {
    /// The incidents picked; at least one.
    pub bulk: Bulk,
    /// Does it.
    pub actor: Actor,
    /// A key was pressed in it.
    pub onkeydown: Callback<KeyboardEvent>,
}

/// In place of the views while something is picked. Each button says for how many of them it makes sense.
#[component]
pub fn BulkBar(props: &BulkBarProps) -> Html {
    let BulkBarProps { bulk, actor, onkeydown } = props;
    let button = |offer: Offer| {
        let Offer { action, name, keys, count, id, .. } = offer;
        let onclick = {
            let (bulk, actor) = (bulk.clone(), actor.clone());
            move |_: MouseEvent| bulk.act(&actor, &action)
        };
        html! {
            <button key={id} type="button" class="button button--small" aria-disabled={(count == 0).then_some("true")} title={keys}
                {onclick} data-testid={format!("bulk-{id}")}>
                { name }{ " " }<span class="num">{ count }</span>
            </button>
        }
    };
    html! {
        <div class="views bulk" role="toolbar" aria-label={texts::SELECTION} onkeydown={onkeydown.clone()} data-testid="bulk-bar">
            <b class="num" data-testid="bulk-count">{ bulk.rows.len() }<span class="bulk__word">{ texts::SELECTED }</span></b>
            { for offers(actor, &bulk.rows).map(button) }
            <button type="button" class="button button--small button--plain" title="Esc" onclick={bulk.on_clear.reform(|_| ())} data-testid="bulk-clear">
                { icon_mark(Icon::Close, 14) }<span class="bulk__word">{ texts::CLEAR }</span>
            </button>
        </div>
    }
}
