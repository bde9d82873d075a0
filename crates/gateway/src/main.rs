//! The gateway program. `--help` lists the flags; `docs/operations.md` explains them.

use clap::{Parser, Subcommand};
use sentinelops_gateway::load::{LoadArgs, NotMeasured, load};
use sentinelops_gateway::server::{
    ConfigErrors, ExportArgs, RecordsArgs, Settings, TokenArgs, check_config, export, import, is_in_use,
    print_records, run, status, token,
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
    Load(LoadArgs),
    Export(ExportArgs),
    /// Reads what `export` printed from stdin and puts it into the log of --nats, which must be new
    Import,
    /// Prints the gateways that are connected to the log of --nats, with their connections and how far they have read, and
    /// the size of its streams
    Status,
    /// Says whether the gateway would start with these settings, and everything that is wrong with them; the flags stand
    /// before it
    CheckConfig,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { settings, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        // What `check-config` finds wrong ends with 1, wherever it stands.
        Err(error) if error.use_stderr() && std::env::args_os().any(|arg| arg == "check-config") => {
            eprint!("{error}");
            return ExitCode::FAILURE;
        }
        Err(error) => error.exit(),
    };
    let ended = match command {
        Some(Command::Token(args)) => token(settings, &args).await,
        Some(Command::Records(args)) => print_records(&args),
        Some(Command::Load(args)) => load(&args).await,
        Some(Command::Export(args)) => export(&args),
        Some(Command::Import) => import(settings).await,
        Some(Command::Status) => status(settings).await,
        Some(Command::CheckConfig) => return check(settings),
        None => run(settings).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sentinelops-gateway: {error:#}");
            if error.is::<ConfigErrors>() || error.is::<NotMeasured>() || is_in_use(&error) {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Exit code 1 with everything that is wrong, a sentence a line.
fn check(settings: Settings) -> ExitCode {
    match check_config(settings) {
        Ok(summary) => {
            print!("{summary}");
            ExitCode::SUCCESS
        }
        Err(errors) => {
            eprintln!("{errors}");
            ExitCode::FAILURE
        }
    }
}
