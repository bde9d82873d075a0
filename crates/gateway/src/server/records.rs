//! `gateway records`: what a data folder holds, as JSON lines.

use crate::store::records;
use anyhow::{Context, Result};
use std::io::{BufWriter, ErrorKind, Write, stdout};
use std::path::PathBuf;

/// Prints what was accepted and published, oldest first, one JSON object a line; also while a gateway runs
#[derive(Clone, Debug, clap::Args)]
pub struct RecordsArgs {
    /// The data folder (--data) of the gateway
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs it. What it prints goes to stdout; a reader that stops reading ends it.
///
/// # Errors
/// The folder holds no store, it cannot be read, or stdout cannot be written to.
pub fn print_records(args: &RecordsArgs) -> Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    let mut written = Ok(());
    records(&args.dir, |record| {
        written =
            serde_json::to_writer(&mut out, record).map_err(Into::into).and_then(|()| out.write_all(b"\n"));
        written.is_ok()
    })?;
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write the records"),
    }
}
