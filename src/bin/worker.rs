//! The worker.

fn main() {
    gloo::console::log!("worker started, build", env!("SENTINELOPS_BUILD_ID"));
}
