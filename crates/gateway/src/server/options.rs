//! The flags.

use clap::Parser;
use std::net::IpAddr;
use std::path::PathBuf;

/// The SentinelOps gateway: a WebSocket server for the live operations console.
#[derive(Clone, Debug, Parser)]
#[command(name = "sentinelops-gateway", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3001)]
    pub port: u16,
    /// Speak the basic protocol, exactly as the documented mock server does.
    #[arg(long)]
    pub mock: bool,
    /// Scenario events per second; 0 for silence after the warm start.
    #[arg(long, default_value_t = 2.0, value_parser = rate)]
    pub rate: f64,
    /// Seed of the scenario: the same seed tells the same story.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// On SIGTERM or Ctrl-C clients are asked to spread their return over this many ms.
    #[arg(long, value_name = "MS", default_value_t = 2_000)]
    pub drain_window_ms: u64,
    /// After any other loss clients spread their return over this many ms; 0 leaves it to their backoff.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub reconnect_window_ms: u64,
    /// Keep everything that was acknowledged in this folder: history, state and accepted ids survive restarts,
    /// crashes and power loss. Created if it is not there.
    #[arg(long, value_name = "DIR", conflicts_with = "remember")]
    pub data: Option<PathBuf>,
    /// With --data: hours for which clients that come back resume without a gap (at most the newest 10,000 events
    /// of a channel).
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=8_760))]
    pub keep_history: u64,
    /// With --data: resolved incidents and cleared alerts kept, of each. Open ones are always kept.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub keep_finished: u64,
    /// With a new --data folder: take over what an earlier version kept with --remember.
    #[arg(long, value_name = "FILE", requires = "data")]
    pub import_journal: Option<PathBuf>,
    /// Keep accepted ids and state in this file over restarts and crashes. Superseded by --data.
    #[arg(long, value_name = "FILE")]
    pub remember: Option<PathBuf>,
    /// Take `?user=` of the URL for who it is. For development: anybody can be anybody.
    #[arg(long)]
    pub trust_user: bool,
    /// Open the /admin door for tests: close, drain, nack, publish, stats.
    #[arg(long)]
    pub test_admin: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=100_000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0 to 100000 is expected".to_owned()),
    }
}
