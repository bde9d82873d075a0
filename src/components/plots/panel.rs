//! The plots, and one crosshair through all of them.

use super::Shared;
use super::draw::{Drawing, PLOTS};
use super::figure::figure;
use super::history::History;
use super::sampler::Sampler;
use crate::components::panel::Panel;
use crate::words::plots as texts;
use sentinelops_realtime::time_text::time_of_day;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

/// Lengths of the axis: ms, and in words.
const SPANS: [(u64, &str); 2] = [(60_000, texts::MINUTE), (600_000, texts::TEN_MINUTES)];
/// Steps of the slider over the whole axis.
const STEPS: u64 = 60;

/// See [`PlotsPanel`].
#[derive(Properties, PartialEq)]
pub struct PlotsPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// A fault of the laboratory is on.
    #[prop_or_default]
    pub has_fault: bool,
}

/// Plots of the last minute, or of ten. Pointer or slider place the crosshair; behind each plot is a table with its
/// figures.
#[component]
pub fn PlotsPanel(props: &PlotsPanelProps) -> Html {
    let history: Shared = use_mut_ref(History::default);
    let (second, span) = (use_state_eq(|| 0_u64), use_state_eq(|| SPANS[0].0));
    // In steps before the end, so that the crosshair stays where it is when the axis changes.
    let (ago, table) = (use_state_eq(|| 0_u64), use_state_eq(|| None::<&'static str>));
    let on_sample = use_callback((), {
        let set = second.setter();
        move |at, ()| set.set(at)
    });
    let point = use_callback((), {
        let set = ago.setter();
        move |event: PointerEvent, ()| {
            // Nothing inside the area takes the pointer, so the offset is from its edge.
            let Some(area) = event.target_dyn_into::<Element>() else { return };
            let left = f64::from(event.offset_x()) / f64::from(area.client_width()).max(1.0);
            set.set(((1.0 - left.clamp(0.0, 1.0)) * STEPS as f64).round() as u64);
        }
    });
    let slide = {
        let set = ago.setter();
        move |event: InputEvent| {
            let input = event.target_dyn_into::<HtmlInputElement>();
            let step = input.and_then(|input| input.value().parse::<u64>().ok());
            // At the right end of the slider is the present, as in the plots.
            set.set(STEPS.saturating_sub(step.unwrap_or(STEPS)));
        }
    };
    let choose = |(ms, words): (u64, &'static str)| {
        let set = span.setter();
        html! {
            <button key={words} type="button" class="button button--small" aria-pressed={(*span == ms).to_string()}
                onclick={move |_| set.set(ms)} data-testid="plots-span">{ words }</button>
        }
    };
    let history_now = history.borrow();
    let ago_ms = *ago * *span / STEPS;
    let drawing = Drawing { history: &history_now, span_ms: *span };
    let chosen = history_now.near(ago_ms);
    let when = chosen.map_or_else(|| "–".to_owned(), |sample| time_of_day(sample.at));
    let state = chosen.map_or(texts::NOTHING, |sample| sample.word());
    let end = html! { <>{ for SPANS.into_iter().map(choose) }</> };
    let on_table = {
        let (set, shown) = (table.setter(), *table);
        Callback::from(move |code: &'static str| set.set((shown != Some(code)).then_some(code)))
    };
    html! {
        <Panel title={texts::TITLE} class={props.class.clone()} {end} testid="plots-panel">
            <Sampler history={history.clone()} has_fault={props.has_fault} {on_sample} />
            <div class="panel__body" tabindex="0">
                <label class="plots__slider">
                    <span>{ texts::LOOK_AT }<b class="num" data-testid="plots-when">{ &when }</b>{ format!(" ({state})") }</span>
                    <input type="range" min="0" max={STEPS.to_string()} value={(STEPS - *ago).to_string()} oninput={slide}
                        aria-valuetext={format!("{when}, {state}")} data-testid="plots-slider" />
                </label>
                <div class="plots">
                    { for PLOTS.iter().map(|plot| figure(&drawing, plot, chosen, ago_ms, *table == Some(plot.code), (&point, &on_table))) }
                </div>
                <p class="list__meta">{ texts::LEGEND }</p>
            </div>
        </Panel>
    }
}
