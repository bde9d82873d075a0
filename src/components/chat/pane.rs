//! The conversation: log, who types, composer.

use super::{ChatLine, Composer};
use crate::components::hooks::{use_follow, use_lost, use_total, use_visible};
use crate::components::icon::{Icon, icon_mark};
use crate::components::panel::{Awaited, empty, withdrawn};
use crate::components::people::Names;
use crate::words::doing;
use sentinelops_realtime::{ChatEntry, MessageId, SendState, use_chat, use_client};
use yew::prelude::*;

/// Enough to look back over some screens; in a flood every one of them is new at each frame, so more would cost.
const SHOWN: usize = 80;

/// See [`ChatPane`].
#[derive(Properties, PartialEq)]
pub struct ChatPaneProps {
    /// Which conversation.
    pub conversation: AttrValue,
    /// An incident that a message names was chosen. Default: there are no links.
    #[prop_or_default]
    pub on_incident: Option<Callback<AttrValue>>,
}

/// Follows the newest message, marks what is seen as read, tells the others while one writes.
#[component]
pub fn ChatPane(props: &ChatPaneProps) -> Html {
    let chat = use_chat(&props.conversation);
    let names = use_context::<Names>().unwrap_or_default();
    let me = use_client().user().map(|user| AttrValue::from(user.to_owned()));
    let total = use_total(&chat.feed.items, |entry| &entry.key);
    let follow = use_follow(total);
    let arrived = |entry: &ChatEntry| entry.send.as_ref().is_none_or(SendState::is_delivered);
    let lost =
        use_lost(chat.feed.items.iter().map(|entry| Some(&*entry.key).filter(|_| arrived(entry))), SHOWN);
    let jump = follow.jump.clone();

    // Seen is what stands at the end of the log while the person is there.
    let visible = use_visible();
    use_effect_with((chat.feed.items.clone(), follow.unseen, chat.feed.is_connected, visible), {
        let chat = chat.clone();
        move |(messages, unseen, connected, visible)| {
            if *visible && *connected && *unseen == 0 && messages.iter().any(|entry| !entry.mine) {
                chat.mark_read();
            }
        }
    });
    let on_retry = use_callback(chat.clone(), |id: MessageId, chat| chat.retry(&id));
    let on_send = {
        let (chat, jump) = (chat.clone(), jump.clone());
        Callback::from(move |text: String| {
            chat.send_message(&text);
            jump.emit(());
        })
    };
    let on_typing = use_callback(chat.clone(), |(), chat| chat.send_typing());
    let hidden = chat.feed.items.len().saturating_sub(SHOWN);
    html! {
        <div class="chat" data-testid="chat" data-conversation={props.conversation.clone()}>
            <div class="anchor">
                <div class="panel__body" ref={follow.scroller} tabindex="0" role="log" aria-relevant="additions" aria-label="Conversation" data-testid="chat-log">
                    if lost > 0 {
                        <p class="hint chat__lost" data-testid="chat-lost">{ lost_words(lost) }</p>
                    }
                    if !chat.feed.items.is_empty() {
                        { withdrawn(chat.feed.error.as_ref()) }
                        <ol class="chat__log">
                            { for chat.feed.items.iter().skip(hidden).map(|entry| html! {
                                <ChatLine key={&*entry.key} entry={entry.clone()} on_retry={on_retry.clone()} me={me.clone()} on_incident={props.on_incident.clone()} />
                            }) }
                        </ol>
                    } else if chat.feed.is_loaded || (chat.feed.is_connected && chat.feed.error.is_none()) {
                        { empty(Icon::Team, "No messages yet", "Messages are kept with the conversation.") }
                    } else {
                        <Awaited what="The messages" rows={3} error={chat.feed.error.clone()} />
                    }
                </div>
                if follow.unseen > 0 {
                    <button type="button" class="button float" onclick={move |_| jump.emit(())} data-testid="chat-new">
                        { icon_mark(Icon::Down, 14) }
                        <span class="num">{ format!("{} new", follow.unseen) }</span>
                    </button>
                }
            </div>
            <p class="chat__typing" data-testid="chat-typing">{ doing(chat.typing.iter().map(|who| names.of(who)), "typing") }</p>
            <Composer key={props.conversation.to_string()} conversation={props.conversation.clone()} label="Message to the conversation" {on_send} {on_typing} />
        </div>
    }
}

fn lost_words(lost: u64) -> String {
    let messages = if lost == 1 { "message that stood here is" } else { "messages that stood here are" };
    format!("{lost} {messages} no longer in what the server keeps.")
}
