//! The alerts of an incident.

use super::timeline::OfIncidentProps;
use crate::components::alerts::{AlertItem, by_urgency};
use sentinelops_protocol::domain::AlertChange;
use sentinelops_realtime::use_alerts;
use yew::prelude::*;

/// More would not be read; the rest is counted.
const SHOWN: usize = 20;

/// Raised first, those that are over last. Nothing where there are none.
#[component]
pub fn IncidentAlerts(props: &OfIncidentProps) -> Html {
    let feed = use_alerts();
    let alerts = use_memo((feed.alerts, props.id.clone()), |(alerts, id)| {
        by_urgency(alerts, |alert| alert.incident_id.as_deref() == Some(id.as_str()))
    });
    if alerts.is_empty() {
        return Html::default();
    }
    let raised = alerts.iter().filter(|alert| alert.change == AlertChange::Raised).count();
    html! {
        <details class="timeline" open=true data-testid="incident-alerts">
            <summary>{ "Alerts " }<span class="num">{ format!("{raised} of {} raised", alerts.len()) }</span></summary>
            <ul>
                { for alerts.iter().take(SHOWN).map(|alert| html! { <AlertItem key={alert.id.clone()} alert={alert.clone()} /> }) }
            </ul>
            if alerts.len() > SHOWN {
                <p class="hint">{ format!("and {} more", alerts.len() - SHOWN) }</p>
            }
        </details>
    }
}
