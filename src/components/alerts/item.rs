//! One alert.

use crate::components::marks::{SendStateMark, SeverityMark};
use crate::realtime::{MessageId, use_client, use_send_state};
use sentinelops_protocol::domain::{Alert, AlertChange};
use std::rc::Rc;
use yew::prelude::*;

/// See [`AlertItem`].
#[derive(Properties, PartialEq)]
pub struct AlertItemProps {
    /// The alert.
    pub alert: Rc<Alert>,
    /// Its incident was chosen; with the incident's id.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// Severity, title, source, and a button while nobody has acknowledged it.
#[component]
pub fn AlertItem(props: &AlertItemProps) -> Html {
    let client = use_client();
    let sent = use_state_eq(|| None::<MessageId>);
    let state = use_send_state((*sent).clone());
    let alert = &props.alert;
    let raised = alert.change == AlertChange::Raised;
    let failed = state.as_ref().is_some_and(|state| state.is_failed());
    let acknowledge = {
        let (alert, set) = (alert.clone(), sent.setter());
        move |_| set.set(Some(client.send(crate::realtime::Message::acknowledge(&alert))))
    };
    let open = props.on_incident.clone().zip(alert.incident_id.clone());
    html! {
        <li class={classes!("list__item", (!raised).then_some("alert--seen"))} data-testid="alert" data-alert-id={alert.id.clone()}>
            <div class="list__line">
                <SeverityMark severity={alert.severity.clone()} />
                if let Some(source) = &alert.source { <span class="list__meta">{ source }</span> }
            </div>
            <p class="alert__title">{ &alert.title }</p>
            <div class="list__line">
                if let Some((on_incident, id)) = open {
                    <button type="button" class="link link--small" onclick={move |_| on_incident.emit(id.clone().into())}>
                        { "Open incident" }
                    </button>
                } else {
                    <span></span>
                }
                if let Some(state) = state.filter(|_| raised) { <SendStateMark {state} /> }
                if raised && (sent.is_none() || failed) {
                    <button type="button" class="button button--small" onclick={acknowledge} data-testid="alert-acknowledge"
                        aria-label={format!("Acknowledge: {}", alert.title)}>
                        { if failed { "Try again" } else { "Acknowledge" } }
                    </button>
                } else if !raised {
                    <span class="list__meta">{ "Acknowledged" }</span>
                }
            </div>
        </li>
    }
}
