//! How old the data are: the main element of the wall.

use super::use_now::use_now;
use crate::components::zone::Zone;
use crate::wall::Freshness;
use crate::words::{trend::duration, wall as texts};
use yew::prelude::*;

/// See [`Age`].
#[derive(Properties, PartialEq)]
pub(super) struct AgeProps {
    /// When the page began, ms.
    pub began: u64,
    /// When the server spoke last, ms.
    pub heard: Option<u64>,
    /// The connection is up.
    pub is_connected: bool,
    /// Why there is no data.
    pub cause: AttrValue,
    /// What stands beside it.
    pub children: Html,
}

/// A band in the colour of what it says; what stands beside it is part of it. Renders each second, and nothing else does.
#[component]
pub(super) fn Age(props: &AgeProps) -> Html {
    let AgeProps { began, heard, is_connected, cause, children } = props;
    let now = use_now(1_000);
    let freshness = Freshness::at(now, *began, *heard, *is_connected);
    let zone = Zone::default();
    let since = heard.map(|at| match (freshness, zone.day(at) == zone.day(now)) {
        (Freshness::Lost, false) => format!("{} {}", zone.day(at), zone.minute(at)),
        (Freshness::Lost, true) => zone.minute(at),
        _ => zone.time(at),
    });
    let headline = texts::headline(freshness, since.as_deref());
    let age = heard.map(|at| duration(now.saturating_sub(at))).unwrap_or_default();
    html! {
        <header class="wall__age" data-age={freshness.code()} data-testid="wall-age">
            <div>
                // Read out when it changes; the seconds below are not.
                <p class="wall__headline" role="status" data-testid="wall-headline">{ headline }</p>
                <p class="wall__cause num" data-testid="wall-cause">{ texts::detail(freshness, cause, &age) }</p>
            </div>
            { children.clone() }
        </header>
    }
}

/// The time here and in UTC. Its seconds move: a page that stands still is seen.
#[component]
pub(super) fn WallClock() -> Html {
    let now = use_now(1_000);
    let (local, utc) = (Zone::default(), Zone { is_utc: true, ..Zone::default() });
    html! {
        <p class="wall__clock num" data-testid="wall-clock">
            <span class="wall__time">{ local.time(now) }</span>
            <span>{ local.day(now) }{ " · " }{ utc.minute(now) }{ " UTC" }</span>
        </p>
    }
}
