//! The simulator's command line: see `docs/simulation.md`.

use clap::Parser;
use sentinelops_sim::run::{Failure, Kind, OneWorker, TAME, run_many, run_seed};
use sentinelops_sim::script::{Script, format_keep, parse_keep};
use sentinelops_sim::shrink::shrink;
use sentinelops_sim::storm;
use sentinelops_sim::tabs::Tabs;
use std::process::ExitCode;
use std::time::Instant;

/// Runs seeded schedules against the real engine and the gateway's real core.
#[derive(Debug, Parser)]
#[command(name = "sentinelops-sim", version)]
struct Args {
    /// How many schedules (with --mutants: at most so many each).
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these lines of the script, e.g. 3,5-9.
    #[arg(long)]
    keep: Option<String>,
    /// Print the story of every failing schedule as it is, unshrunk.
    #[arg(long)]
    whole: bool,
    /// Find as many failing schedules before stopping.
    #[arg(long, default_value_t = 1)]
    failures: usize,
    /// Several tabs of one browser instead of one worker.
    #[arg(long)]
    tabs: bool,
    /// Plant these known bugs, or every one, and see that they are found.
    #[arg(long, num_args = 0.., value_name = "NAME")]
    mutants: Option<Vec<String>>,
    /// So many clients through restarts and outages.
    #[arg(long, value_name = "CLIENTS")]
    storm: Option<u32>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // A panic inside a schedule is reported with its seed, not in the middle of other output.
    if args.seeds != Some(1) {
        std::panic::set_hook(Box::new(|_| {}));
    }
    match (&args.storm, &args.mutants) {
        (Some(clients), _) => storm::main(*clients, args.seed),
        (None, Some(names)) => mutants(names, &args),
        (None, None) if args.tabs => schedules::<Tabs>(&args),
        (None, None) => schedules::<OneWorker>(&args),
    }
}

fn schedules<K: Kind>(args: &Args) -> ExitCode {
    if let Some(keep) = &args.keep {
        return match parse_keep(keep) {
            Ok(keep) => one::<K>(&K::generate(args.seed).kept(&keep), args),
            Err(error) => {
                eprintln!("--keep: {error}");
                ExitCode::from(2)
            }
        };
    }
    let count = args.seeds.unwrap_or(10_000);
    if count == 1 {
        if let Some(violation) = run_seed::<K>(args.seed).0.violation.filter(|v| v.invariant == TAME) {
            println!("seed {}: a schedule with too little in it: {}", args.seed, violation.detail);
            return ExitCode::FAILURE;
        }
        return one::<K>(&K::generate(args.seed), args);
    }
    let start = Instant::now();
    let (failures, summary) = run_many::<K>(args.seed, count, args.failures);
    let seconds = start.elapsed().as_secs_f64();
    if failures.is_empty() {
        let rate = count as f64 / seconds;
        println!(
            "{count} schedules, 0 violations, {} steps, {seconds:.1} s, {rate:.0} schedules/s (seeds {} to {})",
            summary.steps,
            args.seed,
            args.seed + count - 1
        );
        if let Some(tally) = summary.tally {
            let each = |all: u64| all as f64 / count as f64;
            println!(
                "on average {:.1} queued sends, {:.1} faults that took hold, {:.1} restarts, {:.1} simulated minutes, {:.1} bad ends judged",
                each(tally.sends),
                each(tally.faults),
                each(tally.restarts),
                each(tally.ms) / 60_000.0,
                each(tally.bad_ends)
            );
        }
        return ExitCode::SUCCESS;
    }
    for failure in &failures {
        report::<K>(failure, args);
    }
    println!("\n{} violations in {seconds:.1} s:", failures.len());
    for Failure { seed, violation } in &failures {
        println!("  seed {seed}: {} at {} ms: {}", violation.invariant, violation.at, violation.detail);
    }
    ExitCode::FAILURE
}

fn report<K: Kind>(failure: &Failure, args: &Args) {
    // One story is enough to read; of the others the last lines name seed and invariant.
    // Of one with too little in it there is none.
    if args.failures > 1 && !args.whole || failure.violation.invariant == TAME {
        return;
    }
    let script = K::generate(failure.seed);
    if args.whole {
        one::<K>(&script, args);
    } else {
        let small = shrink::<K>(&script, failure.violation.invariant, 400);
        one::<K>(&small, args);
    }
}

fn one<K: Kind>(script: &Script, args: &Args) -> ExitCode {
    let seed = script.setup.seed;
    let mut script = script.clone();
    let mut outcome = K::run(&script, true);
    let Some(mut violation) = outcome.violation.clone() else {
        println!("seed {seed}: holds, {} steps", outcome.steps);
        return ExitCode::SUCCESS;
    };
    if args.keep.is_none() && !args.whole && script.entries.len() > 40 {
        script = shrink::<K>(&script, violation.invariant, 400);
        outcome = K::run(&script, true);
        violation = outcome.violation.unwrap_or(violation);
    }
    println!("seed {seed}: {:?}\n", script.setup);
    for line in &outcome.story {
        println!("{line}");
    }
    println!("\nviolated: {} at {} ms: {}", violation.invariant, violation.at, violation.detail);
    let keep = format_keep(&script.numbers());
    println!("again: cargo xtask sim{} --seed {seed} --seeds 1 --keep {keep}", K::FLAG);
    ExitCode::FAILURE
}

#[cfg(feature = "mutants")]
fn mutants(names: &[String], args: &Args) -> ExitCode {
    sentinelops_sim::mutants::main(names, args.seed, args.seeds.unwrap_or(4_000))
}

#[cfg(not(feature = "mutants"))]
fn mutants(_: &[String], _: &Args) -> ExitCode {
    eprintln!("This build has no planted bugs. Run: cargo xtask sim --mutants");
    ExitCode::from(2)
}
