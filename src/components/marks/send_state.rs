//! How far something a person sent has got.

use crate::components::icon::{Icon, icon_mark};
use sentinelops_engine::{DeliveryState, Durability};
use sentinelops_realtime::SendState;
use yew::prelude::*;

/// How much is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Its words.
    Words,
    /// A single word, for rows: the sentence is in its title.
    Brief,
    /// The words, and the sentence that explains them, where there is one.
    Explained,
}

/// Saving, saved on this device, sent, delivered, or what went wrong.
pub fn send_state_mark(state: &SendState, say: Say) -> Html {
    mark(state, say, look(state, false, false))
}

/// The same of a message of a conversation: `received` by somebody else's device, `read` by somebody else.
pub fn receipt_mark(state: &SendState, received: bool, read: bool) -> Html {
    mark(state, Say::Words, look(state, received, read))
}

fn mark(state: &SendState, say: Say, (icon, tone, words): (Icon, &'static str, &'static str)) -> Html {
    let explanation = state.explanation();
    let title = explanation.clone().unwrap_or_else(|| words.to_owned());
    html! {
        <span class={classes!("state", tone)} {title} data-testid="message-state" data-state={code(state)}>
            { icon_mark(icon, 14) }
            <span>
                { if say == Say::Brief { state.label() } else { words } }
                if let Some(text) = explanation.filter(|_| say == Say::Explained) { <span class="quiet">{ format!(". {text}") }</span> }
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
