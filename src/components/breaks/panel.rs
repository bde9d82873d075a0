//! Buttons for each fault, and the verdicts.

use super::control::Slow;
use super::faults::{Act, Faults, SLOW};
use super::list::{FAULTS, Fault, Group};
use crate::components::icon::{Icon, icon_mark};
use crate::components::panel::Panel;
use crate::words::breaks as texts;
use sentinelops_realtime::{use_clock, use_connection};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// How long faults last, s.
const DURATIONS: [Option<u32>; 3] = [Some(5), Some(30), None];
const LATENCY_MS: u32 = 2_000;
const JITTER_MS: u32 = 1_000;

/// See [`BreakPanel`].
#[derive(Properties, PartialEq)]
pub struct BreakPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// Those of the page.
    pub(crate) faults: Faults,
}

/// Faults to press, and after each a line that says what it did.
#[component]
pub fn BreakPanel(props: &BreakPanelProps) -> Html {
    let Faults { breaker, answered, .. } = props.faults.clone();
    let now = use_clock().now();
    let leads = use_connection().is_leader != Some(false);
    let seconds = use_state_eq(|| DURATIONS[0]);
    let slow = use_state_eq(|| SLOW);
    let control = props.faults.control();
    let reset = {
        let breaker = breaker.clone();
        move |_: MouseEvent| breaker.act(Act::Reset)
    };
    let end = html! {
        <button type="button" class="button button--small" onclick={reset} data-testid="break-reset">{ texts::RESET }</button>
    };
    let choose = |choice: Option<u32>| {
        let set = seconds.setter();
        html! {
            <label key={texts::duration(choice)} class="check">
                <input type="radio" name="break-duration" checked={*seconds == choice} onchange={move |_| set.set(choice)}
                    data-testid="break-duration" value={choice.map_or(0, |seconds| seconds).to_string()} />
                { texts::duration(choice) }
            </label>
        }
    };
    let slider = |label: &'static str,
                  testid: &'static str,
                  most: u32,
                  value: u32,
                  with: fn(Slow, u32) -> Slow| {
        let slow = slow.clone();
        let oninput = move |event: InputEvent| {
            let input = event.target_dyn_into::<HtmlInputElement>();
            if let Some(ms) = input.and_then(|input| input.value().parse().ok()) {
                slow.set(with(*slow, ms));
            }
        };
        html! {
            <label class="plots__slider">
                <span>{ label }{ " " }<b class="num">{ format!("{value} ms") }</b></span>
                <input type="range" min="0" max={most.to_string()} step="50" value={value.to_string()} {oninput} data-testid={testid} />
            </label>
        }
    };
    let button = |fault: &'static Fault| {
        let on = control.is_on(fault);
        let press = breaker.clone();
        let (seconds, slow) = (*seconds, *slow);
        let left = match on {
            Some(Some(until)) => format!("{} s", until.saturating_sub(now).div_ceil(1_000)),
            Some(None) => texts::ON.to_owned(),
            None => String::new(),
        };
        html! {
            <button key={fault.name} type="button" class="button break__fault" title={fault.help}
                aria-pressed={fault.how.lasts().then(|| on.is_some().to_string())}
                disabled={fault.how.is_of_server() && answered == Some(false) || fault.how.is_of_another_tab() && leads}
                onclick={move |_| press.act(Act::Press(fault, seconds, slow))} data-testid="break-fault" data-fault={fault.name}>
                { fault.name }
                if on.is_some() {
                    <span class="num">{ left }</span>
                }
            </button>
        }
    };
    html! {
        <Panel title={texts::TITLE} class={props.class.clone()} {end} testid="break-panel">
            <div class="panel__body break" tabindex="0">
                <p class="list__meta">{ texts::INTRO }</p>
                <fieldset class="break__for"><legend>{ texts::FOR }</legend>{ for DURATIONS.into_iter().map(choose) }</fieldset>
                { for Group::ALL.into_iter().map(|(group, name)| html! {
                    <div key={name} class="break__group" role="group" aria-label={name}>
                        <h3>{ name }</h3>
                        { for FAULTS.iter().filter(|fault| fault.group == group).map(button) }
                    </div>
                }) }
                { slider(texts::LATENCY, "break-latency", LATENCY_MS, slow.latency_ms, |slow, latency_ms| Slow { latency_ms, ..slow }) }
                { slider(texts::JITTER, "break-jitter", JITTER_MS, slow.jitter_ms, |slow, jitter_ms| Slow { jitter_ms, ..slow }) }
                if answered == Some(false) {
                    <p class="list__meta" role="status">{ texts::NO_SERVER }</p>
                }
                <h3 id="break-verdicts">{ texts::VERDICTS }</h3>
                <ol class="break__verdicts" aria-labelledby="break-verdicts" aria-live="polite" data-testid="break-verdicts">
                    { for control.verdicts.iter().map(|(number, verdict)| html! {
                        <li key={*number} data-state={if verdict.is_kept { "kept" } else { "broken" }} data-number={number.to_string()} data-testid="break-verdict">
                            { icon_mark(if verdict.is_kept { Icon::Tick } else { Icon::Failure }, 14) }
                            <span>{ &verdict.text }</span>
                        </li>
                    }) }
                </ol>
                if control.verdicts.is_empty() {
                    <p class="list__meta">{ texts::NO_VERDICT }</p>
                }
            </div>
        </Panel>
    }
}
