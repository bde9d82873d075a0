//! The simulator: `cargo xtask sim`, and the group of the same name.

use super::beside;
use super::steps::Steps;
use crate::run::cmd;
use crate::{root, run};
use anyhow::{Context, Result};

/// What the group runs: a name, and arguments of `cargo xtask sim`.
const RUNS: [(&str, &[&str]); 4] = [
    ("10,000 schedules", &[]),
    ("2,000 schedules of tabs", &["--tabs", "--seeds", "2000"]),
    ("storm of 10,000 clients", &["--storm", "10000"]),
    ("planted bugs", &["--mutants"]),
];

/// `cargo xtask sim …`.
pub fn sim(args: &[String]) -> Result<()> {
    let package = package(args);
    run::visible(cmd!("cargo run --quiet {package...} -- {args...}"))
}

pub fn group(steps: &mut Steps) {
    for (name, args) in RUNS {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        steps.run(name, || sim(&args));
    }
}

/// The same at idle priority, without a word; answers what the simulators printed.
pub fn beside() -> Result<String> {
    let mut output = String::new();
    for (name, args) in RUNS {
        // Built by itself, then run: cargo would hold its lock for as long as the simulator runs.
        run::beside(&format!("build for {name}"), beside::command("cargo").arg("build").args(package(args)))?;
        output += &run::beside(name, beside::command(program()).args(args)).context("simulator")?;
    }
    Ok(output)
}

fn package(args: &[impl AsRef<str>]) -> Vec<&'static str> {
    let mut package = vec!["--profile", "native", "--package", "sentinelops-sim"];
    if args.iter().any(|arg| arg.as_ref().starts_with("--mutants")) {
        // Engine and simulator are compiled once more for it, and kept beside those without planted bugs.
        package.extend(["--features", "mutants"]);
    }
    package
}

fn program() -> std::path::PathBuf {
    root::target().join("native/sentinelops-sim")
}
