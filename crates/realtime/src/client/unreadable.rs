//! Stored records that cannot be read: shown to people by the worker, on demand.

use super::Client;
use crate::bridge::ToWorker;
use crate::{ClientError, export};
use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use sentinelops_engine::{StoreError, UnreadableRecord};

/// What the worker answers.
type Answer = Result<Vec<UnreadableRecord>, StoreError>;

/// Somebody who waits for it; the worker answers in the order it was asked.
pub(super) type Asked = oneshot::Sender<Answer>;

impl Client {
    /// Saved records that this build cannot read, as JSON for a file: where each lay, its key, its bytes
    /// in hexadecimal digits, and when it was set aside (ms since the epoch; `null`: not yet). The bytes
    /// may hold contents of messages, so this is for a person to decide. An error when worker or store
    /// are not there.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// async fn report(client: &Client) -> Option<String> {
    ///     client.export_unreadable().await.ok()
    /// }
    /// # let _ = report;
    /// ```
    pub fn export_unreadable(&self) -> LocalBoxFuture<'static, Result<String, ClientError>> {
        let asked = self.ask_unreadable(ToWorker::ReadUnreadable);
        let now = self.platform().wall();
        Box::pin(async move { Ok(export::unreadable(now, &asked.await?)) })
    }

    /// Deletes the records that cannot be read, for good and in all tabs. It happens whether the future
    /// is awaited or not; the future says whether it did.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// async fn clean_up(client: &Client) {
    ///     if let Err(error) = client.discard_unreadable().await {
    ///         println!("{error}");
    ///     }
    /// }
    /// # let _ = clean_up;
    /// ```
    pub fn discard_unreadable(&self) -> LocalBoxFuture<'static, Result<(), ClientError>> {
        self.note("unreadable records are deleted");
        let asked = self.ask_unreadable(ToWorker::DiscardUnreadable);
        Box::pin(async move { asked.await.map(drop) })
    }

    fn ask_unreadable(
        &self,
        message: ToWorker,
    ) -> LocalBoxFuture<'static, Result<Vec<UnreadableRecord>, ClientError>> {
        let (send, answer) = oneshot::channel();
        if self.state().worker.port.is_some() {
            self.state_mut().unreadable.push_back(send);
            self.post(message);
        }
        Box::pin(async move {
            let gone = || StoreError::Dead("the background worker is not running; try again".to_owned());
            answer.await.unwrap_or_else(|_| Err(gone())).map_err(ClientError::Storage)
        })
    }

    pub(super) fn unreadable_answered(&self, answer: Answer) {
        let asked = self.state_mut().unreadable.pop_front();
        if let Some(asked) = asked {
            // Who asked may be gone.
            let _ = asked.send(answer);
        }
    }
}
