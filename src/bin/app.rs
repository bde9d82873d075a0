//! The console, and every address that no other program has.

fn main() {
    sentinelops::program::run(sentinelops::pages::of_console);
}
