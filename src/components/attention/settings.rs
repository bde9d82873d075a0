//! What a person wants to be called for.

use super::notify::{self, Notifications, Permission};
use super::{AttentionChoice, sound};
use crate::attention::{LEVELS, Preferences, QuietHours, Way};
use crate::components::marks::severity_mark;
use crate::words::settings as texts;
use sentinelops_protocol::domain::Severity;
use sentinelops_realtime::time_text::use_time_text;
use sentinelops_realtime::{use_client, use_clock};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// How long a mute lasts, ms.
pub(super) const MUTE_MS: u64 = 3_600_000;
/// What is offered first.
const NIGHT: QuietHours = QuietHours { from_min: 22 * 60, to_min: 7 * 60 };

type Change = Callback<Box<dyn FnOnce(&mut Preferences)>>;

/// The content of the dialog.
#[component]
pub fn AttentionSettings() -> Html {
    let choice = use_context::<AttentionChoice>().unwrap_or_default();
    let (client, clock) = (use_client(), use_clock());
    let allowed = use_state_eq(notify::permission);
    let shown = use_mut_ref(Notifications::default);
    let left = use_time_text(choice.preferences.muted_until_ms.unwrap_or(0), texts::muted_left);
    let change = {
        let choice = choice.clone();
        Change::from(move |change: Box<dyn FnOnce(&mut Preferences)>| {
            let mut preferences = choice.preferences.clone();
            change(&mut preferences);
            choice.set.emit(preferences);
        })
    };
    let preferences = &choice.preferences;
    let on_answer = Callback::from({
        let set = allowed.setter();
        move |answer| set.set(answer)
    });
    let ask = move |_| notify::ask(on_answer.clone());
    let test = move |_| {
        sound::unlock_and_play(0);
        shown.borrow().show("sentinelops-test".to_owned(), texts::TEST_TITLE, texts::TEST_BODY, || ());
    };
    let permission = match *allowed {
        Permission::Granted => texts::GRANTED,
        Permission::NotAsked => texts::NOT_ASKED,
        Permission::Denied => texts::DENIED,
        Permission::Unavailable => texts::UNAVAILABLE,
    };
    let is_muted = !left.is_empty();
    let mute = {
        let change = change.clone();
        move |_| {
            let until = (!is_muted).then(|| clock.now() + MUTE_MS);
            change.emit(Box::new(move |preferences| preferences.muted_until_ms = until));
        }
    };
    html! {
        <>
            <div class="settings__line">
                <p class="dialog__text" role="status" data-testid="attention-permission">{ permission }</p>
                <span class="actions">
                    if *allowed == Permission::NotAsked {
                        <button type="button" class="button button--primary" onclick={ask} data-testid="attention-allow">{ texts::ALLOW }</button>
                    }
                    <button type="button" class="button" onclick={test} data-testid="attention-test">{ texts::TEST }</button>
                </span>
            </div>
            { ways(preferences, &change) }
            { checkbox(texts::MINE_ONLY, "attention-mine", preferences.mine_only, &change, |preferences, on| preferences.mine_only = on) }
            if client.user().is_none() { <p class="hint">{ texts::NOBODY }</p> }
            { checkbox(texts::QUIET, "attention-quiet", preferences.quiet.is_some(), &change, |preferences, on| preferences.quiet = on.then_some(NIGHT)) }
            if let Some(hours) = preferences.quiet {
                <div class="settings__part">
                    <div class="form__line">
                        { time(texts::FROM, "attention-quiet-from", hours.from_min, &change, |quiet, minute| quiet.from_min = minute) }
                        { time(texts::TO, "attention-quiet-to", hours.to_min, &change, |quiet, minute| quiet.to_min = minute) }
                    </div>
                    { checkbox(texts::QUIET_CRITICAL, "attention-quiet-critical", preferences.critical_in_quiet, &change, |preferences, on| preferences.critical_in_quiet = on) }
                </div>
            }
            <div class="settings__line">
                <p class="dialog__text">{ if is_muted { texts::muted_for(&left) } else { texts::NOT_MUTED.to_owned() } }</p>
                <button type="button" class="button" onclick={mute} data-testid="attention-mute">{ if is_muted { texts::UNMUTE } else { texts::MUTE } }</button>
            </div>
        </>
    }
}

/// Which severity calls in which way.
fn ways(preferences: &Preferences, change: &Change) -> Html {
    let cell = |severity: &Severity, way: Way| {
        let on = preferences.calls(Some(severity), way);
        let onchange = {
            let (change, severity) = (change.clone(), severity.clone());
            move |_| {
                if way == Way::Sound {
                    sound::unlock();
                }
                let severity = severity.clone();
                change.emit(Box::new(move |preferences| preferences.set(&severity, way, !on)));
            }
        };
        html! {
            <td key={texts::way(way)}>
                <label class="check"><input type="checkbox" checked={on} {onchange} data-testid="attention-way" data-severity={severity.as_str().to_owned()}
                    data-way={texts::way(way)} aria-label={texts::way_of(severity, way)} /></label>
            </td>
        }
    };
    html! {
        <table class="ways">
            <caption class="sr-only">{ texts::WAYS }</caption>
            <thead>
                <tr><th scope="col">{ texts::SEVERITY }</th>{ for Way::ALL.into_iter().map(|way| html! { <th key={texts::way(way)} scope="col">{ texts::way(way) }</th> }) }</tr>
            </thead>
            <tbody>
                { for LEVELS.iter().map(|severity| html! {
                    <tr key={severity.as_str().to_owned()}>
                        <th scope="row">{ severity_mark(Some(severity)) }</th>
                        { for Way::ALL.into_iter().map(|way| cell(severity, way)) }
                    </tr>
                }) }
            </tbody>
        </table>
    }
}

fn time(
    label: &'static str,
    testid: &'static str,
    minute: u16,
    change: &Change,
    set: fn(&mut QuietHours, u16),
) -> Html {
    let change = change.clone();
    let onchange = move |event: Event| {
        let Some(minute) = minute_of(&event.target_unchecked_into::<HtmlInputElement>().value()) else {
            return;
        };
        change.emit(Box::new(move |preferences| {
            if let Some(quiet) = &mut preferences.quiet {
                set(quiet, minute);
            }
        }));
    };
    html! {
        <label class="field"><span class="field__label">{ label }</span>
            <input class="input" type="time" value={format!("{:02}:{:02}", minute / 60, minute % 60)} {onchange} data-testid={testid} />
        </label>
    }
}

/// `HH:MM` as a minute of the day.
fn minute_of(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let minute = hours.parse::<u16>().ok()? * 60 + minutes.get(..2)?.parse::<u16>().ok()?;
    (minute < 1_440).then_some(minute)
}

fn checkbox(
    label: &'static str,
    testid: &'static str,
    on: bool,
    change: &Change,
    set: fn(&mut Preferences, bool),
) -> Html {
    let change = change.clone();
    let onchange = move |_| change.emit(Box::new(move |preferences| set(preferences, !on)));
    html! {
        <label class="check"><input type="checkbox" checked={on} {onchange} data-testid={testid} /><span>{ label }</span></label>
    }
}
