//! What `send` gives back: the id of the message, and its end as a future.

use super::changes::{Changes, Dependency};
use super::{Client, WeakClient};
use crate::{MessageId, SendError};
use futures::channel::oneshot;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

/// A message that was sent. Dropping it changes nothing: the message is sent all the same.
///
/// ```
/// use sentinelops_realtime::{Client, Message};
///
/// async fn page_somebody(client: &Client) {
///     let sent = client.send(Message::chat("ops", "please look at inc-1012"));
///     log::info!("sent as {}", sent.id());
///     match sent.delivered().await {
///         Ok(()) => log::info!("the server has it"),
///         Err(error) => log::error!("{error}"),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct SentMessage {
    id: MessageId,
    client: WeakClient,
}

impl SentMessage {
    pub(super) fn new(id: MessageId, client: WeakClient) -> Self {
        Self { id, client }
    }

    /// Under which id; the key of [`use_send_state`](crate::use_send_state) and [`Client::send_state`].
    pub fn id(&self) -> MessageId {
        self.id.clone()
    }

    /// Waits until the message has ended: it may wait on this device for as long as the outbox keeps it. It does not
    /// keep the client alive.
    ///
    /// # Errors
    /// [`SendError::Ended`]: how it ended instead. [`SendError::Unknown`]: the client is gone, or no longer knows the
    /// message (it remembers the newest 1,000 that ended).
    pub fn delivered(&self) -> impl Future<Output = Result<(), SendError>> + use<> {
        let Self { id, client } = self.clone();
        async move {
            let Some(client) = client.upgrade() else { return Err(SendError::Unknown) };
            if let Some(end) = client.end_of(&id) {
                return end;
            }
            let (give, end) = oneshot::channel();
            let give = Cell::new(Some(give));
            let weak = client.downgrade();
            let watch = client.watch(
                vec![Dependency::Send(id.clone())],
                Rc::new(move |_: &Changes| {
                    let Some(end) = weak.upgrade().and_then(|client| client.end_of(&id)) else { return };
                    if let Some(give) = give.take() {
                        // Nobody waits any more: nothing to do.
                        let _ = give.send(end);
                    }
                }),
            );
            drop(client);
            let end = end.await.unwrap_or(Err(SendError::Unknown));
            drop(watch);
            end
        }
    }
}

impl PartialEq for SentMessage {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for SentMessage {}

impl fmt::Debug for SentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SentMessage").field(&self.id).finish()
    }
}

impl From<SentMessage> for MessageId {
    fn from(sent: SentMessage) -> Self {
        sent.id
    }
}

impl Client {
    /// How a message ended; `None`: it has not.
    fn end_of(&self, id: &MessageId) -> Option<Result<(), SendError>> {
        match self.send_state(id) {
            None => Some(Err(SendError::Unknown)),
            Some(state) if state.is_delivered() => Some(Ok(())),
            Some(state) if state.is_final() => Some(Err(SendError::Ended(state))),
            Some(_) => None,
        }
    }
}
