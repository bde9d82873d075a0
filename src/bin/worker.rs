//! The worker: connection, outbox and state of what is subscribed, away from the page's thread.

fn main() {
    sentinelops_realtime::worker::worker_main();
}
