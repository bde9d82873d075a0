//! Every developer task of SentinelOps. `cargo xtask` lists them.

mod root;
mod run;
mod setup;
mod versions;

use clap::{Parser, Subcommand};

/// Every developer task of SentinelOps.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what this machine lacks; under 3 s when nothing is missing
    Setup,
    /// Says what is there, what is missing and how to get it
    Doctor,
}

fn main() -> std::process::ExitCode {
    let outcome = match Cli::parse().task {
        Task::Setup => setup::run(),
        Task::Doctor => setup::doctor(),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
