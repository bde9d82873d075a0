//! The gateway program. `--help` lists the flags; `docs/operations.md` explains them.

use clap::Parser;
use sentinelops_gateway::server::{Options, is_in_use, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sentinelops-gateway: {error:#}");
            if is_in_use(&error) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}
