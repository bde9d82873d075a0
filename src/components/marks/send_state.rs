//! How far something a person sent has got.

use crate::components::icon::{Icon, IconMark};
use sentinelops_engine::{DeliveryState, Durability};
use sentinelops_realtime::SendState;
use yew::prelude::*;

/// See [`SendStateMark`].
#[derive(Properties, PartialEq)]
pub struct SendStateMarkProps {
    /// What is known of it.
    pub state: SendState,
    /// Somebody else's device has it (chat): says more than delivered.
    #[prop_or_default]
    pub received: bool,
    /// Somebody else saw it (chat): says more than received.
    #[prop_or_default]
    pub read: bool,
    /// A single word, for rows: the sentence is in its title.
    #[prop_or_default]
    pub brief: bool,
    /// Add the sentence that explains the word, where there is one.
    #[prop_or_default]
    pub explain: bool,
}

/// Saving, saved on this device, sent, delivered, or what went wrong.
#[component]
pub fn SendStateMark(props: &SendStateMarkProps) -> Html {
    let SendStateMarkProps { state, received, read, brief, explain } = props;
    let (icon, tone, words) = look(state, *received, *read);
    let explanation = state.explanation();
    let title = explanation.clone().unwrap_or_else(|| words.to_owned());
    html! {
        <span class={classes!("state", tone)} {title} data-testid="message-state" data-state={code(state)}>
            <IconMark {icon} size={14} />
            <span>
                { if *brief { state.label() } else { words } }
                if let Some(text) = explanation.filter(|_| *explain) { <span class="quiet">{ format!(". {text}") }</span> }
            </span>
        </span>
    }
}

fn look(state: &SendState, received: bool, read: bool) -> (Icon, &'static str, &'static str) {
    match (&state.delivery, state.durability) {
        (DeliveryState::Queued, Durability::Pending) => (Icon::Working, "state--wait", "Saving"),
        (DeliveryState::Queued, Durability::Durable) => (Icon::Saved, "", "Saved on this device"),
        (DeliveryState::Queued, Durability::MemoryOnly) => {
            (Icon::Warning, "state--warn", "Waiting, not saved on this device")
        }
        (DeliveryState::Sent, _) => (Icon::Sent, "", "Sent"),
        (DeliveryState::Unconfirmed, _) => (Icon::Waiting, "state--warn", "Unconfirmed, will be sent again"),
        (DeliveryState::Delivered, _) if read => (Icon::Ticks, "state--good", "Read"),
        (DeliveryState::Delivered, _) if received => (Icon::Ticks, "", "Received"),
        (DeliveryState::Delivered, _) => (Icon::Tick, "state--good", "Delivered"),
        (DeliveryState::HandedOver, _) => (Icon::Tick, "", "Handed over"),
        (DeliveryState::Failed(_), _) => (Icon::Failure, "state--bad", "Failed"),
        (DeliveryState::Expired { .. }, _) => (Icon::Failure, "state--bad", "Expired"),
        (DeliveryState::Evicted, _) => (Icon::Failure, "state--bad", "Dropped, the queue was full"),
        (DeliveryState::Superseded, _) => (Icon::Tick, "", "Replaced by another"),
        _ => (Icon::Warning, "state--warn", "Unknown"),
    }
}

/// One word without spaces for tests and style sheets.
fn code(state: &SendState) -> &'static str {
    match &state.delivery {
        DeliveryState::Queued => match state.durability {
            Durability::Pending => "saving",
            Durability::Durable => "saved",
            Durability::MemoryOnly => "memory-only",
        },
        DeliveryState::Sent => "sent",
        DeliveryState::Unconfirmed => "unconfirmed",
        DeliveryState::Delivered => "delivered",
        DeliveryState::HandedOver => "handed-over",
        DeliveryState::Failed(_) => "failed",
        DeliveryState::Expired { .. } => "expired",
        DeliveryState::Evicted => "evicted",
        DeliveryState::Superseded => "superseded",
        _ => "unknown",
    }
}
