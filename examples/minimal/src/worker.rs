//! The background worker: it owns the WebSocket and the outbox.

fn main() {
    sentinelops_realtime::worker::worker_main();
}
