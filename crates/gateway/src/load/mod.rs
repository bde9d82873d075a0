//! `gateway load`: measures a gateway from outside.
//!
//! An **open loop**: message `n` is due at a moment that the schedule says, whatever the answers do, and every time is
//! counted from that moment. A server that stalls is charged for all messages that would have been sent meanwhile, not
//! only for the one that waited.
//!
//! Pure: `schedule` (when), `message` (what), `ledger` and `chain` (what arrived), `report`, `plan`. The rest
//! is sockets and tasks: a `member` is one connection, whose two halves are `reader` and `writer`.

mod chain;
mod files;
mod ledger;
mod member;
mod message;
mod plan;
mod process;
mod reader;
mod report;
mod run;
mod schedule;
mod shared;
mod writer;

pub use plan::LoadArgs;

use anyhow::{Context, Result, bail};
use plan::Plan;
use std::fmt;
use std::io::{self, Write};

/// Nothing could be measured: what was found, and what to do about it.
#[derive(Debug)]
pub struct NotMeasured(pub(crate) String);

impl fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotMeasured {}

/// Measures, and prints the report to stdout.
///
/// # Errors
/// [`crate::server::ConfigErrors`] for arguments, [`NotMeasured`] when no measurement came about; anything else says what
/// the gateway did that it must not do (lost, doubled, out of order, never answered).
pub async fn load(args: &LoadArgs) -> Result<()> {
    let plan = Plan::new(args, std::env::var("GATEWAY_LOAD_TOKEN").ok())?;
    let json = plan.json;
    let report = run::run(plan).await?;
    let mut out = io::stdout();
    let text = if json { serde_json::to_string(&report)? + "\n" } else { report.to_string() };
    out.write_all(text.as_bytes()).context("cannot print the report")?;
    let complaints = report.complaints();
    if !complaints.is_empty() {
        bail!("{}", complaints.join(", "));
    }
    Ok(())
}
