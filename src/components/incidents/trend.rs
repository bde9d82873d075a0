//! The figures above the list: how many were open, how long it takes, who waits for longest.

use crate::components::zone::use_zone;
use crate::trend::{Counts, SEVERITIES, open_now, open_over_day, outlines, peak};
use crate::words::{severity, trend as texts};
use sentinelops_engine::Mode;
use sentinelops_protocol::domain::{Durations, Spread, Stats};
use sentinelops_realtime::time_text::use_time_text;
use sentinelops_realtime::{ClientError, IncidentRow, List, use_connection, use_stats};
use std::rc::Rc;
use yew::prelude::*;

/// Of the plot, in units of it.
const HEIGHT: u32 = 24;
/// Ms in a quarter of an hour.
const QUARTER_MS: u64 = 900_000;

/// See [`Trend`].
#[derive(Properties, PartialEq)]
pub struct TrendProps {
    /// Everything there is.
    pub incidents: List<IncidentRow>,
    /// The incident that has waited for longest was chosen.
    pub on_select: Callback<AttrValue>,
}

/// One line, and the tables behind it. Where the server counts nothing, or nobody may read it, there is none.
#[component]
pub fn Trend(props: &TrendProps) -> Html {
    let feed = use_stats();
    let status = use_connection().status;
    let is_open = use_state_eq(|| false);
    let now = open_now(props.incidents.iter().map(|row| &**row));
    let plot = use_memo((feed.stats.clone(), now), |(stats, now)| {
        let day = open_over_day(stats.as_deref().unwrap_or(&Stats::default()), *now);
        (outlines(&day, HEIGHT), day)
    });
    // A connection that is down takes nothing away: the rows below keep their places.
    let is_denied = matches!(feed.error, Some(ClientError::Denied { .. }));
    if is_denied || feed.problem.is_some() || status.mode == Some(Mode::Basic) {
        return Html::default();
    }
    let (paths, day) = &*plot;
    let stats = feed.stats.clone().unwrap_or_default();
    let toggle = {
        let is_open = is_open.clone();
        move |_: MouseEvent| is_open.set(!*is_open)
    };
    let oldest = stats.oldest_unacknowledged.clone().map(|oldest| {
        let id = AttrValue::from(oldest.incident_id);
        let onclick = props.on_select.reform({
            let id = id.clone();
            move |_: MouseEvent| id.clone()
        });
        html! { <button type="button" class="link" {onclick} data-testid="trend-oldest"><Waited at={oldest.opened_at} />{ " " }<span>{ texts::oldest(&id) }</span></button> }
    });
    html! {
        <>
            <div class="trend" data-testid="trend">
                <button type="button" class="trend__plot" aria-expanded={is_open.to_string()} aria-controls="trend-tables" title={texts::TABLES} onclick={toggle} data-testid="trend-plot">
                    <svg viewBox={format!("0 0 {} {HEIGHT}", day.len())} preserveAspectRatio="none" aria-hidden="true">
                        { for paths.iter().zip(SEVERITIES.iter().rev()).map(|(d, of)| html! { <path class={format!("trend--{}", of.as_str())} d={d.clone()} /> }) }
                    </svg>
                    <span class="sr-only">{ texts::plot(now.iter().sum(), peak(day)) }</span>
                </button>
                <span class="trend__oldest">{ oldest.unwrap_or_else(|| html! { { if feed.stats.is_some() { texts::NONE_WAITS } else { texts::UNKNOWN } } }) }</span>
                { figure(texts::ACKNOWLEDGE, &stats.acknowledge) }
                { figure(texts::RESOLVE, &stats.resolve) }
            </div>
            if *is_open { <Tables stats={stats} day={day.clone()} /> }
        </>
    }
}

fn figure(name: &'static str, of: &Durations) -> Html {
    html! {
        <span class="trend__figure" title={texts::spread(&of.day)}>
            <span class="quiet">{ name }</span>{ " " }
            <span><b class="num">{ texts::median(&of.day) }</b>{ " " }<span class="quiet">{ texts::in_week(&texts::median(&of.week)) }</span></span>
        </span>
    }
}

#[derive(Properties, PartialEq)]
struct WaitedProps {
    at: u64,
}

/// For how long; renders by itself as time passes.
#[component]
fn Waited(props: &WaitedProps) -> Html {
    let text = use_time_text(props.at, |now, at| texts::duration(now.saturating_sub(at).max(60_000)).into());
    html! { <b class="num">{ text }</b> }
}

#[derive(Properties, PartialEq)]
struct TablesProps {
    stats: Rc<Stats>,
    day: Vec<Counts>,
}

/// What the line says, in figures; newest hour first.
#[component]
fn Tables(props: &TablesProps) -> Html {
    let TablesProps { stats, day } = props;
    let zone = use_zone();
    let row = |name: &'static str, of: &Durations| {
        let cell = |of: &Spread| html! { <td>{ texts::spread(of) }</td> };
        html! { <tr><th scope="row">{ name }</th>{ cell(&of.day) }{ cell(&of.week) }</tr> }
    };
    let hour = |(at, counts): (usize, &Counts)| {
        let end = stats.quarter_hours.from + (at as u64 + 1) * QUARTER_MS;
        html! {
            <tr>
                <th scope="row">{ zone.minute(end) }</th>
                { for counts.iter().map(|count| html! { <td>{ *count }</td> }) }
            </tr>
        }
    };
    html! {
        <div id="trend-tables" class="trend__tables" tabindex="0" role="group" aria-label={texts::TABLES} data-testid="trend-tables">
            <table class="ways">
                <caption>{ texts::TIMES }</caption>
                <thead><tr><td></td><th scope="col">{ texts::DAY }</th><th scope="col">{ texts::WEEK }</th></tr></thead>
                <tbody>{ row(texts::ACKNOWLEDGE, &stats.acknowledge) }{ row(texts::RESOLVE, &stats.resolve) }</tbody>
            </table>
            <table class="ways num">
                <caption>{ texts::OPEN }</caption>
                <thead><tr><th scope="col">{ texts::UNTIL }</th>{ for SEVERITIES.iter().map(|of| html! { <th scope="col">{ severity(Some(of)) }</th> }) }</tr></thead>
                <tbody>{ for day.iter().enumerate().rev().step_by(4).map(hour) }</tbody>
            </table>
        </div>
    }
}
