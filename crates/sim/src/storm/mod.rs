//! A reconnect storm: thousands of real engines lose the same server at once.
//!
//! Only as much world as the way back needs: a clock, a fixed delay, a server that takes dials or
//! refuses them. The delays are the engine's own, through its own backoff, windows and timers.

mod crowd;

use crowd::{Crowd, Tally};
use std::process::ExitCode;

/// What happens to the server.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// For the table.
    pub name: &'static str,
    /// How long it is gone, ms.
    pub down_ms: u64,
    /// The window that its goodbye names, ms; 0: it goes without a word.
    pub window_ms: u64,
    /// Share of the clients accepted in the worst 100 ms that is allowed, in per cent.
    pub worst_percent: f64,
}

/// The four of the table.
pub const SCENES: [Scene; 4] = [
    Scene { name: "restart", down_ms: 0, window_ms: 0, worst_percent: 6.0 },
    Scene { name: "30 s outage", down_ms: 30_000, window_ms: 0, worst_percent: 6.0 },
    Scene { name: "120 s outage", down_ms: 120_000, window_ms: 0, worst_percent: 6.0 },
    Scene { name: "restart, 10 s window", down_ms: 0, window_ms: 10_000, worst_percent: 1.5 },
];

/// 99 of 100 clients must be back so soon after the server is.
const T99_MS: u64 = 30_000;

/// Runs a scene with so many clients.
pub fn run(scene: &Scene, clients: u32, seed: u64) -> Tally {
    Crowd::new(clients, seed).play(scene)
}

/// Whether a tally is within its targets.
pub fn holds(scene: &Scene, tally: &Tally) -> bool {
    tally.worst_percent <= scene.worst_percent
        && tally.t99_ms <= T99_MS
        && tally.given_up == 0
        && tally.outside == 0
}

/// Prints the table; fails when a target is missed.
pub fn main(clients: u32, seed: u64) -> ExitCode {
    let start = std::time::Instant::now();
    println!("{clients} clients, default options, seed {seed}\n");
    println!("| scene | worst 100 ms | allowed | t99 | dials per client | given up | outside the window |");
    println!("|---|---|---|---|---|---|---|");
    let mut good = true;
    for scene in &SCENES {
        let tally = run(scene, clients, seed);
        let held = holds(scene, &tally);
        good &= held;
        println!(
            "| {} | {:.2} % | {:.1} % | {:.1} s | {:.2} | {} | {} |{}",
            scene.name,
            tally.worst_percent,
            scene.worst_percent,
            tally.t99_ms as f64 / 1000.0,
            tally.dials_per_client,
            tally.given_up,
            tally.outside,
            if held { "" } else { " MISSED" },
        );
    }
    println!("\n{:.1} s", start.elapsed().as_secs_f64());
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
