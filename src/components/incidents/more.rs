//! The rest of the filter: assignee, service, order, grouping, and a name for all of it.

use super::query::Step;
use crate::board::{BoardQuery, Scope, Sort, Views, Who, services};
use crate::components::hooks::{Density, use_density};
use crate::components::people::Names;
use crate::letters::capital;
use crate::words::board as texts;
use sentinelops_realtime::{IncidentRow, List};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// See [`MoreFilters`].
#[derive(Properties, PartialEq)]
pub struct MoreFiltersProps {
    /// Everything there is.
    pub incidents: List<IncidentRow>,
    /// What is shown.
    pub query: BoardQuery,
    /// The person at this page.
    #[prop_or_default]
    pub me: Option<AttrValue>,
    /// One's own views.
    pub own: Views,
    /// Keeps others.
    pub on_own: Callback<Views>,
    /// Something else is to be shown.
    pub on_query: Callback<(BoardQuery, Step)>,
}

/// A choice of a list: value, label.
type Choice = (String, AttrValue);

/// Before the id of a person, as the other values are words.
const PERSON: char = '@';

fn who_value(who: &Who) -> String {
    match who {
        Who::Anyone => String::new(),
        Who::Me => "me".to_owned(),
        Who::Nobody => "nobody".to_owned(),
        Who::Person(id) => format!("{PERSON}{id}"),
    }
}

fn who_of(value: &str) -> Who {
    match (value, value.strip_prefix(PERSON)) {
        (_, Some(id)) => Who::Person(id.to_owned()),
        ("me", _) => Who::Me,
        ("nobody", _) => Who::Nobody,
        _ => Who::Anyone,
    }
}

/// Shown while it is open.
#[component]
pub fn MoreFilters(props: &MoreFiltersProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let query = &props.query;
    let density = use_density();
    let services = use_memo(props.incidents.clone(), |incidents| services(incidents));
    let mut people: Vec<Choice> = vec![(String::new(), AttrValue::Static(texts::ANYONE))];
    if props.me.is_some() {
        people.push((who_value(&Who::Me), AttrValue::Static(texts::ME)));
    }
    people.push((who_value(&Who::Nobody), AttrValue::Static(texts::NOBODY)));
    people.extend(names.by_name().into_iter().map(|(id, name)| (format!("{PERSON}{id}"), name)));
    let mut of_service: Vec<Choice> = vec![(String::new(), AttrValue::Static(texts::ANY_SERVICE))];
    of_service.extend(services.iter().map(|service| (service.clone(), service.clone().into())));
    let orders = Sort::ALL.map(|sort| (texts::sort(sort).to_owned(), AttrValue::Static(texts::sort(sort))));

    let change = |edit: fn(&mut BoardQuery, String)| {
        let (query, on_query) = (query.clone(), props.on_query.clone());
        Callback::from(move |value: String| {
            let mut query = query.clone();
            edit(&mut query, value);
            on_query.emit((query, Step::Chosen));
        })
    };
    let on_group = change(|query, _| query.is_grouped = !query.is_grouped).reform(|_: Event| String::new());
    html! {
        <div id="board-more" class="more" data-testid="board-filters">
            { select(texts::WHO, "filter-who", people, who_value(&query.who), &change(|query, value| query.who = who_of(&value))) }
            { select(texts::SERVICE, "filter-service", of_service, query.service.clone(), &change(|query, value| query.service = value)) }
            { select(texts::ORDER, "filter-order", orders.into(), texts::sort(query.sort).to_owned(), &change(|query, word| {
                query.sort = Sort::ALL.into_iter().find(|sort| texts::sort(*sort) == word).unwrap_or_default();
            })) }
            <label class="check"><input type="checkbox" checked={query.is_grouped} onchange={on_group} data-testid="filter-group" /><span>{ texts::GROUP }</span></label>
            { select(texts::DENSITY, "density", Density::names().map(|name| (name.to_owned(), AttrValue::from(capital(name)))).into(), density.name.to_owned(), &density.set) }
            <KeepView query={query.clone()} own={props.own.clone()} on_own={props.on_own.clone()} />
        </div>
    }
}

/// A list of choices. What is chosen and not among them stands there, too: an address may name anything.
fn select(
    label: &'static str,
    testid: &'static str,
    mut choices: Vec<Choice>,
    chosen: String,
    on_choose: &Callback<String>,
) -> Html {
    if !choices.iter().any(|(value, _)| *value == chosen) {
        choices.push((chosen.clone(), chosen.trim_start_matches(PERSON).to_owned().into()));
    }
    let onchange =
        on_choose.reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
    html! {
        <label class="more__field">
            <span class="more__label">{ label }</span>
            <select class="select" {onchange} data-testid={testid}>
                { for choices.into_iter().map(|(value, label)| html! {
                    <option key={value.clone()} value={value.clone()} selected={value == chosen}>{ label }</option>
                }) }
            </select>
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct KeepViewProps {
    query: BoardQuery,
    own: Views,
    on_own: Callback<Views>,
}

/// Gives what is shown a name, or takes it away again.
#[component]
fn KeepView(props: &KeepViewProps) -> Html {
    let (views, keep) = (props.own.clone(), props.on_own.clone());
    let name = use_state_eq(String::new);
    let is_full = use_state_eq(|| false);
    // As on a page that shows what is open at first: a view is the same on every page.
    let pairs = props.query.print(Scope::Open);
    let field = use_node_ref();
    if let Some(known) = views.name_of(&pairs) {
        let known = known.to_owned();
        let label = texts::delete_view(&known);
        let onclick = move |_: MouseEvent| {
            let mut views = views.clone();
            views.remove(&known);
            keep.emit(views);
        };
        return html! { <button key="delete" type="button" class="button" {onclick} data-testid="view-delete">{ label }</button> };
    }
    let oninput = {
        let set = name.setter();
        move |event: InputEvent| set.set(event.target_unchecked_into::<HtmlInputElement>().value())
    };
    let onsubmit = {
        let (name, is_full, field) = (name.clone(), is_full.clone(), field.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let mut views = views.clone();
            if name.trim().is_empty() {
                if let Some(field) = field.cast::<HtmlInputElement>() {
                    // It asks for what is missing.
                    let _ = field.focus();
                }
                return;
            }
            let kept = views.set(&name, pairs.clone());
            is_full.set(!kept);
            if kept {
                keep.emit(views);
                name.set(String::new());
            }
        }
    };
    html! {
        <form key="keep" class="more__view" {onsubmit}>
            <input ref={field} class="input" maxlength="40" placeholder={texts::VIEW_NAME} aria-label={texts::VIEW_NAME} value={(*name).clone()} {oninput}
                autocomplete="off" data-testid="view-name" />
            <button type="submit" class="button" data-testid="view-save">{ texts::SAVE_VIEW }</button>
            if *is_full { <p class="hint" role="alert">{ texts::TOO_MANY_VIEWS }</p> }
        </form>
    }
}
