//! Somebody else was faster.

use super::provider::use_actor;
use crate::actions::Done;
use crate::components::people::Names;
use crate::words::commands as texts;
use sentinelops_realtime::use_timeline;
use yew::prelude::*;

/// See [`Overtaken`].
#[derive(Properties, PartialEq)]
pub struct OvertakenProps {
    /// What the person did.
    pub done: Done,
}

/// Who changed the same before it reached the server, and when; nothing when nobody did.
#[component]
pub fn Overtaken(props: &OvertakenProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let id = &props.done.before.id;
    let timeline = use_timeline(id);
    let me = use_actor().me;
    let found = me.as_deref().and_then(|me| props.done.overtaken_by(&timeline.items, me));
    let Some((entry, before_ms)) = found else { return Html::default() };
    let who = texts::did(entry, &names.of(&entry.actor));
    html! { <span class="overtaken" data-testid="overtaken">{ texts::overtaken(&who, id, before_ms) }</span> }
}
