//! One message of the outbox.

use super::message_words;
use crate::components::marks::{Say, send_state_mark};
use crate::components::people::Names;
use crate::components::relative_time::RelativeTime;
use sentinelops_engine::{DeliveryState, MessageInfo};
use sentinelops_realtime::{MessageId, SendState};
use std::rc::Rc;
use yew::prelude::*;

/// See [`OutboxItem`].
#[derive(Properties, PartialEq)]
pub struct OutboxItemProps {
    /// The message.
    pub message: Rc<MessageInfo>,
    /// Try it again; `true`: under a new id, because it may have arrived under the old one.
    pub on_retry: Callback<(MessageId, bool)>,
    /// Drop it.
    pub on_discard: Callback<MessageId>,
}

/// What, how urgent, since when, how far; retry and discard where they make sense.
#[component]
pub fn OutboxItem(props: &OutboxItemProps) -> Html {
    let asking = use_state_eq(|| false);
    let names = use_context::<Names>().unwrap_or_default();
    let message = &props.message;
    let id = MessageId::from(&*message.update.id);
    let state =
        SendState { durability: message.update.durability, delivery: message.update.delivery.clone() };
    let ended = state.is_failed();
    let unsent = state.delivery == DeliveryState::Queued;
    let risky = matches!(state.delivery, DeliveryState::Expired { may_have_arrived: true });
    let retry = |confirmed: bool| {
        let (on_retry, id, ask) = (props.on_retry.clone(), id.clone(), asking.setter());
        move |_| {
            if risky && !confirmed {
                ask.set(true);
            } else {
                ask.set(false);
                on_retry.emit((id.clone(), confirmed));
            }
        }
    };
    let discard = {
        let (on_discard, id) = (props.on_discard.clone(), id.clone());
        move |_| on_discard.emit(id.clone())
    };
    html! {
        <li class="list__item" data-testid="outbox-item" data-message-id={message.update.id.clone()}>
            <div class="list__line">
                <span class="list__name">{ message_words(message, &names) }</span>
                <span class="list__meta">{ message.priority.as_str() }</span>
                <span class="list__meta"><RelativeTime at={message.created_at} /></span>
            </div>
            <div class="list__line">
                { send_state_mark(&state, if ended { Say::Explained } else { Say::Words }) }
                <span class="actions">
                    if *asking {
                        <button type="button" class="button button--small" onclick={retry(true)}>{ "Send again (may arrive twice)" }</button>
                    } else if ended {
                        <button type="button" class="button button--small" onclick={retry(false)} data-testid="outbox-retry">{ "Retry" }</button>
                    }
                    if ended || unsent {
                        <button type="button" class="button button--plain button--small" onclick={discard} data-testid="outbox-discard">{ "Discard" }</button>
                    }
                </span>
            </div>
        </li>
    }
}
