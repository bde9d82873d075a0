//! The incidents of the wall.

use crate::components::marks::{severity_mark, status_mark};
use crate::components::people::PersonName;
use crate::wall::{Overview, Tile};
use crate::words::{UNTITLED, trend::duration, wall as texts};
use sentinelops_protocol::domain::Incident;
use sentinelops_realtime::IncidentRow;
use sentinelops_realtime::time_text::use_time_text;
use std::rc::Rc;
use yew::prelude::*;

/// The name of a tile in the style sheet, as of [`Overview::tiles`].
const TILES: [&str; 5] = ["critical", "high", "medium", "low", "other"];

/// See [`Board`].
#[derive(Properties, PartialEq)]
pub(super) struct BoardProps {
    /// What is shown.
    pub overview: Rc<Overview<IncidentRow>>,
    /// The incidents are known, or were once.
    pub is_known: bool,
}

/// How many are open, by severity; who has waited for longest; the most urgent ones, and who is on them.
#[component]
pub(super) fn Board(props: &BoardProps) -> Html {
    let BoardProps { overview, is_known } = props;
    let tile = |(place, tile): (usize, &Tile)| {
        // What has no severity that is known here takes room only when there is some.
        let is_shown = place < TILES.len() - 1 || tile.open > 0;
        is_shown.then(|| html! {
            <li key={place} class={classes!("wall__tile", format!("wall__tile--{}", TILES[place]), (tile.unacknowledged > 0).then_some("wall__tile--waits"))} data-testid="wall-tile">
                <span class="wall__name">{ texts::tile(place) }</span>
                <b class="wall__count num">{ if *is_known { tile.open.to_string() } else { texts::UNKNOWN.to_owned() } }</b>
                <span class="wall__waits num">{ if tile.unacknowledged > 0 { texts::unacknowledged(tile.unacknowledged) } else { String::new() } }</span>
            </li>
        })
    };
    html! {
        <>
            <ul class="wall__tiles" aria-label={texts::OPEN}>{ for overview.tiles.iter().enumerate().filter_map(tile) }</ul>
            <section class="wall__oldest" data-testid="wall-oldest">
                if let Some(oldest) = &overview.oldest {
                    <h2>{ texts::OLDEST }</h2>
                    <Waited incident={oldest.incident.clone()} />
                    { severity_mark(oldest.severity.as_ref()) }
                    <span class="wall__title">{ oldest.title.clone().unwrap_or_else(|| UNTITLED.to_owned()) }</span>
                } else if *is_known {
                    <h2>{ texts::NONE_WAITS }</h2>
                }
            </section>
            <section class="wall__list">
                <h2 class="sr-only">{ texts::OPEN }</h2>
                if !overview.rows.is_empty() {
                    <ol>{ for overview.rows.iter().map(|row| html! { <Line key={row.id.clone()} incident={row.incident.clone()} /> }) }</ol>
                } else if *is_known {
                    <p class="wall__nothing">{ texts::NOTHING }</p>
                }
                if overview.more > 0 { <p class="wall__more num" data-testid="wall-more">{ texts::more(overview.more) }</p> }
            </section>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    incident: Rc<Incident>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let incident = &props.incident;
    html! {
        <li class="wall__row" data-testid="wall-row" data-incident-id={incident.id.clone()}>
            { severity_mark(incident.severity.as_ref()) }
            <span class="wall__title">{ incident.title.clone().unwrap_or_else(|| UNTITLED.to_owned()) }</span>
            <span class="wall__id">{ &incident.id }</span>
            { status_mark(incident.status.as_ref()) }
            <span class="wall__who">
                if let Some(who) = &incident.assigned_to {
                    <PersonName id={who.clone()} />
                } else {
                    <span class="wall__nobody">{ texts::NOBODY }</span>
                }
            </span>
            <Waited incident={incident.clone()} />
        </li>
    }
}

/// For how long it has been open; renders by itself as time passes.
#[component]
fn Waited(props: &LineProps) -> Html {
    let incident = &props.incident;
    let at = incident.created_at.or(incident.updated_at).unwrap_or(u64::MAX);
    let text = use_time_text(at, |now, at| match at {
        u64::MAX => AttrValue::Static(texts::UNKNOWN),
        at => duration(now.saturating_sub(at).max(60_000)).into(),
    });
    html! { <span class="wall__waited num">{ text }</span> }
}
