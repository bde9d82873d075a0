//! `use_chat`: a conversation, with what became of one's own messages.

use super::feed::{Feed, UseFeedHandle, UseFeedOptions, passing, use_feed, use_feed_events, use_feed_if};
use crate::fold::ChatView;
use crate::{ChatEntry, Client, List, Message, MessageId, SentMessage, Watermarks};
use sentinelops_protocol::domain::ChatMessage;
use sentinelops_protocol::{Channel, Payload, Subject};
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
    /// The newest messages (500 at most), oldest first; own ones the server has not taken yet last. One that was handed
    /// over to a basic server stands at the time it left.
    pub feed: UseFeedHandle<ChatEntry>,
    /// Users who are typing now, oneself left out.
    pub typing: List<Rc<str>>,
    /// Up to where each user received and read.
    pub receipts: Rc<Watermarks>,
    conversation: Rc<str>,
}

impl UseChatHandle {
    fn new(client: &Client, feed: Feed, view: ChatView, conversation: Rc<str>) -> Self {
        let ChatView { messages, typing, receipts } = view;
        Self { feed: UseFeedHandle::new(client, feed, messages), typing, receipts, conversation }
    }

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
        self.feed.client.send(Message::chat(&self.conversation, content))
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
        self.feed.client.mark_read(&self.conversation)
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
    ///     html! { <input oninput={move |_| chat.send_typing()} /> }
    /// }
    /// ```
    pub fn send_typing(&self) {
        self.feed.client.send_typing(&self.conversation);
    }

    /// Sends a failed message again, under its own id: the server takes it once.
    ///
    /// ```
    /// use sentinelops_realtime::UseChatHandle;
    ///
    /// fn try_all_again(chat: &UseChatHandle) {
    ///     for entry in &chat.feed.items {
    ///         if entry.send.as_ref().is_some_and(|state| state.is_failed()) {
    ///             chat.retry(&(&*entry.key).into());
    ///         }
    ///     }
    /// }
    /// ```
    pub fn retry(&self, id: &MessageId) {
        self.feed.client.retry(id, false);
    }

    /// The conversation.
    ///
    /// ```
    /// use sentinelops_realtime::UseChatHandle;
    ///
    /// fn title(chat: &UseChatHandle) -> String {
    ///     format!("{} ({})", chat.conversation(), chat.feed.items.len())
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
        &self.feed.client
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
///                 for entry in &chat.feed.items {
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
    let (conversation, subject) = of_conversation(conversation);
    use_feed(subject.clone(), move |client, feed| {
        UseChatHandle::new(client, feed, client.chat(&subject), conversation.clone())
    })
}

/// Some messages of a conversation, or none while it is switched off: see [`UseFeedOptions`].
///
/// ```
/// use sentinelops_realtime::{ChatEntry, UseFeedOptions, use_chat_with};
/// use yew::prelude::*;
///
/// #[component]
/// fn Mine() -> Html {
///     let chat = use_chat_with("conv-1", UseFeedOptions::default().filter(|entry: &ChatEntry| entry.mine));
///     html! { <p>{ chat.feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_chat_with(conversation: &str, options: UseFeedOptions<ChatEntry>) -> UseChatHandle {
    let (conversation, subject) = of_conversation(conversation);
    let last = use_mut_ref(List::default);
    use_feed_if(options.enabled, subject.clone(), move |client, feed| {
        let mut view = if options.enabled { client.chat(&subject) } else { ChatView::default() };
        view.messages = passing(&last, view.messages, options.filter.as_deref());
        UseChatHandle::new(client, feed, view, conversation.clone())
    })
}

fn of_conversation(conversation: &str) -> (Rc<str>, Subject) {
    (conversation.into(), Subject::topic(Channel::Chat, conversation))
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
///     html! { <p>{ chat.feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_chat_messages<F>(conversation: &str, on_message: F) -> UseChatHandle
where
    F: Fn(Rc<ChatMessage>) + 'static,
{
    use_events(conversation, UseFeedOptions::default(), on_message);
    use_chat(conversation)
}

/// The same for some of them, or for none while it is switched off: what the filter hides is neither listed nor called for.
///
/// ```
/// use sentinelops_realtime::{ChatEntry, UseFeedOptions, use_chat_messages_with};
/// use yew::prelude::*;
///
/// #[component]
/// fn OfOthers() -> Html {
///     let options = UseFeedOptions::default().filter(|entry: &ChatEntry| !entry.mine);
///     let chat = use_chat_messages_with("conv-1", options, |message| log::info!("{}", message.content));
///     html! { <p>{ chat.feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_chat_messages_with<F>(
    conversation: &str,
    options: UseFeedOptions<ChatEntry>,
    on_message: F,
) -> UseChatHandle
where
    F: Fn(Rc<ChatMessage>) + 'static,
{
    use_events(conversation, options.clone(), on_message);
    use_chat_with(conversation, options)
}

#[hook]
fn use_events<F>(conversation: &str, options: UseFeedOptions<ChatEntry>, on_message: F)
where
    F: Fn(Rc<ChatMessage>) + 'static,
{
    let subject = Subject::topic(Channel::Chat, conversation);
    use_feed_events(options.enabled, subject.clone(), move |client, event| {
        let Payload::Chat(message) = &event.payload else { return };
        let is_hidden = options.filter.is_some() && {
            let shown = client.chat(&subject).messages;
            shown.iter().any(|entry| entry.message.id == message.id && !options.shows(entry))
        };
        if !is_hidden {
            on_message(Rc::new(message.clone()));
        }
    });
}
