//! `use_chat`: a conversation, with what became of one's own messages.

use super::feed::{use_feed, use_feed_events};
use crate::{ChatEntry, Client, ClientError, List, Message, MessageId, SentMessage, Watermarks};
use sentinelops_protocol::domain::ChatMessage;
use sentinelops_protocol::{Channel, Payload, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_chat`] gives.
///
/// ```
/// use sentinelops_realtime::UseChatHandle;
///
/// fn answer(chat: &UseChatHandle) {
///     chat.mark_read();
///     let sent = chat.send_message("on it");
///     log::info!("sent as {}", sent.id());
/// }
/// # let _ = answer;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseChatHandle {
    /// The newest messages (500 at most), oldest first; own ones the server has not taken yet last. What
    /// was handed over to a basic server stands at the time it left.
    pub messages: List<ChatEntry>,
    /// Who types right now, oneself left out.
    pub typing: List<Rc<str>>,
    /// Up to where each user received and read.
    pub receipts: Rc<Watermarks>,
    /// The state arrived: an empty list means there are none.
    pub is_loaded: bool,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// How the state came about: `None` until it arrived. `Gap`: some are gone for good.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    /// The last message since the state arrived that does not fit its type, and so is not in it:
    /// where, what was expected, what was found.
    pub problem: Option<Rc<Problem>>,
    conversation: Rc<str>,
    client: Client,
}

impl UseChatHandle {
    /// Sends a message to the conversation. It shows at once, with its state.
    ///
    /// ```
    /// use sentinelops_realtime::{UseChatHandle, SentMessage};
    ///
    /// fn greet(chat: &UseChatHandle) -> SentMessage {
    ///     chat.send_message("hello")
    /// }
    /// ```
    pub fn send_message(&self, content: &str) -> SentMessage {
        self.client.send(Message::chat(&self.conversation, content))
    }

    /// Tells the others that one has read everything shown now. Nothing is sent when nothing is
    /// new. `None`: nothing was.
    ///
    /// ```
    /// use sentinelops_realtime::UseChatHandle;
    ///
    /// /// When the conversation is scrolled to its end.
    /// fn at_the_end(chat: &UseChatHandle) {
    ///     chat.mark_read();
    /// }
    /// ```
    pub fn mark_read(&self) -> Option<SentMessage> {
        self.client.mark_read(&self.conversation)
    }

    /// Tells the others that one is typing; at most once in 3 s, however often it is called.
    ///
    /// ```
    /// use sentinelops_realtime::use_chat;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Line() -> Html {
    ///     let chat = use_chat("conv-1");
    ///     html! { <input oninput={move |_| chat.set_typing()} /> }
    /// }
    /// ```
    pub fn set_typing(&self) {
        self.client.typing(&self.conversation);
    }

    /// Sends a failed message again, under its own id: the server takes it once.
    ///
    /// ```
    /// use sentinelops_realtime::UseChatHandle;
    ///
    /// fn try_all_again(chat: &UseChatHandle) {
    ///     for entry in &chat.messages {
    ///         if entry.send.as_ref().is_some_and(|state| state.is_failed()) {
    ///             chat.retry(&(&*entry.key).into());
    ///         }
    ///     }
    /// }
    /// ```
    pub fn retry(&self, id: &MessageId) {
        self.client.retry(id, false);
    }

    /// The conversation.
    ///
    /// ```
    /// use sentinelops_realtime::UseChatHandle;
    ///
    /// fn title(chat: &UseChatHandle) -> String {
    ///     format!("{} ({})", chat.conversation(), chat.messages.len())
    /// }
    /// ```
    pub fn conversation(&self) -> &str {
        &self.conversation
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Priority;
    /// use sentinelops_realtime::{Message, UseChatHandle};
    ///
    /// fn shout(chat: &UseChatHandle, words: &str) {
    ///     chat.client().send(Message::chat(chat.conversation(), words).priority(Priority::Critical));
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// A conversation: messages, receipts, who types.
///
/// ```
/// use sentinelops_realtime::use_chat;
/// use yew::prelude::*;
///
/// #[component]
/// fn Chat() -> Html {
///     let chat = use_chat("conv-1");
///     let greet = {
///         let chat = chat.clone();
///         move |_| {
///             chat.send_message("hello");
///         }
///     };
///     html! {
///         <>
///             <ol>
///                 for entry in &chat.messages {
///                     <li key={&*entry.key}>{ format!("{} ({})", entry.message.content, entry.label()) }</li>
///                 }
///             </ol>
///             <button onclick={greet}>{ "Greet" }</button>
///         </>
///     }
/// }
/// ```
#[hook]
pub fn use_chat(conversation: &str) -> UseChatHandle {
    let conversation: Rc<str> = conversation.into();
    let subject = Subject::topic(Channel::Chat, &*conversation);
    use_feed(subject.clone(), move |client, feed| {
        let view = client.chat(&subject);
        UseChatHandle {
            messages: view.messages,
            typing: view.typing,
            receipts: view.receipts,
            is_loaded: feed.is_loaded,
            is_connected: feed.is_connected,
            continuity: feed.continuity,
            error: feed.error,
            problem: feed.problem,
            conversation: conversation.clone(),
            client: client.clone(),
        }
    })
}

/// A conversation, and a call for each message from the moment of mounting on (own ones included,
/// when the server took them).
///
/// ```
/// use sentinelops_realtime::use_chat_messages;
/// use yew::prelude::*;
///
/// #[component]
/// fn Chat() -> Html {
///     let chat = use_chat_messages("conv-1", |message| log::info!("{}", message.content));
///     html! { <p>{ chat.messages.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_chat_messages<F>(conversation: &str, on_message: F) -> UseChatHandle
where
    F: Fn(Rc<ChatMessage>) + 'static,
{
    use_feed_events(Subject::topic(Channel::Chat, conversation), move |_, event| {
        if let Payload::Chat(message) = &event.payload {
            on_message(Rc::new(message.clone()));
        }
    });
    use_chat(conversation)
}
