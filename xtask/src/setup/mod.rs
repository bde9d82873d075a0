//! `cargo xtask setup`: everything a fresh machine lacks, and nothing it has.
//!
//! Each step looks first, says what it does and why, tries the ordinary way before a fallback, and when it fails
//! ends in a sentence on what to do by hand. The other steps still run, so one call shows all that is missing.

pub mod apt;
pub mod browser;
pub mod debian;
pub mod nats;
pub mod npm;
pub mod prometheus;
pub mod python;
pub mod toolchain;
pub mod tools;

use anyhow::Result;
use std::time::Instant;

/// One thing the project needs.
pub struct Need {
    /// What it is, for people.
    pub name: &'static str,
    /// Why it is needed.
    pub why: &'static str,
    /// What is there now.
    pub look: fn() -> Found,
    /// Makes it be there.
    pub get: fn() -> Result<()>,
    /// What to do by hand when `get` fails.
    pub by_hand: fn() -> String,
}

/// The answer of a look.
pub enum Found {
    /// There, with version and place.
    Yes(String),
    /// Not there, with what was seen instead.
    No(String),
}

/// Everything, in the order in which waiting hurts least: the compiler first.
pub const NEEDS: [Need; 14] = [
    toolchain::WASM_TARGET,
    toolchain::COMPONENTS,
    browser::CHROME,
    browser::FIREFOX,
    npm::NODE,
    npm::PACKAGES,
    python::WEBSOCKETS,
    tools::WASM_BINDGEN,
    tools::TRUNK,
    tools::WASM_PACK,
    tools::CARGO_DENY,
    tools::GECKODRIVER,
    prometheus::PROMETHEUS,
    nats::NATS,
];

/// What building and serving the app takes.
pub const FOR_BUILD: [Need; 5] =
    [toolchain::WASM_TARGET, npm::NODE, npm::PACKAGES, tools::WASM_BINDGEN, tools::TRUNK];

/// Sets up those that are missing; an error lists what could not be had.
pub fn run(needs: &[Need]) -> Result<()> {
    let began = Instant::now();
    let mut missing = Vec::new();
    let mut did = 0;
    for need in needs {
        let Found::No(seen) = (need.look)() else { continue };
        did += 1;
        println!("setup: {} ({seen}), needed {}", need.name, need.why);
        let step = Instant::now();
        let outcome = (need.get)().map(|()| (need.look)());
        match outcome {
            Ok(Found::Yes(what)) => println!("  done in {} s: {what}", step.elapsed().as_secs()),
            Ok(Found::No(seen)) => missing.push((need, seen)),
            Err(error) => {
                println!("  {error:#}");
                missing.push((need, "see above".to_owned()));
            }
        }
    }
    if missing.is_empty() {
        if did > 0 {
            println!("setup: complete after {} s", began.elapsed().as_secs());
        }
        return Ok(());
    }
    println!("setup: still missing:");
    for (need, seen) in &missing {
        println!("  {} ({seen})\n    by hand: {}", need.name, (need.by_hand)());
    }
    anyhow::bail!(
        "set-up is incomplete: {} of {} things are missing (listed above)",
        missing.len(),
        needs.len()
    )
}

/// `cargo xtask doctor`: the same looks, nothing changed.
pub fn doctor() -> Result<()> {
    let width = NEEDS.iter().map(|need| need.name.len()).max().unwrap_or(0);
    let mut missing = 0;
    for need in &NEEDS {
        match (need.look)() {
            Found::Yes(what) => println!("ok       {:width$}  {what}", need.name),
            Found::No(seen) => {
                missing += 1;
                println!("MISSING  {:width$}  {seen}; needed {}", need.name, need.why);
                println!("         {:width$}  by hand: {}", "", (need.by_hand)());
            }
        }
    }
    if missing > 0 {
        anyhow::bail!(
            "{missing} of {} things are missing: `cargo xtask setup` gets what it can",
            NEEDS.len()
        );
    }
    Ok(())
}
