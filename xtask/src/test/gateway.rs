//! A gateway for the tests that run in a browser: started on a free port, its address left where the runner's web
//! server shows it to them.

use super::running::Running;
use crate::run::cmd;
use crate::{dev, root, run};
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Ends, and forgets its address, when dropped.
pub struct Gateway {
    running: Running,
    note: PathBuf,
}

pub fn start() -> Result<Gateway> {
    let program = dev::build_gateway()?;
    let mut command = Command::from(cmd!("{program} --port 0 --dev --scenario"));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running::start(command)?;
    let stdout = running.0.stdout.take();
    // In the package's own folder, wherever cargo builds: the runner serves the package.
    let mut gateway = Gateway { running, note: root::at("crates/realtime/target/test-gateway.json") };

    let mut lines = BufReader::new(stdout.context("the gateway has no output")?).lines();
    let url = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
    let Some(url) = url else {
        let status = gateway.running.0.wait()?;
        anyhow::bail!("the gateway ended before it listened ({status})");
    };
    // Read on, or the pipe fills and the gateway waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    run::shell().write_file(&gateway.note, format!("{{\"url\":\"{url}\"}}\n"))?;
    Ok(gateway)
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = run::shell().remove_path(&self.note);
    }
}
