//! One message of a conversation.

use super::text::message_text;
use crate::components::marks::receipt_mark;
use crate::components::people::{Names, PersonName};
use crate::components::relative_time::RelativeTime;
use sentinelops_engine::{DeliveryState, Durability};
use sentinelops_realtime::{ChatEntry, MessageId, SendState};
use yew::prelude::*;

/// See [`ChatLine`].
#[derive(Properties, PartialEq)]
pub struct ChatLineProps {
    /// The message and what became of it.
    pub entry: ChatEntry,
    /// Send it again.
    pub on_retry: Callback<MessageId>,
    /// The person at this page.
    #[prop_or_default]
    pub me: Option<AttrValue>,
    /// An incident that the text names was chosen. Default: there are no links.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// Who, when, what; of an own one also how far it got.
#[component]
pub fn ChatLine(props: &ChatLineProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    let entry = &props.entry;
    let message = &entry.message;
    let failed = entry.send.as_ref().is_some_and(SendState::is_failed);
    let retry = {
        let (on_retry, id) = (props.on_retry.clone(), MessageId::from(&*entry.key));
        move |_| on_retry.emit(id.clone())
    };
    html! {
        <li class={classes!("bubble", entry.mine.then_some("bubble--own"))} data-testid="chat-message" data-message-id={message.id.clone()}>
            <div class="bubble__head">
                <span class="bubble__who">
                    if entry.mine { { "You" } } else { <PersonName id={message.sender_id.clone()} /> }
                </span>
                if message.timestamp > 0 { <RelativeTime at={message.timestamp} /> }
            </div>
            { message_text(&message.content, &names, props.me.as_deref(), props.on_incident.as_ref()) }
            if entry.mine {
                <div class="bubble__state">
                    { receipt_mark(&state(entry), entry.received, entry.read) }
                    if failed {
                        <button type="button" class="button button--small" onclick={retry} data-testid="message-retry">{ "Retry" }</button>
                    }
                </div>
            }
        </li>
    }
}

/// An own message of another page or an earlier visit has no state here: the server shows it, so it was delivered.
fn state(entry: &ChatEntry) -> SendState {
    let shown = || SendState { durability: Durability::Durable, delivery: DeliveryState::Delivered };
    entry.send.clone().unwrap_or_else(shown)
}
