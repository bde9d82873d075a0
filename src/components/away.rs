//! Whether there is a connection to wait for.

use sentinelops_engine::{Cause, ConnectionState};
use sentinelops_realtime::{UseConnectionHandle, WorkerHealth};

/// The connection is down, or was not asked for. A first dial, and a worker that still starts, are waited for.
pub fn is_away(connection: &UseConnectionHandle) -> bool {
    let status = &connection.status;
    let running = connection.worker == WorkerHealth::Running || status.cause == Cause::SignedOut;
    running
        && match status.state {
            ConnectionState::Connected => false,
            // No message from the worker yet.
            ConnectionState::Disconnected => status.cause != Cause::None,
            ConnectionState::Connecting => status.attempts > 1,
            _ => true,
        }
}
