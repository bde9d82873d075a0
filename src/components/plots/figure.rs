//! One plot, and the table behind it.

use super::draw::{Drawing, Plot, SIZE};
use super::history::Sample;
use crate::words::plots as texts;
use sentinelops_realtime::time_text::time_of_day;
use yew::prelude::*;

/// Rows of a table: the newest samples, as far apart as makes them fill the axis.
const ROWS: u64 = 60;

/// Takes the pointer; opens or closes the table of a plot.
type On<'a> = (&'a Callback<PointerEvent>, &'a Callback<&'static str>);

pub(super) fn figure(
    drawing: &Drawing<'_>,
    plot: &'static Plot,
    chosen: Option<&Sample>,
    ago_ms: u64,
    has_table: bool,
    (point, on_table): On<'_>,
) -> Html {
    let top = drawing.top(plot);
    let cross = format!("M{:.1} 0V{}", drawing.x(ago_ms), SIZE.1);
    let on_table = on_table.reform(move |_: MouseEvent| plot.code);
    // The uppermost area of a stack is drawn first, the others over it.
    let mut lines: Vec<_> = (0..plot.lines.len()).collect();
    if plot.is_stacked {
        lines.reverse();
    }
    let close = if plot.is_stacked { format!("V{0}H0Z", SIZE.1) } else { String::new() };
    html! {
        <figure class="plot" key={plot.code} data-testid="plot" data-plot={plot.code}>
            <figcaption>
                <span>{ plot.name }</span>
                <span class="plot__top num">{ format!("0 to {top}") }</span>
            </figcaption>
            <div class="plot__area" onpointermove={point.clone()} onpointerdown={point.clone()}>
            <svg viewBox="0 0 600 50" preserveAspectRatio="none" aria-hidden="true">
                <path class="plot__fault" d={drawing.faults()} />
                <path class="plot__outage" d={drawing.outages()} />
                { for lines.into_iter().map(|at| {
                    let line = drawing.line(plot, at, top);
                    let area = plot.is_stacked && !line.is_empty();
                    html! {
                        <path key={at} class={classes!("plot__line", area.then_some("plot__line--area"))} data-line={at.to_string()}
                            d={if area { format!("{line}{close}") } else { line }} vector-effect="non-scaling-stroke" />
                    }
                }) }
                <path class="plot__reconnect" d={drawing.reconnects()} vector-effect="non-scaling-stroke" />
                <path class="plot__cross" d={cross} vector-effect="non-scaling-stroke" />
            </svg>
            </div>
            <div class="plot__keys">
                { for plot.lines.iter().enumerate().map(|(at, (name, value))| html! {
                    <span key={*name} class="plot__key" data-line={at.to_string()}>
                        { *name }{ " " }<b class="num" data-testid="plot-value">{ number(chosen.and_then(|sample| sample.value(*value))) }</b>
                    </span>
                }) }
                <button type="button" class="button button--small" aria-expanded={has_table.to_string()} onclick={on_table}
                    aria-label={format!("{}: {}", texts::TABLE, plot.name)} data-testid="plot-table-open">{ texts::TABLE }</button>
            </div>
            if has_table {
                { table(drawing, plot) }
            }
        </figure>
    }
}

fn table(drawing: &Drawing<'_>, plot: &Plot) -> Html {
    let step = drawing.span_ms / ROWS;
    let mut next = u64::MAX;
    let rows = drawing.history.within(drawing.span_ms).rev().filter(move |sample| {
        let is_due = sample.at <= next;
        if is_due {
            next = sample.at.saturating_sub(step.saturating_sub(500));
        }
        is_due
    });
    html! {
        <div class="traces" tabindex="0" role="region" aria-label={plot.name}>
            <table data-testid="plot-table">
                <thead>
                    <tr>
                        <th scope="col">{ texts::TIME }</th>
                        { for plot.lines.iter().map(|(name, _)| html! { <th scope="col" key={*name}>{ *name }</th> }) }
                        <th scope="col">{ texts::CONNECTION }</th>
                    </tr>
                </thead>
                <tbody>
                    { for rows.map(|sample| html! {
                        <tr key={sample.at}>
                            <th scope="row">{ time_of_day(sample.at) }</th>
                            { for plot.lines.iter().map(|(name, value)| html! { <td key={*name}>{ number(sample.value(*value)) }</td> }) }
                            <td>{ sample.word() }</td>
                        </tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}

/// A value for people; what is not known is a dash.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| texts::UNKNOWN.to_owned(), |value| ((value * 10.0).round() / 10.0).to_string())
}
