//! `use_outbox`: what waits, what failed, and what to do about it.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use crate::{Client, ClientError, List, MessageId};
use futures::future::LocalBoxFuture;
use sentinelops_engine::{MessageCounts, MessageInfo, StorageState};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_outbox`] gives.
///
/// ```
/// use sentinelops_realtime::{MessageId, UseOutboxHandle};
///
/// fn try_all_again(outbox: &UseOutboxHandle, failed: &[MessageId]) {
///     failed.iter().for_each(|id| outbox.retry(id));
/// }
/// # let _ = try_all_again;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseOutboxHandle {
    /// Everything not answered yet and everything that ended badly, of every tab of this user.
    pub messages: List<Rc<MessageInfo>>,
    /// How many are in which state.
    pub counts: MessageCounts,
    /// Whether what is queued survives a reload.
    pub storage: StorageState,
    /// How many saved records this build cannot read. They are kept, out of the way, until somebody
    /// deletes them.
    pub unreadable: u32,
    client: Client,
}

impl UseOutboxHandle {
    /// Tries a failed message again, under its own id: the server takes it once.
    ///
    /// ```
    /// use sentinelops_realtime::UseOutboxHandle;
    ///
    /// fn try_all_again(outbox: &UseOutboxHandle) {
    ///     let failed = outbox.messages.iter().filter(|message| message.update.delivery.is_final());
    ///     failed.for_each(|message| outbox.retry(&message.update.id.as_str().into()));
    /// }
    /// ```
    pub fn retry(&self, id: &MessageId) {
        self.client.retry(id, false);
    }

    /// Tries again what is too old for its id to be remembered, under a new one. It may have
    /// arrived already: ask the person first.
    ///
    /// ```
    /// use sentinelops_realtime::{MessageId, UseOutboxHandle};
    ///
    /// /// The person looked, and it is not there.
    /// fn did_not_arrive(outbox: &UseOutboxHandle, id: &MessageId) {
    ///     outbox.retry_confirmed(id);
    /// }
    /// ```
    pub fn retry_confirmed(&self, id: &MessageId) {
        self.client.retry(id, true);
    }

    /// Drops an unsent message, or one that failed.
    ///
    /// ```
    /// use sentinelops_realtime::{MessageId, UseOutboxHandle};
    ///
    /// fn never_mind(outbox: &UseOutboxHandle, id: &MessageId) {
    ///     outbox.discard(id);
    /// }
    /// ```
    pub fn discard(&self, id: &MessageId) {
        self.client.discard(id);
    }

    /// Everything in the list as JSON, for a file. It holds contents; it holds no token.
    ///
    /// ```
    /// use sentinelops_realtime::use_outbox;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Rescue() -> Html {
    ///     let outbox = use_outbox();
    ///     html! { <textarea readonly=true value={outbox.export()} /> }
    /// }
    /// ```
    pub fn export(&self) -> String {
        crate::export::outbox(&self.messages)
    }

    /// See [`Client::export_unreadable`].
    ///
    /// ```
    /// use sentinelops_realtime::{ClientError, use_outbox};
    /// use yew::platform::spawn_local;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Unreadable() -> Html {
    ///     let outbox = use_outbox();
    ///     let found = use_state(String::new);
    ///     let onclick = {
    ///         let (export, set) = (outbox.clone(), found.setter());
    ///         move |_: MouseEvent| {
    ///             let (asked, set) = (export.export_unreadable(), set.clone());
    ///             spawn_local(async move { set.set(asked.await.unwrap_or_else(|error: ClientError| error.to_string())) });
    ///         }
    ///     };
    ///     html! { <><button {onclick}>{ "What cannot be read" }</button><pre>{ &*found }</pre></> }
    /// }
    /// ```
    pub fn export_unreadable(&self) -> LocalBoxFuture<'static, Result<String, ClientError>> {
        self.client.export_unreadable()
    }

    /// See [`Client::discard_unreadable`].
    ///
    /// ```
    /// use sentinelops_realtime::{ClientError, UseOutboxHandle};
    ///
    /// /// Once somebody has them in a file.
    /// async fn tidy(outbox: &UseOutboxHandle) -> Result<(), ClientError> {
    ///     outbox.discard_unreadable().await
    /// }
    /// ```
    pub fn discard_unreadable(&self) -> LocalBoxFuture<'static, Result<(), ClientError>> {
        self.client.discard_unreadable()
    }
}

/// The outbox, live while a component shows it.
///
/// ```
/// use sentinelops_realtime::use_outbox;
/// use yew::prelude::*;
///
/// #[component]
/// fn Waiting() -> Html {
///     let outbox = use_outbox();
///     html! {
///         <ul>
///             for message in &outbox.messages {
///                 <li key={message.update.id.clone()}>{ &message.kind }</li>
///             }
///         </ul>
///     }
/// }
/// ```
#[hook]
pub fn use_outbox() -> UseOutboxHandle {
    let client = use_client();
    use_selected(&client, vec![Dependency::Status, Dependency::Outbox], |client| {
        let (messages, counts) = client.outbox();
        UseOutboxHandle {
            messages,
            counts,
            storage: client.status().storage.clone(),
            unreadable: client.status().unreadable,
            client: client.clone(),
        }
    })
}
