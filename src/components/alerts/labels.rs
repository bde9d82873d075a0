//! Labels of an alert, and the links made of them.

use crate::config::LinkTemplate;
use std::rc::Rc;
use yew::prelude::*;

/// So many are shown at once; longer ones are cut there.
const SHOWN: usize = 4;
const SHOWN_CHARS: usize = 30;

/// The operator's links, for every alert of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkTemplates(pub Rc<Vec<LinkTemplate>>);

/// A few labels at a glance, all of them on demand, and the operator's links. No address comes from the alert itself.
/// `labels`: name and value; `title`: of the alert, for screen readers.
pub fn labels(labels: &[(String, String)], title: &str) -> Html {
    let is_long =
        |(name, value): &(String, String)| name.chars().count() + value.chars().count() > SHOWN_CHARS;
    // The mark says it.
    let few: Vec<_> = labels.iter().filter(|(name, _)| name != "severity").take(SHOWN).collect();
    let rest = labels.len() > few.len() || labels.iter().any(is_long);
    html! {
        <>
            if !few.is_empty() {
                <ul class="labels" aria-label="Labels" data-testid="alert-labels">{ for few.into_iter().map(tag) }</ul>
            }
            if rest {
                <details class="timeline">
                    <summary>{ format!("All {} labels", labels.len()) }</summary>
                    <ul class="labels labels--whole">{ for labels.iter().map(tag) }</ul>
                </details>
            }
            <Links labels={labels.to_vec()} title={title.to_owned()} testid="alert-link" />
        </>
    }
}

/// See [`Links`].
#[derive(Properties, PartialEq)]
pub struct LinksProps {
    /// Name and value of what the addresses may hold.
    pub labels: Vec<(String, String)>,
    /// What they are about, for screen readers.
    pub title: AttrValue,
    /// Names them for tests.
    pub testid: &'static str,
}

/// The operator's links that have everything they need; the whole address is in the title.
#[component]
pub fn Links(props: &LinksProps) -> Html {
    let templates = use_context::<LinkTemplates>().unwrap_or_default();
    let links: Vec<_> =
        templates.0.iter().filter_map(|link| Some((link.label(), link.fill(&props.labels)?))).collect();
    if links.is_empty() {
        return Html::default();
    }
    html! {
        <p class="labels">
            { for links.into_iter().map(|(label, url)| html! {
                <a class="link link--small" title={url.clone()} href={url} target="_blank" rel="noopener noreferrer" data-testid={props.testid}>
                    { label }<span class="sr-only">{ format!(" of {}, in a new tab", props.title) }</span>
                </a>
            }) }
        </p>
    }
}

fn tag((name, value): &(String, String)) -> Html {
    html! { <li class="label" title={format!("{name}={value}")}><span class="label__name">{ name }{ "=" }</span>{ value }</li> }
}
