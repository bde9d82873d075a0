//! Sliders for the load.

use super::scale::{COLLEAGUES, EVENTS, SENDS, nearest};
use super::sender::{MIXES, use_sender};
use crate::components::breaks::{Order, use_orders};
use crate::components::panel::Panel;
use crate::words::load as texts;
use sentinelops_realtime::{use_client, use_connection};
use serde::Deserialize;
use serde_json::json;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// What the gateway does of itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    pub events_per_second: f64,
    pub colleagues: u32,
}

/// An answer of the gateway; others have another payload.
#[derive(Deserialize)]
struct Answer {
    payload: Load,
}

/// What the gateway does, as it says; `None`: it does not. And how it is changed: the payload of a `lab.load`.
#[hook]
pub fn use_load() -> (Option<Load>, Callback<String>) {
    let (client, is_connected) = (use_client(), use_connection().is_connected);
    let (orders, _) = use_orders();
    let load = use_state_eq(|| None::<Load>);
    use_effect_with(client, {
        let set = load.setter();
        move |client| {
            let subscription = client.subscribe_lab(move |text| {
                if text.contains("eventsPerSecond")
                    && let Ok(Answer { payload }) = serde_json::from_str(text)
                {
                    set.set(Some(payload));
                }
            });
            move || drop(subscription)
        }
    });
    let ask =
        use_callback(orders, |payload: String, orders| orders.emit(vec![Order::Ask("lab.load", payload)]));
    // A gateway that was started again has its own load.
    use_effect_with((is_connected, ask.clone()), |(is_connected, ask)| {
        if *is_connected {
            ask.emit("{}".to_owned());
        }
    });
    (*load, ask)
}

/// See [`LoadPanel`].
#[derive(Properties, PartialEq)]
pub struct LoadPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
}

/// Events of the server, colleagues, messages of this page.
#[component]
pub fn LoadPanel(props: &LoadPanelProps) -> Html {
    let (load, ask) = use_load();
    let (sends, mix) = (use_state_eq(|| 0_usize), use_state_eq(|| 0_usize));
    use_sender(SENDS[*sends], &MIXES[*mix]);
    let slider = |label: &'static str,
                  testid: &'static str,
                  steps: &'static [u32],
                  at: usize,
                  text: String,
                  is_on: bool,
                  set: Callback<usize>| {
        let oninput = move |event: InputEvent| {
            let input = event.target_dyn_into::<HtmlInputElement>();
            if let Some(at) = input.and_then(|input| input.value().parse().ok()) {
                set.emit(at);
            }
        };
        html! {
            <label key={testid} class="plots__slider">
                <span>{ label }{ " " }<b class="num" data-testid={format!("{testid}-value")}>{ &text }</b></span>
                <input type="range" min="0" max={(steps.len() - 1).to_string()} value={at.to_string()} disabled={!is_on} {oninput}
                    aria-valuetext={text} data-testid={testid} />
            </label>
        }
    };
    let known = load.unwrap_or_default();
    let events = ask.reform(|at: usize| json!({ "eventsPerSecond": EVENTS[at] }).to_string());
    let colleagues = ask.reform(|at: usize| json!({ "colleagues": COLLEAGUES[at] }).to_string());
    let set_sends = {
        let set = sends.setter();
        Callback::from(move |at| set.set(at))
    };
    let choose = {
        let set = mix.setter();
        move |event: Event| {
            let select = event.target_dyn_into::<HtmlSelectElement>();
            set.set(
                select.and_then(|select| usize::try_from(select.selected_index()).ok()).unwrap_or_default(),
            );
        }
    };
    let is_on = load.is_some();
    let (at, people) =
        (nearest(&EVENTS, known.events_per_second), nearest(&COLLEAGUES, f64::from(known.colleagues)));
    html! {
        <Panel title={texts::TITLE} class={props.class.clone()} testid="load-panel">
            <div class="panel__body break" tabindex="0">
                <p class="list__meta">{ texts::INTRO }</p>
                { slider(texts::EVENTS, "load-events", &EVENTS, at, texts::per_second(known.events_per_second), is_on, events) }
                { slider(texts::COLLEAGUES, "load-colleagues", &COLLEAGUES, people, known.colleagues.to_string(), is_on, colleagues) }
                { slider(texts::SENDS, "load-sends", &SENDS, *sends, texts::per_second(f64::from(SENDS[*sends])), true, set_sends) }
                <label class="load__mix">
                    <span>{ texts::MIX }</span>
                    <select class="select" onchange={choose} data-testid="load-mix">
                        { for MIXES.iter().enumerate().map(|(at, choice)| html! {
                            <option key={choice.name} selected={*mix == at}>{ choice.name }</option>
                        }) }
                    </select>
                </label>
                if !is_on {
                    <p class="list__meta">{ texts::NO_STORY }</p>
                }
            </div>
        </Panel>
    }
}
