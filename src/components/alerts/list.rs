//! Alerts below each other.

use super::AlertItem;
use sentinelops_protocol::domain::Alert;
use sentinelops_realtime::List;
use std::rc::Rc;
use yew::prelude::*;

/// See [`AlertList`].
#[derive(Properties, PartialEq)]
pub struct AlertListProps {
    /// In this order.
    pub alerts: List<Rc<Alert>>,
    /// So many are shown at first, and as many more with each press of the button below them.
    pub step: usize,
    /// An alert's incident was chosen.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// The first of them, how many are not shown, and a button that shows more.
#[component]
pub fn AlertList(props: &AlertListProps) -> Html {
    let AlertListProps { alerts, step, on_incident } = props;
    let steps = use_state_eq(|| 1);
    let shown = alerts.len().min(*steps * step);
    let rest = alerts.len() - shown;
    let onclick = {
        let (set, next) = (steps.setter(), *steps + 1);
        move |_| set.set(next)
    };
    html! {
        <>
            <ul>
                { for alerts.iter().take(shown).map(|alert| html! {
                    <AlertItem key={alert.id.clone()} alert={alert.clone()} on_incident={on_incident.clone()} />
                }) }
            </ul>
            if rest > 0 {
                <p class="notice" data-testid="alerts-more">
                    <span class="notice__text">{ format!("{rest} more are not shown") }</span>
                    <button type="button" class="button button--small" {onclick}>{ format!("Show {} more", rest.min(*step)) }</button>
                </p>
            }
        </>
    }
}
