//! `cargo xtask test`: the groups, each ending in its runner's own summary; all are run, each step is timed, and the
//! failed are named, with their errors, at the end.

mod apps;
mod beside;
mod dependencies;
mod gateway;
mod groups;
mod guide;
mod publish;
mod running;
mod simulator;
mod steps;
mod worker;

pub use groups::{bench, screenshots};
pub use simulator::sim;

use crate::setup;
use anyhow::Result;
use beside::Beside;
use std::time::Instant;
use steps::Steps;

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Group {
    /// Format, clippy for both targets, documentation and its links, packages, dependencies
    Lint,
    /// Everything that needs neither browser nor simulator
    Native,
    /// 10,000 simulated schedules, 2,000 of tabs, a storm, every planted bug; beside wasm and e2e at idle priority
    Sim,
    /// Hooks and shells in Chromium and Firefox, in real workers; the guide's apps and the smallest one, served and opened
    Wasm,
    /// The built app against the real gateway in a real browser
    E2e,
    /// One test of e2e: an incident is seen on both pages
    Smoke,
    /// The end-to-end tests that take minutes each
    E2eLong,
    /// Gateways, NATS and one of its three servers killed under load, up to twenty times; 10,000 schedules of many gateways; peers that stay silent for 75 s
    Long,
    /// While you work: lint, native and smoke
    Quick,
}

impl Group {
    const ORDINARY: [Self; 5] = [Self::Lint, Self::Native, Self::Sim, Self::Wasm, Self::E2e];
    const QUICK: [Self; 3] = [Self::Lint, Self::Native, Self::Smoke];

    fn name(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Native => "native",
            Self::Sim => "sim",
            Self::Wasm => "wasm",
            Self::E2e => "e2e",
            Self::Smoke => "smoke",
            Self::E2eLong => "e2e-long",
            Self::Long => "long",
            Self::Quick => "quick",
        }
    }

    fn run(self, steps: &mut Steps) {
        match self {
            Self::Lint => groups::lint(steps),
            Self::Native => groups::native(steps),
            Self::Sim => simulator::group(steps),
            Self::Wasm => groups::wasm(steps),
            Self::E2e => groups::e2e(steps, groups::E2e::Ordinary),
            Self::Smoke => groups::e2e(steps, groups::E2e::Smoke),
            Self::E2eLong => groups::e2e(steps, groups::E2e::Long),
            Self::Long => groups::long(steps),
            Self::Quick => {}
        }
    }
}

/// The groups to run, in order, each once.
fn chosen(named: &[Group]) -> Vec<Group> {
    let mut chosen: Vec<Group> = Vec::new();
    let all = if named.is_empty() { &Group::ORDINARY[..] } else { named };
    for group in all.iter().flat_map(|group| match group {
        Group::Quick => Group::QUICK.to_vec(),
        group => vec![*group],
    }) {
        if !chosen.contains(&group) {
            chosen.push(group);
        }
    }
    chosen
}

pub fn run(named: &[Group]) -> Result<()> {
    let chosen = chosen(named);
    if let Err(error) = setup::run(&setup::NEEDS) {
        // A group that does without the missing thing can still say something.
        println!("{error:#}; running the groups all the same");
    }
    let began = Instant::now();
    let mut report = Report::default();
    let mut simulators = None;
    for (at, group) in chosen.iter().enumerate() {
        let waits = |group: &Group| matches!(group, Group::Wasm | Group::E2e | Group::E2eLong);
        if *group == Group::Sim && chosen[at + 1..].iter().any(waits) {
            println!("\n=== group sim begins at idle priority, beside those that follow ===");
            simulators = Some(Beside::start(simulator::beside));
            continue;
        }
        report.group(group.name(), |steps| group.run(steps));
    }
    if let Some(simulators) = simulators {
        report.group(Group::Sim.name(), |steps| {
            steps.run("simulators", || simulators.wait().map(|output| print!("{output}")));
        });
    }
    println!("\n{}\nall of it: {} s", report.lines.join("\n"), began.elapsed().as_secs());
    if !report.failed.is_empty() {
        anyhow::bail!("failed: {}", report.failed.join(", "));
    }
    Ok(())
}

#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed: Vec<&'static str>,
}

impl Report {
    fn group(&mut self, name: &'static str, run: impl FnOnce(&mut Steps)) {
        println!("\n=== group {name} ===");
        let began = Instant::now();
        let mut steps = Steps::default();
        run(&mut steps);
        let word = match steps.outcome() {
            Ok(()) => "ok".to_owned(),
            Err(error) => {
                self.failed.push(name);
                format!("FAILED: {error}")
            }
        };
        let line = format!("group {name}: {word} ({} s: {})", began.elapsed().as_secs(), steps.times());
        println!("{line}");
        self.lines.push(line);
        self.lines.extend(steps.errors());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_run_once_each_and_quick_stands_for_three() {
        let names = |named: &[Group]| chosen(named).into_iter().map(Group::name).collect::<Vec<_>>();
        assert_eq!(names(&[]), ["lint", "native", "sim", "wasm", "e2e"]);
        assert_eq!(names(&[Group::Native, Group::Quick]), ["native", "lint", "smoke"]);
    }
}
