//! The display at `/wall`. It sends nothing: its provider is told so.

fn main() {
    sentinelops::program::run_wall();
}
