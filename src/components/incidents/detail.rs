//! One incident: facts, actions, conversation.

use super::edit::EditIncident;
use super::{IncidentActions, IncidentAlerts, Timeline, Viewers};
use crate::components::alerts::Links;
use crate::components::chat::ChatPane;
use crate::components::hooks::{PHONE, use_media};
use crate::components::icon::{Icon, icon_mark};
use crate::components::marks::{Say, capital, send_state_mark, severity_mark, status_mark};
use crate::components::outbox::PendingChanges;
use crate::components::panel::{AsOf, Awaited, empty_with, withdrawn};
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::Json;
use sentinelops_protocol::domain::Incident;
use sentinelops_protocol::sort::sort_by;
use sentinelops_realtime::{SendState, use_incident};
use web_sys::HtmlElement;
use yew::prelude::*;

/// See [`IncidentDetail`].
#[derive(Properties, PartialEq)]
pub struct IncidentDetailProps {
    /// Which incident.
    pub id: AttrValue,
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// Close it.
    pub on_close: Callback<()>,
    /// Another incident was chosen, which a message names. Default: such names are no links.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// The side panel; on a phone it covers the page and takes the focus.
#[component]
pub fn IncidentDetail(props: &IncidentDetailProps) -> Html {
    let detail = use_incident(&props.id);
    let close_button = use_node_ref();
    let covers = use_media(PHONE);
    // A link in a message goes with the message: the focus follows it to the incident it leads to.
    let follows = use_mut_ref(|| false);
    let on_incident = use_callback(props.on_incident.clone(), {
        let follows = follows.clone();
        move |id, on_incident: &Option<Callback<AttrValue>>| {
            *follows.borrow_mut() = true;
            if let Some(on_incident) = on_incident {
                on_incident.emit(id);
            }
        }
    });
    use_effect_with((props.id.clone(), covers), {
        let close_button = close_button.clone();
        move |(_, covers)| {
            let follows = follows.take();
            if let Some(button) = close_button.cast::<HtmlElement>().filter(|_| *covers || follows) {
                // Without focus the person starts at the top of the page, no worse.
                let _ = button.focus();
            }
        }
    });
    let close = {
        let on_close = props.on_close.clone();
        move |_| on_close.emit(())
    };
    html! {
        // Another incident is another panel: nothing that was opened, written or sent in it is about the next one.
        <section key={&*props.id} class={classes!("panel", "detail", props.class.clone())} aria-label={format!("Incident {}", props.id)} data-testid="incident-detail">
            <header class="panel__head">
                <h2 class="panel__title mono">{ &props.id }</h2>
                if let Some(at) = detail.as_of.filter(|_| detail.incident.is_some()) { <AsOf {at} /> }
                <div class="panel__end">
                    <button type="button" class="button button--plain button--icon" ref={close_button} onclick={close.clone()} aria-label="Close incident"
                        data-testid="detail-close">
                        { icon_mark(Icon::Close, 16) }
                    </button>
                </div>
            </header>
            if let Some(row) = &detail.incident {
                <div class="detail__lead">
                    { withdrawn(detail.error.as_ref()) }
                    <h3 class="detail__title" data-testid="detail-title">{ row.title.as_deref().unwrap_or("Untitled incident") }</h3>
                    <div class="detail__marks">
                        { severity_mark(row.severity.as_ref()) }
                        { status_mark(row.status.as_ref()) }
                        <EditIncident incident={row.incident.clone()} />
                        <Viewers id={props.id.clone()} />
                        // The row has space for one word only.
                        if let Some(state) = row.edit.clone().filter(SendState::is_failed) { { send_state_mark(&state, Say::Explained) } }
                    </div>
                    { facts(&row.incident) }
                    <IncidentActions incident={row.incident.clone()} />
                    <IncidentAlerts id={props.id.clone()} />
                    <Timeline incident={row.incident.clone()} />
                </div>
                <ChatPane conversation={props.id.clone()} on_incident={props.on_incident.as_ref().map(|_| on_incident)} />
            } else if detail.is_loaded {
                { empty_with(Icon::Search, &format!("{} is not on the board", props.id), "It may be older than what the server keeps.", html! {
                    <button type="button" class="button" onclick={close.clone()}>{ "Back to the board" }</button>
                }) }
            } else {
                <Awaited what="The incident" rows={4} error={detail.error.clone()} />
                <PendingChanges incident={props.id.clone()} />
            }
        </section>
    }
}

fn facts(incident: &Incident) -> Html {
    let extra = extra(incident.extra.as_ref());
    let title = AttrValue::from(incident.id.clone());
    html! {
        <>
            <dl class="facts" data-testid="facts">
                <dt>{ "Opened" }</dt>
                <dd>if let Some(at) = incident.created_at { <RelativeTime {at} words=true /> } else { { "Unknown" } }</dd>
                <dt>{ "Updated" }</dt>
                <dd>if let Some(at) = incident.updated_at { <RelativeTime {at} words=true /> } else { { "Unknown" } }</dd>
                { for extra.iter().map(|(name, value)| html! {
                    <>
                        <dt>{ capital(name) }</dt>
                        <dd>{ value }</dd>
                    </>
                }) }
            </dl>
            <Links labels={labels(incident, extra)} {title} testid="incident-link" />
        </>
    }
}

/// What an operator's links may hold of an incident: its own fields win over those of the same name beside them.
fn labels(incident: &Incident, extra: Vec<(String, String)>) -> Vec<(String, String)> {
    let severity = incident.severity.as_ref().map(|severity| severity.as_str().to_owned());
    let own = [("id", Some(incident.id.clone())), ("severity", severity), ("title", incident.title.clone())];
    own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).chain(extra).collect()
}

/// By it the server finds the incident of an alert. It is a hash: the alerts themselves stand below.
const ALERT_KEY: &str = "alertKey";

/// Fields this version does not know, as text: whatever a server sends, it never becomes markup or a link.
fn extra(json: Option<&Json>) -> Vec<(String, String)> {
    let shown = |json: &str| serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
    let mut fields: Vec<_> = json
        .into_iter()
        .flat_map(Json::fields)
        .filter(|(name, _)| name != ALERT_KEY)
        .map(|(name, value)| (name.into_owned(), shown(value)))
        .collect();
    // What changed stands last in the JSON: by name the rows stay where they are.
    sort_by(&mut fields, Ord::cmp);
    fields
}
