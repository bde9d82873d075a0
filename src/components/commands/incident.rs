//! Commands about the incident one looks at.

use super::bus::use_incident_handler;
use super::target::{focus, focused_incident, is_group_focused};
use crate::actions::Action;
use crate::commands::Command;
use crate::components::undo::{Actor, use_actor};
use gloo::timers::callback::Timeout;
use sentinelops_realtime::{IncidentRow, UseFeedHandle};
use std::rc::Rc;
use yew::prelude::*;

/// The field for messages in the open detail.
const COMPOSER: &str = ".detail [data-testid=chat-input]";

/// The incidents picked, to do one thing to all of them.
#[derive(Clone, Default, PartialEq)]
pub struct Bulk {
    /// As they stand now.
    pub rows: Rc<[IncidentRow]>,
    /// Nothing is to be picked any more.
    pub on_clear: Callback<()>,
}

impl Bulk {
    /// Does it to all that it makes sense for; then nothing is picked, so that no later key is about them by mistake.
    pub fn act(&self, actor: &Actor, action: &Action) {
        if actor.act_all(&self.rows, action) {
            self.on_clear.emit(());
        }
    }
}

/// The action of a command. `me`: the person at this page.
pub(super) fn action_of(command: Command, me: Option<&str>) -> Option<Action> {
    Some(match command {
        Command::Acknowledge => Action::Acknowledge,
        Command::Investigate => Action::Investigate,
        Command::Escalate => Action::Escalate,
        Command::Resolve => Action::Resolve,
        Command::Take => Action::Take(me?.to_owned()),
        _ => return None,
    })
}

/// Carries out what is done to the incident that the command names, else to those picked, else to the one whose row has
/// the focus, else to the one whose detail is open.
#[hook]
pub fn use_incident_commands(
    feed: &UseFeedHandle<IncidentRow>,
    selected: Option<AttrValue>,
    on_select: Callback<AttrValue>,
    bulk: Bulk,
) {
    let actor = use_actor();
    let comment = use_mut_ref(|| false);
    use_effect_with(selected.clone(), {
        let comment = comment.clone();
        move |_| {
            // The detail is mounted in the same pass.
            let soon = comment.replace(false).then(|| Timeout::new(0, || focus(COMPOSER)));
            move || drop(soon)
        }
    });
    let feed = feed.clone();
    use_incident_handler(
        &[
            Command::Acknowledge,
            Command::Investigate,
            Command::Escalate,
            Command::Resolve,
            Command::Take,
            Command::Comment,
        ],
        Callback::from(move |(command, named): (Command, Option<AttrValue>)| {
            let action = action_of(command, actor.me.as_deref());
            if let Some(action) = action.as_ref().filter(|_| named.is_none() && !bulk.rows.is_empty()) {
                return bulk.act(&actor, action);
            }
            // Not the one whose detail is open while a group has the focus: it is not what one looks at.
            let selected = selected.clone().filter(|_| !is_group_focused());
            let target =
                named.or_else(|| focused_incident().map(AttrValue::from)).or_else(|| selected.clone());
            let Some(row) = target.as_deref().and_then(|id| feed.get(id)) else { return };
            if command == Command::Comment {
                if target == selected {
                    return focus(COMPOSER);
                }
                comment.replace(true);
                return on_select.emit(row.id.clone().into());
            }
            if let Some(action) = action.filter(|action| action.is_offered(row)) {
                actor.act(&row.incident, action);
            }
        }),
    );
}
