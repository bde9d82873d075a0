//! What was done, for 8 s, with the button that takes it back.

use super::Overtaken;
use super::provider::{Actor, Last, Undone, use_actor};
use crate::actions::{Action, Done, contested};
use crate::commands::{Command, entry_of};
use crate::components::commands::{focus_row_or_main, use_commands};
use crate::components::people::Names;
use crate::components::relative_time::RelativeTime;
use crate::words::commands as texts;
use sentinelops_realtime::{ClockTimeout, use_activity, use_clock, use_incidents, use_timeline};
use yew::prelude::*;

/// How long it can be seen, ms; not while the pointer or the focus is on it.
const SHOWN_MS: u32 = 8_000;
/// How long the key for it works, ms.
const KEY_MS: u32 = 30_000;

/// One on each page, below [`People`](crate::components::people::People).
#[component]
pub fn UndoToast() -> Html {
    let actor = use_actor();
    let last = actor.last();
    html! {
        <div class="toasts" role="status" data-testid="toasts">
            if last != Last::Nothing {
                <Toast key={match &last { Last::Offered(_, number) => format!("{number}"), _ => "ended".to_owned() }} />
            }
        </div>
    }
}

/// There is a last action.
#[component]
fn Toast() -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let actor = use_actor();
    let clock = use_clock();
    let feed = use_incidents();
    let activity = use_activity();
    let hidden = use_state_eq(|| false);
    let held = use_state_eq(|| false);
    use_effect_with((*held, *hidden), {
        let (clock, set, actor) = (clock.clone(), hidden.setter(), actor.clone());
        move |(held, hidden)| {
            let is_offer = matches!(actor.last(), Last::Offered(..));
            let timeout: Option<ClockTimeout> = match (held, hidden) {
                (true, _) => None,
                (false, false) if is_offer => Some(clock.after(SHOWN_MS, move || set.set(true))),
                // The key works on.
                (false, true) if is_offer => Some(clock.after(KEY_MS - SHOWN_MS, move || actor.forget())),
                _ => Some(clock.after(SHOWN_MS, move || actor.forget())),
            };
            move || drop(timeout)
        }
    });
    let undo = Callback::from({
        let (actor, feed) = (actor.clone(), feed.clone());
        move |()| {
            if let Last::Offered(done, _) = actor.last() {
                actor.undo(&done, &feed);
            }
        }
    });
    use_commands(&[Command::Undo], undo.reform(|_| ()));
    let press = {
        let actor = actor.clone();
        move |_: MouseEvent| {
            // The button goes, and the focus would be lost with it.
            if let Last::Offered(done, _) = actor.last() {
                focus_row_or_main(&done[0].before.id);
            }
            undo.emit(());
        }
    };
    if *hidden {
        return Html::default();
    }
    let (text, offers) = match actor.last() {
        Last::Nothing => return Html::default(),
        Last::Offered(all, _) => {
            let action = &all[0].action;
            let name = match action {
                Action::Assign(who) => names.of(who),
                _ => AttrValue::default(),
            };
            let mut text = texts::done(action, &texts::what(&ids(&*all)), &name);
            let failed = ids(all.iter().filter(|done| actor.has_failed(done)));
            // Of a single one its row and its detail say it.
            if all.len() > 1 && !failed.is_empty() {
                text.push_str(&texts::failed(&failed));
            }
            let (first, count) = match &actor.me {
                Some(me) => contested(&all, &activity.items, me, texts::NAMED_MAX),
                None => Default::default(),
            };
            let words = html! {
                <>
                    <span>{ text }</span>
                    { for first.iter().map(|done| html! { <Overtaken done={(*done).clone()} /> }) }
                    if count > first.len() { <span>{ texts::more_contested(count - first.len()) }</span> }
                </>
            };
            (words, true)
        }
        Last::Undone(undone) => (undone_words(&undone, &actor), false),
    };
    let hold = |on: bool| {
        let set = held.setter();
        Callback::from(move |()| set.set(on))
    };
    let (enter, leave) = (hold(true), hold(false));
    let (onfocusin, onfocusout) = (enter.reform(|_: FocusEvent| ()), leave.reform(|_: FocusEvent| ()));
    let (onpointerenter, onpointerleave) =
        (enter.reform(|_: PointerEvent| ()), leave.reform(|_: PointerEvent| ()));
    html! {
        <div class="toast" {onpointerenter} {onpointerleave} {onfocusin} {onfocusout} data-testid="toast">
            <span class="toast__text">{ text }</span>
            if offers {
                <button type="button" class="button button--small" onclick={press} data-testid="undo">
                    { texts::UNDO }<kbd aria-hidden="true">{ entry_of(Command::Undo).keys.labels(false).concat() }</kbd>
                </button>
            }
        </div>
    }
}

fn ids<'a>(of: impl IntoIterator<Item = &'a Done>) -> Vec<&'a str> {
    of.into_iter().map(|done| &*done.before.id).collect()
}

/// What was taken back, and what was not.
fn undone_words(Undone { back, refused, failed }: &Undone, actor: &Actor) -> Html {
    let more = refused.len().saturating_sub(texts::NAMED_MAX);
    // The server may keep an incident no longer.
    let (lost, back): (Vec<_>, Vec<_>) = back.iter().partition(|done| actor.has_failed(done));
    html! {
        <>
            if !back.is_empty() { <span>{ texts::undone(&ids(back)) }</span> }
            if !lost.is_empty() { <span>{ texts::undo_failed(&ids(lost)) }</span> }
            { for refused.iter().take(texts::NAMED_MAX).map(|done| html! { <span><NotUndone done={done.clone()} /></span> }) }
            if more > 0 { <span>{ texts::more_not_undone(more) }</span> }
            if !failed.is_empty() { <span>{ texts::nothing_to_undo(&ids(failed)) }</span> }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct NotUndoneProps {
    done: Done,
}

/// Who was faster, once the timeline of the incident says it.
#[component]
fn NotUndone(props: &NotUndoneProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let id = &props.done.before.id;
    let timeline = use_timeline(id);
    let actor = use_actor();
    let entry = props.done.changed_by(&timeline.items, actor.me.as_deref());
    let who = entry.map(|entry| texts::did(entry, &names.of(&entry.actor)));
    html! {
        <>
            { texts::not_undone(id, who) }
            if let Some(entry) = entry { <RelativeTime at={entry.timestamp} words=true /> }
        </>
    }
}
