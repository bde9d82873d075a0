//! The background worker: it owns the WebSocket and the outbox.

fn main() {
    sentinelops::worker::worker_main();
}
