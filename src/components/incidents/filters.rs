//! The controls above the list.

use super::query::Step;
use crate::board::{BoardQuery, SEVERITIES, Scope, SeverityCounts};
use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::icon::{Icon, icon_mark};
use crate::components::marks::severity_mark;
use crate::words::board as texts;
use sentinelops_protocol::domain::Severity;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// See [`IncidentFilters`].
#[derive(Properties, PartialEq)]
pub struct IncidentFiltersProps {
    /// The present choice.
    pub query: BoardQuery,
    /// How many of each severity the scope holds; `None`: not known yet.
    pub counts: Option<SeverityCounts>,
    /// Another choice.
    pub on_query: Callback<(BoardQuery, Step)>,
    /// Stands behind the status.
    #[prop_or_default]
    pub children: Html,
}

/// Search, status, severities. The severity buttons are the summary, too: they say how many there are of each.
#[component]
pub fn IncidentFilters(props: &IncidentFiltersProps) -> Html {
    let change = |step: Step, edit: fn(&mut BoardQuery, String)| {
        let (query, on_query) = (props.query.clone(), props.on_query.clone());
        move |text: String| {
            let mut query = query.clone();
            edit(&mut query, text);
            on_query.emit((query, step));
        }
    };
    let typed = change(Step::Typed, |query, text| query.text = text);
    let left = change(Step::Left, |query, text| query.text = text);
    let chosen = change(Step::Chosen, |query, word| {
        query.scope = Scope::ALL.into_iter().find(|scope| texts::scope(*scope) == word).unwrap_or_default();
    });
    let search = use_node_ref();
    use_commands(&[Command::Search], {
        let search = search.clone();
        Callback::from(move |_| {
            if let Some(field) = search.cast::<HtmlInputElement>() {
                // It can be focused unless its panel is not shown.
                let _ = field.focus();
                field.select();
            }
        })
    });
    let oninput = move |event: InputEvent| typed(event.target_unchecked_into::<HtmlInputElement>().value());
    let onleave = move |event: Event| left(event.target_unchecked_into::<HtmlInputElement>().value());
    let onchange = move |event: Event| chosen(event.target_unchecked_into::<HtmlSelectElement>().value());
    html! {
        <div class="filters" role="search" aria-label="Filter incidents">
            <div class="filters__search">
                { icon_mark(Icon::Search, 15) }
                <input ref={search} class="input" type="search" placeholder={texts::SEARCH} aria-label="Search incidents" maxlength="200"
                    value={props.query.text.clone()} {oninput} onchange={onleave} autocomplete="off" data-testid="incident-search" />
            </div>
            <select class="select" aria-label="Status" {onchange} data-testid="incident-scope">
                { for Scope::ALL.into_iter().map(|scope| html! {
                    <option key={texts::scope(scope)} value={texts::scope(scope)} selected={scope == props.query.scope}>{ texts::scope(scope) }</option>
                }) }
            </select>
            { props.children.clone() }
            <div class="chips" role="group" aria-label="Severity">
                { for SEVERITIES.iter().enumerate().map(|(at, severity)| chip(props, severity, props.counts.map(|counts| counts.0[at]))) }
            </div>
        </div>
    }
}

fn chip(props: &IncidentFiltersProps, severity: &Severity, count: Option<u32>) -> Html {
    let on = props.query.severities.contains(severity);
    let onclick = {
        let (mut query, on_query) = (props.query.clone(), props.on_query.clone());
        // In the order of the address.
        query.severities = SEVERITIES
            .into_iter()
            .filter(|one| (query.severities.contains(one)) != (one == severity))
            .collect();
        move |_| on_query.emit((query.clone(), Step::Chosen))
    };
    html! {
        <button key={severity.as_str().to_owned()} type="button" class="chip" aria-pressed={on.to_string()} {onclick}>
            { severity_mark(Some(severity)) }
            <span class="chip__count num">{ count.map_or_else(|| "–".to_owned(), |count| count.to_string()) }</span>
        </button>
    }
}
