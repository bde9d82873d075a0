//! What happened to an incident, and who else looks at it.

use super::looked::use_looked;
use crate::components::download::save;
use crate::components::marks::{Say, send_state_mark};
use crate::components::outbox::{change_of, message_words};
use crate::components::people::Names;
use crate::components::relative_time::ClockTime;
use crate::components::zone::{ZoneButton, use_zone};
use crate::story::{Kind, Kinds, Moment, markdown, moments};
use crate::words::{doing, story as texts};
use sentinelops_protocol::domain::{Incident, IncidentUpdate, Patch};
use sentinelops_realtime::{SendState, use_chat, use_client, use_outbox, use_timeline, use_viewers};
use std::rc::Rc;
use yew::prelude::*;

/// See [`Viewers`] and [`IncidentAlerts`](super::IncidentAlerts).
#[derive(Properties, PartialEq)]
pub struct OfIncidentProps {
    /// Which incident.
    pub id: AttrValue,
}

/// See [`Timeline`].
#[derive(Properties, PartialEq)]
pub struct TimelineProps {
    /// The incident, for the head of what is saved.
    pub incident: Rc<Incident>,
}

/// Status, severity, assignee and alerts as they changed, messages, and one's own changes that wait; newest first, closed at
/// first.
#[component]
pub fn Timeline(props: &TimelineProps) -> Html {
    let id = &props.incident.id;
    let (timeline, chat) = (use_timeline(id), use_chat(id));
    let me = use_client().user().map(str::to_owned);
    // What waits has no time of the server yet.
    let messages =
        chat.feed.items.iter().filter(|entry| entry.send.as_ref().is_none_or(SendState::is_delivered));
    let changes = timeline.items.iter().map(|entry| (entry.timestamp, me.as_deref() == Some(&*entry.actor)));
    let times: Vec<_> = changes.chain(messages.map(|entry| (entry.message.timestamp, entry.mine))).collect();
    let until = use_looked(id, times.iter().map(|(at, _)| *at).max().unwrap_or_default());
    let new = until.map_or(0, |until| times.iter().filter(|(at, is_own)| *at > until && !is_own).count());
    // Messages arrive often; a list that nobody sees is not made.
    let is_open = use_state_eq(|| false);
    let onclick = {
        let is_open = is_open.clone();
        move |event: MouseEvent| {
            event.prevent_default();
            is_open.set(!*is_open);
        }
    };
    html! {
        <details class="timeline" open={*is_open} data-testid="timeline">
            <summary {onclick}>
                { texts::TITLE }{ " " }
                if timeline.is_loaded { <span class="num">{ timeline.items.len() }</span> }
                if new > 0 { { " " }<b class="num" data-testid="timeline-count">{ texts::new(new) }</b> }
            </summary>
            if *is_open { <Story incident={props.incident.clone()} {until} /> }
        </details>
    }
}

#[derive(Properties, PartialEq)]
struct StoryProps {
    incident: Rc<Incident>,
    /// Up to when it has been seen.
    until: Option<u64>,
}

#[component]
fn Story(props: &StoryProps) -> Html {
    let id = &props.incident.id;
    let (timeline, chat, outbox) = (use_timeline(id), use_chat(id), use_outbox());
    let names = use_context::<Names>().unwrap_or_default();
    let zone = use_zone();
    let refused = use_state_eq(|| false);
    let shown = use_state_eq(Kinds::default);
    let me = use_client().user().map(str::to_owned);
    let changes = outbox.messages.iter().filter_map(|message| Some((message, change_of(message)?)));
    let pending = changes.filter(|(_, change)| change.id == *id);
    let pending = pending.map(|(message, IncidentUpdate { changes, .. })| Moment {
        key: message.update.id.to_string(),
        at: message.created_at,
        actor: AttrValue::Static(texts::YOU),
        what: message_words(message, &names),
        kinds: Kinds::of(changes.status != Patch::Keep, &changes.assigned_to),
        is_own: true,
        waits: Some(SendState {
            durability: message.update.durability,
            delivery: message.update.delivery.clone(),
        }),
    });
    let moments =
        Rc::new(moments(&timeline.items, &chat.feed.items, pending.collect(), &names, me.as_deref()));
    let export = {
        let (incident, moments, names, zone) =
            (props.incident.clone(), moments.clone(), names.clone(), zone.clone());
        let set = refused.setter();
        move |_: MouseEvent| {
            let text = markdown(&incident, &moments, &names, &|at| zone.exact(at));
            set.set(!save(&format!("{}.md", incident.id), "text/markdown", &text));
        }
    };
    let kind = |kind: Kind| {
        let onclick = {
            let shown = shown.clone();
            move |_: MouseEvent| shown.set(shown.toggled(kind))
        };
        html! {
            <button key={texts::kind(kind)} type="button" class="chip" aria-pressed={shown.has(kind).to_string()} {onclick} data-testid="timeline-kind">
                { texts::kind(kind) }
            </button>
        }
    };
    let mut new = false;
    let mut day = String::new();
    let line = |moment: &Moment| {
        // Below what is new, once.
        let was_new = std::mem::replace(&mut new, false);
        let seen = props.until.filter(|until| moment.waits.is_none() && moment.at <= *until);
        new = seen.is_none() && (was_new || props.until.is_some_and(|until| moment.is_new(until)));
        let mark = (was_new && !new).then(
            || html! { <li key="new" class="timeline__new" data-testid="timeline-new">{ texts::NEW }</li> },
        );
        let of = if moment.waits.is_some() { String::new() } else { zone.day(moment.at) };
        // Above the first of each day.
        let head = (of != day).then(|| html! { <li key={of.clone()} class="timeline__day">{ &of }</li> });
        day = of;
        let is_talk = moment.kinds.has(Kind::Messages);
        html! {
            <>
                { mark }
                { head }
                <li key={moment.key.clone()}>
                    if let Some(state) = &moment.waits { { send_state_mark(state, Say::Brief) } } else { <ClockTime at={moment.at} /> }
                    <span>
                        <b>{ &moment.actor }</b>{ if is_talk { ": " } else { " " } }
                        <span class={is_talk.then_some("timeline__talk")}>{ &moment.what }</span>
                    </span>
                </li>
            </>
        }
    };
    html! {
        <>
            if let Some(last) = moments.last() {
                <div class="timeline__tools">
                    <ZoneButton at={last.at} />
                    <button type="button" class="button button--small" onclick={export} data-testid="timeline-export">{ texts::EXPORT }</button>
                    if *refused { <span class="hint" role="alert">{ texts::NOT_SAVED }</span> }
                </div>
                <div class="chips" role="group" aria-label={texts::SHOW}>{ for Kind::ALL.map(kind) }</div>
                if moments.iter().any(|moment| shown.shows(moment)) {
                    <ol>{ for moments.iter().rev().filter(|moment| shown.shows(moment)).map(line) }</ol>
                } else {
                    <p class="hint">{ texts::NOTHING }</p>
                }
            } else {
                <p class="hint">{ if timeline.is_loaded { texts::EMPTY } else { texts::AWAITED } }</p>
            }
        </>
    }
}

/// Who else has the incident open; of more than two the names are in the title.
#[component]
pub fn Viewers(props: &OfIncidentProps) -> Html {
    let viewers = use_viewers(&props.id);
    let names = use_context::<Names>().unwrap_or_default();
    if viewers.is_empty() {
        return Html::default();
    }
    let who = viewers.iter().map(|who| names.of(who));
    let all = who.clone().map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
    html! { <span class="hint" title={all} data-testid="viewers">{ doing(who, "viewing") }</span> }
}
