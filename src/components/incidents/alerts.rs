//! The alerts of an incident.

use super::timeline::OfIncidentProps;
use crate::components::alerts::{AlertList, by_urgency};
use sentinelops_protocol::domain::AlertChange;
use sentinelops_realtime::{List, use_alerts};
use yew::prelude::*;

/// More at once would not be read.
const STEP: usize = 20;

/// Raised first, those that are over last. Nothing where there are none.
#[component]
pub fn IncidentAlerts(props: &OfIncidentProps) -> Html {
    let feed = use_alerts();
    let alerts = use_memo((feed.items, props.id.clone()), |(alerts, id)| {
        List::from(by_urgency(alerts, |alert| alert.incident_id.as_deref() == Some(id.as_str())))
    });
    if alerts.is_empty() {
        return Html::default();
    }
    let raised = alerts.iter().filter(|alert| alert.change == AlertChange::Raised).count();
    html! {
        <details class="timeline" open=true data-testid="incident-alerts">
            <summary>{ "Alerts " }<span class="num">{ format!("{raised} of {} firing", alerts.len()) }</span></summary>
            <AlertList alerts={(*alerts).clone()} step={STEP} />
        </details>
    }
}
