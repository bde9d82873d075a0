//! `gateway export` and `gateway import`: from a data folder to the log of many gateways. `gateway status`: what is there.

use super::config::Settings;
use crate::nats::{self, NatsOptions};
use crate::store::{Disk, Retention};
use crate::{Durable, GatewayConfig, Now};
use anyhow::{Context, Result, anyhow};
use std::io::{BufWriter, Write, stdin, stdout};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Prints what a data folder holds as one JSON object a line, for `import`: accepted ids and the state, not the history; the
/// gateway that uses the folder has to be stopped
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// The data folder (--data) of the gateway
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs `gateway export`.
///
/// # Errors
/// The folder holds no store, is in use or cannot be read, or stdout cannot be written to.
pub fn export(args: &ExportArgs) -> Result<()> {
    if !args.dir.join("gateway.db").is_file() {
        return Err(anyhow!("{} holds no gateway.db: give the folder of --data", args.dir.display()));
    }
    let config = GatewayConfig { max_items: usize::MAX, ..GatewayConfig::default() };
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = Now { mono: 0, wall: u64::try_from(wall).unwrap_or(u64::MAX) };
    let retention = Retention { ids_ms: config.dedupe_ms, finished: usize::MAX, ..Retention::default() };
    // An epoch is written only where a disk was full; the history is not exported.
    let epoch = format!("{:016x}", fastrand::u64(..));
    let (disk, loaded) = Disk::open(&args.dir, retention, &epoch, now.wall)?;
    let durable = Durable::loaded(loaded, &config, now);
    drop(disk);
    let mut out = BufWriter::new(stdout().lock());
    for record in durable.records() {
        serde_json::to_writer(&mut out, &record).context("cannot write the records")?;
        out.write_all(b"\n").context("cannot write the records")?;
    }
    out.flush().context("cannot write the records")
}

/// Runs `gateway import`: stdin into the log of --nats.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub async fn import(settings: Settings) -> Result<()> {
    let options = NatsOptions::of(&settings.with_file()?)?;
    let count = nats::import(&options, stdin().lock()).await.map_err(|text| anyhow!(text))?;
    eprintln!("{count} records are in the log of {}", options.shown());
    Ok(())
}

/// Runs `gateway status`.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub async fn status(settings: Settings) -> Result<()> {
    let options = NatsOptions::of(&settings.with_file()?)?;
    let text = nats::status(&options).await.map_err(|text| anyhow!(text))?;
    stdout().write_all(text.as_bytes()).context("cannot write the status")
}
