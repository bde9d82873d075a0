//! The controls above the list.

use super::filter::SEVERITIES;
use super::{IncidentFilter, Scope, SeverityCounts};
use crate::commands::Command;
use crate::components::commands::use_commands;
use crate::components::icon::{Icon, IconMark};
use crate::components::marks::SeverityMark;
use sentinelops_protocol::domain::Severity;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// See [`IncidentFilters`].
#[derive(Properties, PartialEq)]
pub struct IncidentFiltersProps {
    /// The present choice.
    pub filter: IncidentFilter,
    /// How many of each severity the scope holds; `None`: not known yet.
    pub counts: Option<SeverityCounts>,
    /// Another choice.
    pub on_change: Callback<IncidentFilter>,
    /// Stands behind the status.
    #[prop_or_default]
    pub children: Html,
}

/// Search, status, severities. The severity buttons are the summary, too: they say how many there are of each.
#[component]
pub fn IncidentFilters(props: &IncidentFiltersProps) -> Html {
    let change = |edit: fn(&mut IncidentFilter, String)| {
        let (filter, on_change) = (props.filter.clone(), props.on_change.clone());
        move |text: String| {
            let mut filter = filter.clone();
            edit(&mut filter, text);
            on_change.emit(filter);
        }
    };
    let typed = change(|filter, text| filter.text = text);
    let chosen = change(|filter, word| {
        filter.scope = Scope::ALL.into_iter().find(|scope| scope.word() == word).unwrap_or_default();
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
    let onchange = move |event: Event| chosen(event.target_unchecked_into::<HtmlSelectElement>().value());
    html! {
        <div class="filters" role="search" aria-label="Filter incidents">
            <div class="filters__search">
                <IconMark icon={Icon::Search} size={15} />
                <input ref={search} class="input" type="search" placeholder="Search title, id, person" aria-label="Search incidents"
                    value={props.filter.text.clone()} {oninput} autocomplete="off" data-testid="incident-search" />
            </div>
            <select class="select" aria-label="Status" {onchange} data-testid="incident-scope">
                { for Scope::ALL.into_iter().map(|scope| html! {
                    <option key={scope.word()} value={scope.word()} selected={scope == props.filter.scope}>{ scope.word() }</option>
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
    let on = props.filter.severities.contains(severity);
    let onclick = {
        let (mut filter, on_change, severity) =
            (props.filter.clone(), props.on_change.clone(), severity.clone());
        filter.severities.retain(|s| *s != severity);
        if !on {
            filter.severities.push(severity);
        }
        move |_| on_change.emit(filter.clone())
    };
    html! {
        <button key={severity.as_str().to_owned()} type="button" class="chip" aria-pressed={on.to_string()} {onclick}>
            <SeverityMark severity={severity.clone()} />
            <span class="chip__count num">{ count.map_or_else(|| "–".to_owned(), |count| count.to_string()) }</span>
        </button>
    }
}
