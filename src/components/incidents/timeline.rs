//! What happened to an incident, and who else looks at it.

use crate::components::download::save;
use crate::components::marks::SendStateMark;
use crate::components::outbox::{change_of, message_words};
use crate::components::people::Names;
use crate::components::relative_time::ClockTime;
use crate::components::zone::{ZoneButton, use_zone};
use crate::story::{Moment, markdown, moments};
use crate::words::story as texts;
use sentinelops_protocol::domain::Incident;
use sentinelops_realtime::{SendState, use_chat, use_outbox, use_timeline, use_viewers};
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
    let timeline = use_timeline(&props.incident.id);
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
            </summary>
            if *is_open { <Story incident={props.incident.clone()} /> }
        </details>
    }
}

#[component]
fn Story(props: &TimelineProps) -> Html {
    let id = &props.incident.id;
    let (timeline, chat, outbox) = (use_timeline(id), use_chat(id), use_outbox());
    let names = use_context::<Names>().unwrap_or_default();
    let zone = use_zone();
    let refused = use_state_eq(|| false);
    let pending =
        outbox.messages.iter().filter(|message| change_of(message).is_some_and(|change| change.id == *id));
    let pending = pending.map(|message| Moment {
        key: message.update.id.to_string(),
        at: message.created_at,
        actor: AttrValue::Static(texts::YOU),
        what: message_words(message, &names),
        is_talk: false,
        waits: Some(SendState {
            durability: message.update.durability,
            delivery: message.update.delivery.clone(),
        }),
    });
    let moments = Rc::new(moments(&timeline.items, &chat.feed.items, pending.collect(), &names));
    let export = {
        let (incident, moments, names, zone) =
            (props.incident.clone(), moments.clone(), names.clone(), zone.clone());
        let set = refused.setter();
        move |_: MouseEvent| {
            let text = markdown(&incident, &moments, &names, &|at| zone.exact(at));
            set.set(!save(&format!("{}.md", incident.id), "text/markdown", &text));
        }
    };
    let mut day = String::new();
    let line = |moment: &Moment| {
        let of = if moment.waits.is_some() { String::new() } else { zone.day(moment.at) };
        // Above the first of each day.
        let head = (of != day).then(|| html! { <li key={of.clone()} class="timeline__day">{ &of }</li> });
        day = of;
        html! {
            <>
                { head }
                <li key={moment.key.clone()}>
                    if let Some(state) = &moment.waits { <SendStateMark state={state.clone()} brief=true /> } else { <ClockTime at={moment.at} /> }
                    <span>
                        <b>{ &moment.actor }</b>{ if moment.is_talk { ": " } else { " " } }
                        <span class={moment.is_talk.then_some("timeline__talk")}>{ &moment.what }</span>
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
                <ol>{ for moments.iter().rev().map(line) }</ol>
            } else {
                <p class="hint">{ if timeline.is_loaded { texts::EMPTY } else { texts::AWAITED } }</p>
            }
        </>
    }
}

/// How many others have the incident open; their names on hover.
#[component]
pub fn Viewers(props: &OfIncidentProps) -> Html {
    let viewers = use_viewers(&props.id);
    let names = use_context::<Names>().unwrap_or_default();
    let who: Vec<String> = viewers.iter().map(|who| names.of(who).to_string()).collect();
    let words = match viewers.len() {
        0 => return Html::default(),
        1 => "1 other is viewing".to_owned(),
        count => format!("{count} others are viewing"),
    };
    html! { <span class="hint" title={who.join(", ")} data-testid="viewers">{ words }</span> }
}
