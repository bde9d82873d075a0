//! The alerts that are not over.

use super::AlertList;
use super::silent::silent_sources;
use super::sources::sources;
use crate::components::icon::Icon;
use crate::components::marks::severity_rank;
use crate::components::panel::{Awaited, Panel, empty};
use sentinelops_protocol::domain::{Alert, AlertChange};
use sentinelops_protocol::sort::sort_by_key;
use sentinelops_realtime::{List, use_alerts, use_sources};
use std::rc::Rc;
use yew::prelude::*;

/// More at once would not be read.
const STEP: usize = 50;

/// See [`AlertsPanel`].
#[derive(Properties, PartialEq)]
pub struct AlertsPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
    /// An alert's incident was chosen.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// Raised first, the most urgent first among them.
#[component]
pub fn AlertsPanel(props: &AlertsPanelProps) -> Html {
    let feed = use_alerts();
    let of_stats = use_sources();
    let read = use_memo(feed.items.clone(), |alerts| {
        let open = by_urgency(alerts, |alert| alert.change != AlertChange::Cleared);
        (List::from(open), silent_sources(alerts))
    });
    let (alerts, silent) = &*read;
    let raised = alerts.iter().filter(|alert| alert.change == AlertChange::Raised).count();
    let is_known = feed.is_loaded || feed.as_of.is_some();
    let count = is_known.then(|| AttrValue::from(format!("{raised} firing")));
    html! {
        <Panel title="Alerts" class={props.class.clone()} {count} testid="alerts-panel" as_of={feed.as_of} error={feed.error.clone().filter(|_| feed.is_loaded)}>
            <div class="panel__body" tabindex="0">
                if !is_known {
                    <Awaited what="The alerts" rows={3} error={feed.error.clone()} />
                } else if alerts.is_empty() {
                    { empty(Icon::Bell, "All quiet", "No alert is firing.") }
                } else {
                    <AlertList alerts={alerts.clone()} step={STEP} on_incident={props.on_incident.clone()} />
                }
            </div>
            { sources(&of_stats, silent) }
        </Panel>
    }
}

/// Those that match: raised, acknowledged, cleared, the most urgent first among each.
pub fn by_urgency(alerts: &[Rc<Alert>], matches: impl Fn(&Alert) -> bool) -> Vec<Rc<Alert>> {
    let mut found: Vec<_> = alerts.iter().rev().filter(|alert| matches(alert)).cloned().collect();
    let place = |change: &AlertChange| match change {
        AlertChange::Raised => 0,
        AlertChange::Acknowledged => 1,
        AlertChange::Cleared => 2,
    };
    // Stable: among equals the newest stay first.
    sort_by_key(&mut found, |alert| (place(&alert.change), severity_rank(Some(&alert.severity))));
    found
}
