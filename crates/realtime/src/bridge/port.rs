//! The way to a worker, whatever it is.

use super::{FromWorker, ToWorker};
use std::rc::Rc;

/// What comes out of a port.
#[derive(Clone, Debug, PartialEq)]
pub enum PortEvent {
    /// A message of the worker.
    Message(FromWorker),
    /// The worker cannot be reached or died. In words, for people: missing (404), blocked by the
    /// content security policy, of another build, trapped.
    Failed(PortFailure),
}

/// Why a port failed.
///
/// ```
/// use sentinelops_realtime::PortFailure;
/// use sentinelops_realtime::testing::FakeConnection;
///
/// /// The worker's files were not deployed.
/// async fn missing(connection: &FakeConnection) {
///     connection.fail_worker(PortFailure::Missing("404".to_owned()));
///     connection.settle().await;
/// }
/// # let _ = missing;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortFailure {
    /// The script could not be loaded (404, network, content type).
    #[error("the background worker could not be loaded ({0})")]
    Missing(String),
    /// The browser refused to start it (content security policy, Trusted Types).
    #[error("the browser refused to start the background worker ({0})")]
    Blocked(String),
    /// It speaks another build's language.
    #[error("the background worker is of another build ({0})")]
    OtherBuild(String),
    /// It trapped (panicked).
    #[error("the background worker crashed ({0})")]
    Crashed(String),
}

/// Called for each [`PortEvent`], never from inside [`Port::send`].
pub type PortListener = Rc<dyn Fn(PortEvent)>;

/// One worker, as the client handle sees it. Real: `WorkerPort`. In the page: `LocalPort` (feature `in_page`).
/// For tests: `testing::FakePort`.
pub trait Port {
    /// Hands a message over. Never blocks, never fails loudly: failures come as [`PortEvent::Failed`].
    fn send(&self, message: ToWorker);

    /// Ends the worker at once, frees its lock and database. It reports nothing afterwards.
    fn terminate(&self);
}
