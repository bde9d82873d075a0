//! A titled region of the page, and what stands in it while there is nothing to show.

use super::away::is_away;
use super::icon::{Icon, icon_mark};
use super::zone::use_zone;
use crate::words::panel as texts;
use sentinelops_realtime::{ClientError, use_connection};
use yew::prelude::*;

/// See [`Panel`].
#[derive(Properties, PartialEq)]
pub struct PanelProps {
    /// Its heading and landmark name.
    pub title: AttrValue,
    /// Added to the panel's own class.
    #[prop_or_default]
    pub class: Classes,
    /// Beside the heading: how many, in a word.
    #[prop_or_default]
    pub count: Option<AttrValue>,
    /// Its content is what was kept on this device, true at this time (ms).
    #[prop_or_default]
    pub as_of: Option<u64>,
    /// What its feed says is wrong, once there is something to show.
    #[prop_or_default]
    pub error: Option<ClientError>,
    /// At the right end of the heading.
    #[prop_or_default]
    pub end: Html,
    /// Where a link on the page leads to it; it takes the focus then.
    #[prop_or_default]
    pub id: Option<AttrValue>,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    /// Its content; the part that is to scroll brings class `panel__body`.
    pub children: Html,
}

/// A region with a heading.
#[component]
pub fn Panel(props: &PanelProps) -> Html {
    html! {
        <section class={classes!("panel", props.class.clone())} aria-label={props.title.clone()} id={props.id.clone()}
            tabindex={props.id.as_ref().map(|_| "-1")} data-testid={props.testid.clone()}>
            <header class="panel__head">
                <h2 class="panel__title">{ &props.title }</h2>
                if let Some(count) = &props.count { <span class="panel__count num">{ count }</span> }
                if let Some(at) = props.as_of { <AsOf {at} /> }
                <div class="panel__end">{ props.end.clone() }</div>
            </header>
            { withdrawn(props.error.as_ref()) }
            { props.children.clone() }
        </section>
    }
}

/// See [`AsOf`].
#[derive(Properties, PartialEq)]
pub struct AsOfProps {
    /// When it was true (ms).
    pub at: u64,
}

/// Says that what stands there was kept on this device, and when it was true.
#[component]
pub fn AsOf(props: &AsOfProps) -> Html {
    let zone = use_zone();
    html! { <span class="panel__as-of" title={zone.exact(props.at)} data-testid="as-of">{ texts::as_of(&zone.minute(props.at)) }</span> }
}

/// Above what changes no more because the right to read it was taken away. `error`: what the feed says is wrong.
pub fn withdrawn(error: Option<&ClientError>) -> Html {
    match error {
        Some(ClientError::Denied { message, .. }) => html! {
            <p class="hint" role="status" data-testid="withdrawn">
                { format!("No access any more: what stands here is out of date. {}", denied_words(message)) }
            </p>
        },
        _ => Html::default(),
    }
}

fn denied_words(message: &str) -> String {
    format!("The server says: {message}. Ask an administrator for it.")
}

/// Nothing to show, and why. `title`: in a few words; `detail`: what it means, or what to do; may be empty.
pub fn empty(icon: Icon, title: &str, detail: &str) -> Html {
    empty_with(icon, title, detail, Html::default())
}

/// The same with a way out.
pub fn empty_with(icon: Icon, title: &str, detail: &str, way: Html) -> Html {
    html! {
        <div class="empty" data-testid="empty">
            { icon_mark(icon, 22) }
            <p class="empty__title">{ title }</p>
            if !detail.is_empty() { <p class="empty__detail">{ detail }</p> }
            { way }
        </div>
    }
}

/// Rows to come: as many as the panel is likely to have, so that nothing jumps. `label`: what is awaited, for screen
/// readers.
fn loading(label: &str, rows: usize) -> Html {
    html! {
        <div class="skeleton" data-testid="loading">
            <span class="sr-only">{ label }</span>
            { for (0..rows).map(|row| html! {
                <div key={row} class="skeleton__row" aria-hidden="true">
                    <span class="skeleton__bar skeleton__bar--short"></span>
                    <span class="skeleton__bar skeleton__bar--long"></span>
                </div>
            }) }
        </div>
    }
}

/// See [`Awaited`].
#[derive(Properties, PartialEq)]
pub struct AwaitedProps {
    /// What has not arrived; the beginning of a sentence.
    pub what: AttrValue,
    /// As many rows as the panel is likely to have.
    pub rows: usize,
    /// What the feed says is wrong.
    #[prop_or_default]
    pub error: Option<ClientError>,
}

/// In place of what has not arrived: rows to come, or why they do not come.
#[component]
pub fn Awaited(props: &AwaitedProps) -> Html {
    let AwaitedProps { what, rows, error } = props;
    let connection = use_connection();
    let (title, detail) = match (error, &connection.error) {
        (Some(ClientError::Denied { message, .. }), _) => ("No access", denied_words(message)),
        (_, Some(ClientError::Setup(_) | ClientError::Worker(_))) => {
            ("Not connected", "What is wrong stands at the top of the page.".to_owned())
        }
        _ if is_away(&connection) => {
            ("The connection is down", format!("{what} will be here when the connection is back."))
        }
        _ => return loading(&format!("{what} will be here in a moment"), *rows),
    };
    empty(Icon::Failure, title, &detail)
}
