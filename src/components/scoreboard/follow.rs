//! Keeps the ledger up to date with what this page sends and is told.

use super::Shared;
use super::ledger::Known;
use sentinelops_protocol::system::Continuity;
use sentinelops_realtime::{
    Client, MessageId, SendState, SubscribeOptions, use_client, use_diagnostics, use_websocket,
};
use yew::prelude::*;

#[derive(Properties)]
pub(super) struct FollowProps {
    pub ledger: Shared,
}

impl PartialEq for FollowProps {
    fn eq(&self, other: &Self) -> bool {
        std::rc::Rc::ptr_eq(&self.ledger, &other.ledger)
    }
}

/// Shows nothing, so that it may be rendered each frame.
#[component]
pub(super) fn Follow(props: &FollowProps) -> Html {
    let client = use_client();
    let diagnostics = use_diagnostics();
    let ledger = props.ledger.clone();
    use_websocket(SubscribeOptions::default().on_continuity({
        let ledger = ledger.clone();
        move |continuity| {
            if continuity == Continuity::Gap {
                ledger.borrow_mut().told_of_gaps(1);
            }
        }
    }));
    let mut ledger = ledger.borrow_mut();
    // Nobody has sent a receipt.
    let counts = |kind: &str| !matches!(kind, "chat.delivered" | "chat.read");
    ledger.sent(diagnostics.traces.iter().map(|trace| (trace.id.as_str(), counts(&trace.kind))));
    for id in ledger.followed() {
        if let Some(known) = known(&client, &id) {
            ledger.update(&id, known);
        }
    }
    Html::default()
}

/// `None`: the page knows as little as before.
fn known(client: &Client, id: &str) -> Option<Known> {
    let state: SendState = client.send_state(&MessageId::from(id))?;
    Some(match &state.delivery {
        _ if state.is_delivered() => Known::Delivered,
        delivery if delivery.allows_another_try() => Known::Failed,
        delivery if delivery.is_final() => Known::Over,
        _ => Known::Open,
    })
}
