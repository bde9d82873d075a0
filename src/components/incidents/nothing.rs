//! In place of the rows, when none fits: which condition hides how many, and the way out.

use super::query::Step;
use crate::board::{BoardQuery, Scope, hidden_by};
use crate::components::commands::focus_row_or_main;
use crate::components::icon::Icon;
use crate::components::panel::empty_with;
use crate::words::board as texts;
use sentinelops_realtime::{IncidentRow, List};
use yew::prelude::*;

/// See [`NothingMatches`].
#[derive(Properties, PartialEq)]
pub struct NothingMatchesProps {
    /// Everything there is.
    pub incidents: List<IncidentRow>,
    /// What was asked for.
    pub query: BoardQuery,
    /// The scope shown at first.
    pub first: Scope,
    /// The person at this page.
    #[prop_or_default]
    pub me: Option<AttrValue>,
    /// Something else is to be shown.
    pub on_query: Callback<(BoardQuery, Step)>,
}

/// Says it, with a button for each condition that hides something alone, and one for all.
#[component]
pub fn NothingMatches(props: &NothingMatchesProps) -> Html {
    let NothingMatchesProps { incidents, query, first, .. } = props;
    let by = hidden_by(incidents, query, props.me.as_deref());
    let button = |label: String, to: BoardQuery, testid: &'static str| {
        let on_query = props.on_query.clone();
        let onclick = move |_: MouseEvent| {
            // The button goes, and the focus would be lost with it.
            focus_row_or_main("");
            on_query.emit((to.clone(), Step::Chosen));
        };
        html! { <button key={label.clone()} type="button" class="button" {onclick} data-testid={testid}>{ label }</button> }
    };
    let ways = html! {
        <div class="empty__ways">
            { for by.iter().map(|(criterion, _)| button(texts::without(*criterion), query.without(*criterion), "filter-without")) }
            { button(texts::CLEAR.to_owned(), query.cleared(*first), "filter-clear") }
        </div>
    };
    empty_with(Icon::Search, texts::NOTHING, &texts::hidden(&by, incidents.len()), ways)
}
