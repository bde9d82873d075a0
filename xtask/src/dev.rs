//! `cargo xtask dev`: the gateway and a page that reloads on every edit.

use crate::children::Children;
use crate::run::cmd;
use crate::{root, run, setup};
use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

/// Where the page looks for a gateway if nobody says otherwise.
const DEFAULT_GATEWAY_PORT: u16 = 3001;

#[derive(clap::Args)]
pub struct Options {
    /// Port of the page
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Port of the gateway
    #[arg(long, default_value_t = DEFAULT_GATEWAY_PORT)]
    gateway_port: u16,
    /// Arguments for the gateway, such as `-- --mock` or `-- --rate 5 --seed 7`
    #[arg(last = true)]
    gateway: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    free(options.port, "--port", "the page")?;
    free(options.gateway_port, "--gateway-port", "the gateway")?;
    setup::run(&setup::FOR_BUILD)?;

    let gateway = build_gateway()?;
    let mut children = Children::new()?;
    let port = options.gateway_port.to_string();
    // The page is the laboratory's build: it has faults of the server and its count of effects, too.
    let mut command = cmd!("{gateway} --port {port} --test-admin");
    // A restart keeps what one did, unless the gateway's arguments say otherwise.
    let gives =
        |flags: &[&str]| options.gateway.iter().any(|arg| flags.iter().any(|flag| arg.starts_with(flag)));
    if !gives(&["--mock", "--data"]) {
        command = command.arg("--data").arg(root::target().join("dev-data"));
    }
    if !gives(&["--mock", "--dev", "--jwt-key", "--jwks-url", "--config"]) {
        command = command.arg("--dev");
    }
    if !gives(&["--mock", "--scenario", "--config"]) {
        command = command.arg("--scenario");
    }
    children.start("the gateway", command.args(&options.gateway))?;

    let port = options.port.to_string();
    let mut trunk = cmd!("trunk serve --port {port} --features lab").env_remove("NO_COLOR");
    if options.gateway_port != DEFAULT_GATEWAY_PORT {
        trunk = trunk.env("SENTINELOPS_WEBSOCKET_URL", format!("ws://localhost:{}", options.gateway_port));
    }
    children.start("trunk serve", trunk)?;

    while TcpStream::connect((Ipv4Addr::LOCALHOST, options.port)).is_err() {
        if children.check()? {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("\n  page     http://localhost:{}/", options.port);
    println!("  gateway  ws://localhost:{}\n  Ctrl-C ends both\n", options.gateway_port);
    children.wait()
}

/// Builds the gateway and says where its program is. Run by itself rather than through cargo, it gets our signals.
pub fn build_gateway() -> Result<PathBuf> {
    run::visible(cmd!("cargo build --package sentinelops-gateway"))?;
    Ok(root::target().join("debug/sentinelops-gateway"))
}

fn free(port: u16, option: &str, what: &str) -> Result<()> {
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        bail!(
            "port {port} for {what} cannot be had ({error}): end what uses it, or choose another with {option}"
        );
    }
    Ok(())
}
