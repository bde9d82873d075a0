//! Apps that take the library, served by trunk as their people do and opened in a real browser against the gateway.

use super::groups;
use super::running::Running;
use crate::run::cmd;
use crate::setup::browser;
use crate::{dev, root, run};
use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;
use xshell::Cmd;

/// An app in its folder, with the command its documentation has people type there.
pub struct App {
    pub name: &'static str,
    pub folder: PathBuf,
    pub serve: String,
    /// Whether it has a worker.
    pub worker: bool,
}

/// An app that is built already, with its headers beside it.
pub struct Built {
    pub name: &'static str,
    pub dist: PathBuf,
    /// Whether it has a worker.
    pub worker: bool,
}

/// Builds, serves and opens `apps`, and opens those that are built. `gateway`: the command that starts a gateway, typed in
/// the checkout.
pub fn open(apps: &[App], built: &[Built], gateway: &str) -> Result<()> {
    let playwright = groups::playwright()?;
    let chrome = browser::chrome().context("no Chromium: see `cargo xtask doctor`")?;
    // Ahead of the command that starts it: no test has to wait for a compiler.
    dev::build_gateway()?;
    let mut running = Vec::new();
    let mut served = Vec::new();
    // One after the other: what one compiles, the next one uses.
    for App { name, folder, serve, worker } in apps {
        println!("--- {name}: {serve}");
        let port = free_port()?;
        let inside = run::shell().push_dir(folder);
        // Trunk takes `NO_COLOR=1`, which some environments set, for a malformed flag of its own.
        let mut child = Running::start(typed(&format!("exec {serve} --port {port}")).env_remove("NO_COLOR"))?;
        drop(inside);
        // Trunk listens once it has built, or failed to.
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = child.ended()? {
                bail!("{name}: `{serve}` ended ({status}); its last lines are above");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        if !folder.join("dist/index.html").is_file() {
            bail!("{name}: `{serve}` built nothing; the lines above say why");
        }
        running.push(child);
        served.push(serde_json::json!({
            "name": name,
            "url": format!("http://127.0.0.1:{port}/"),
            "worker": worker,
        }));
    }
    let built: Vec<_> = built
        .iter()
        .map(|Built { name, dist, worker }| serde_json::json!({ "name": name, "dist": dist, "worker": worker }))
        .collect();
    let _inside = run::shell().push_dir("e2e");
    let tests = cmd!("{playwright} test --config apps.config.ts")
        .env("SENTINELOPS_APPS", serde_json::Value::from(served).to_string())
        .env("SENTINELOPS_BUILT_APPS", serde_json::Value::from(built).to_string())
        .env("SENTINELOPS_GATEWAY_COMMAND", gateway)
        .env("CHROME", chrome);
    run::visible(tests)
}

/// A line as one types it in the shell's folder, with what the workspace has compiled.
pub fn typed(line: &str) -> Cmd<'static> {
    cmd!("sh -c {line}").env("CARGO_TARGET_DIR", root::target())
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
