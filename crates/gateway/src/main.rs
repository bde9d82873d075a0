//! The gateway program. `--help` lists the flags; `docs/operations.md` explains them.

use clap::{Parser, Subcommand};
use sentinelops_gateway::server::{
    ConfigErrors, RecordsArgs, Settings, TokenArgs, is_in_use, print_records, run, token,
};
use std::process::ExitCode;

/// The SentinelOps gateway: a WebSocket server for the live operations console.
///
/// Every setting is a flag, an environment variable and a key of the file of --config; a flag wins over the
/// environment, the environment over the file.
#[derive(Debug, Parser)]
#[command(name = "sentinelops-gateway", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Token(TokenArgs),
    Records(RecordsArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { settings, command } = Cli::parse();
    let ended = match command {
        Some(Command::Token(args)) => token(settings, &args).await,
        Some(Command::Records(args)) => print_records(&args),
        None => run(settings).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sentinelops-gateway: {error:#}");
            if error.is::<ConfigErrors>() || is_in_use(&error) {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
