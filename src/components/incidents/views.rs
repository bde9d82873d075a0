//! The views above the list: those that everybody has, and one's own.

use super::query::Step;
use crate::board::{BoardQuery, Scope, View, Views, count};
use crate::components::icon::{Icon, icon_mark};
use crate::words::{board as texts, commands};
use sentinelops_realtime::{IncidentRow, List};
use yew::prelude::*;

/// See [`IncidentViews`].
#[derive(Properties, PartialEq)]
pub struct IncidentViewsProps {
    /// Everything there is.
    pub incidents: List<IncidentRow>,
    /// What is shown.
    pub query: BoardQuery,
    /// The scope shown at first.
    pub first: Scope,
    /// The person at this page.
    #[prop_or_default]
    pub me: Option<AttrValue>,
    /// One's own views.
    pub own: Views,
    /// Everything is known, so that it can be counted.
    pub is_loaded: bool,
    /// Something else is to be shown.
    pub on_query: Callback<(BoardQuery, Step)>,
    /// The rest of the filter is shown.
    pub is_open: bool,
    /// Shows it, or hides it.
    pub on_open: Callback<bool>,
    /// A press on a row picks it.
    pub picking: bool,
    /// Whether it is to.
    pub on_picking: Callback<bool>,
}

/// One button for each, with how many incidents it shows; the last one opens the rest of the filter. Where there is no mouse
/// another one lets a press on rows pick them.
#[component]
pub fn IncidentViews(props: &IncidentViewsProps) -> Html {
    let IncidentViewsProps { query, first, .. } = props;
    let me = props.me.as_deref();
    // Order and grouping are no part of a view that everybody has.
    let as_now = |of: BoardQuery| BoardQuery { sort: query.sort, is_grouped: query.is_grouped, ..of };
    let counts = use_memo((props.incidents.clone(), props.me.clone(), *first), |(incidents, me, first)| {
        View::ALL.map(|view| count(incidents, &view.query(*first), me.as_deref()))
    });
    let button = |key: String, of: BoardQuery, count: Option<usize>, testid: &'static str| {
        let (on_query, is_on) = (props.on_query.clone(), *query == of);
        let onclick = move |_: MouseEvent| on_query.emit((of.clone(), Step::Chosen));
        html! {
            <button key={key.clone()} type="button" class="view" aria-pressed={is_on.to_string()} {onclick} data-testid={testid}>
                { key }
                if let Some(count) = count { <span class="view__count num">{ count }</span> }
            </button>
        }
    };
    // Nobody is at the page: nothing can be theirs.
    let builtin = View::ALL.into_iter().enumerate().filter(|(_, view)| *view != View::Mine || me.is_some());
    let pick = {
        let (on_picking, picking) = (props.on_picking.clone(), props.picking);
        move |_: MouseEvent| on_picking.emit(!picking)
    };
    let more = {
        let (on_open, is_open) = (props.on_open.clone(), props.is_open);
        move |_: MouseEvent| on_open.emit(!is_open)
    };
    html! {
        <div class="views">
            <div class="views__list" role="group" aria-label={texts::VIEWS}>
                { for builtin.map(|(at, view)| {
                    let count = props.is_loaded.then(|| counts[at]);
                    button(texts::view(view).to_owned(), as_now(view.query(*first)), count, "view")
                }) }
                { for props.own.iter().map(|(name, pairs)| button(name.to_owned(), BoardQuery::parse(pairs, Scope::Open), None, "own-view")) }
            </div>
            <button type="button" class="button button--plain button--small views__pick" aria-pressed={props.picking.to_string()} aria-label={commands::PICK_ROWS}
                onclick={pick} data-testid="board-pick">
                { icon_mark(Icon::Select, 15) }<span class="views__more">{ commands::PICK_ROWS }</span>
            </button>
            <button type="button" class="button button--plain button--small" aria-expanded={props.is_open.to_string()} aria-controls="board-more"
                onclick={more} data-testid="board-more">
                { icon_mark(Icon::Filter, 15) }<span class="views__more">{ texts::MORE }</span>
            </button>
        </div>
    }
}
