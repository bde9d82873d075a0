//! One alert.

use super::{About, labels};
use crate::components::marks::{Say, send_state_mark, severity_mark};
use sentinelops_protocol::domain::{Alert, AlertChange};
use sentinelops_realtime::{MessageId, use_client, use_send_state};
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

/// Severity, title, source, labels, and a button while nobody has acknowledged it.
#[component]
pub fn AlertItem(props: &AlertItemProps) -> Html {
    let client = use_client();
    // The acknowledgement, and the alert as it was then.
    let sent = use_state_eq(|| None::<(MessageId, Rc<Alert>)>);
    let state = use_send_state(sent.as_ref().map(|(id, _)| id.clone()));
    let alert = &props.alert;
    let about = use_memo(alert.clone(), |alert| About::of(alert));
    let raised = alert.change == AlertChange::Raised;
    let failed = state.as_ref().is_some_and(|state| state.is_failed());
    let arrived = state.as_ref().is_some_and(|state| state.is_delivered());
    // Raised again it waits for somebody again, also when it was never shown as acknowledged in between.
    let again = arrived && sent.as_ref().is_some_and(|(_, then)| then != alert);
    use_effect_with(raised, {
        let set = sent.setter();
        move |raised| {
            if !raised {
                set.set(None);
            }
        }
    });
    let acknowledge = {
        let (alert, set) = (alert.clone(), sent.setter());
        move |_| {
            let sent = client.send(sentinelops_realtime::Message::acknowledge(&alert));
            set.set(Some((sent.id(), alert.clone())));
        }
    };
    let open = props.on_incident.clone().zip(alert.incident_id.clone());
    html! {
        <li class={classes!("list__item", (!raised).then_some("alert--seen"))} data-testid="alert" data-alert-id={alert.id.clone()}>
            <div class="list__line">
                { severity_mark(Some(&alert.severity)) }
                if let Some(origin) = about.origin(alert.source.as_deref()) {
                    <span class="list__meta" title={origin.clone()} data-testid="alert-source">{ origin }</span>
                }
            </div>
            <p class="alert__title">{ &alert.title }</p>
            { labels(&about.labels, &alert.title) }
            if about.is_stale && alert.change != AlertChange::Cleared {
                <p class="hint">{ "Its source does not repeat it any more: it may be over." }</p>
            }
            <div class="list__line">
                if let Some((on_incident, id)) = open {
                    <button type="button" class="link link--small" onclick={move |_| on_incident.emit(id.clone().into())}>
                        { "Open incident" }
                    </button>
                } else {
                    <span></span>
                }
                if let Some(state) = state.filter(|_| raised && !again) { { send_state_mark(&state, Say::Words) } }
                if raised && (sent.is_none() || failed || again) {
                    <button type="button" class="button button--small" onclick={acknowledge} data-testid="alert-acknowledge"
                        aria-label={format!("Acknowledge: {}", alert.title)}>
                        { if failed { "Try again" } else { "Acknowledge" } }
                    </button>
                } else if !raised {
                    <span class="list__meta">{ if alert.change == AlertChange::Cleared { "Cleared" } else { "Acknowledged" } }</span>
                }
            </div>
        </li>
    }
}
