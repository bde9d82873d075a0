//! `cargo xtask test`: the groups, each ending in its runner's own summary; all are run, and the failed are named.

mod apps;
mod gateway;
mod groups;
mod guide;
mod publish;
mod running;
mod testids;
mod worker;

pub use groups::{bench, sim};

use crate::setup;
use anyhow::Result;
use std::time::Instant;

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Group {
    /// Format, clippy for both targets, documentation, packages
    Lint,
    /// Everything that needs no browser: 10,000 simulated schedules and every planted bug too
    Native,
    /// Hooks and shells in a real browser and a real worker; the guide's apps and the smallest one, served and opened
    Wasm,
    /// The built app against the real gateway in a real browser
    E2e,
    /// The end-to-end tests that take minutes each
    E2eLong,
    /// The gateway killed under load, twenty times; peers that stay silent for 75 s
    Long,
}

impl Group {
    const ORDINARY: [Self; 4] = [Self::Lint, Self::Native, Self::Wasm, Self::E2e];

    fn name(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::E2e => "e2e",
            Self::E2eLong => "e2e-long",
            Self::Long => "long",
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Lint => groups::lint(),
            Self::Native => groups::native(),
            Self::Wasm => groups::wasm(),
            Self::E2e => groups::e2e(false),
            Self::E2eLong => groups::e2e(true),
            Self::Long => groups::long(),
        }
    }
}

pub fn run(chosen: &[Group]) -> Result<()> {
    let chosen = if chosen.is_empty() { &Group::ORDINARY[..] } else { chosen };
    if let Err(error) = setup::run(&setup::NEEDS) {
        // A group that does without the missing thing can still say something.
        println!("{error:#}; running the groups all the same");
    }
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for group in chosen {
        println!("\n=== group {} ===", group.name());
        let began = Instant::now();
        let outcome = group.run();
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        if let Err(error) = outcome {
            println!("error: {error:#}");
            failed.push(group.name());
        }
        let line = format!("group {}: {word} ({} s)", group.name(), began.elapsed().as_secs());
        println!("{line}");
        lines.push(line);
    }
    println!("\n{}", lines.join("\n"));
    if !failed.is_empty() {
        anyhow::bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
