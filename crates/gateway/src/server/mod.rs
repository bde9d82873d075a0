//! The shell round the core: axum, sockets, files, signals. No policy here.

mod admin;
mod clock;
mod hub;
mod journal;
mod log;
mod options;
mod socket;
mod web;

pub use options::Options;

use crate::{Durable, Gateway, GatewayConfig, Mode, Scenario};
use anyhow::{Context, Result, anyhow, bail};
use axum::serve::ListenerExt;
use clock::Clock;
use hub::Hub;
use journal::Journal;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Inputs that may wait for the hub; beyond that sockets are not read.
const INPUTS: usize = 1024;
/// How long sockets get to end after a drain.
const DRAIN_WAIT: Duration = Duration::from_secs(3);
/// Effects shown by `/admin/stats`.
const EFFECTS_SHOWN: usize = 100_000;

/// Runs the gateway until a signal ends it.
///
/// # Errors
/// A sentence that says what cannot be had (port, file) and what to do about it.
pub async fn run(options: Options) -> Result<()> {
    let listener = listen(&options).await?;
    let address = listener.local_addr().context("the listening socket has no address")?;
    let config = GatewayConfig {
        mode: if options.mock { Mode::Basic } else { Mode::V1 },
        reconnect_window_ms: options.reconnect_window_ms,
        effects_kept: if options.test_admin { EFFECTS_SHOWN } else { 0 },
        journal: options.remember.is_some(),
        ..GatewayConfig::default()
    };
    let clock = Clock::start();
    let (journal, durable) = remembered(&options, &config)?;
    let scenario = (!options.mock).then(|| Scenario::new(options.seed, options.rate));
    let (low_water, max_message_bytes) = (config.high_water_bytes / 2, config.max_message_bytes);
    // Not `--seed`: that would give two starts one epoch, and clients would take the second for the first.
    let seed = RandomState::new().build_hasher().finish();
    let gateway = Gateway::restore(config, seed, durable, clock.now());
    let hub = Hub { gateway, scenario, journal, clock, links: HashMap::new() };
    let (inputs, receiver) = mpsc::channel(INPUTS);
    let mut hub = tokio::spawn(hub.run(receiver));
    let app =
        web::App { hub: inputs.clone(), clock, trust_user: options.trust_user, max_message_bytes, low_water };
    let router = web::router(app, options.test_admin);
    announce(address, &options)?;

    let listener = listener.tap_io(|stream| {
        // Small frames must not wait for each other; without it they are merely later.
        let _ = stream.set_nodelay(true);
    });
    let server = axum::serve(listener, router);
    tokio::select! {
        ended = server => ended.context("the HTTP server ended")?,
        ended = &mut hub => {
            let path = options.remember.unwrap_or_default();
            ended.context("the gateway's task ended")?.with_context(|| format!(
                "cannot write {}: stopping, because nothing accepted from here on could be remembered",
                path.display()
            ))?;
        }
        () = signal() => {}
    }
    log::line("draining: new connections are refused, open ones are asked to come back later");
    let window = options.drain_window_ms;
    web::ask(&inputs, move |gateway, now| gateway.drain(now, "the server restarts", window)).await;
    drop(inputs);
    // The hub ends when the last socket has let go of it.
    let _ = tokio::time::timeout(DRAIN_WAIT, hub).await;
    log::line("stopped");
    Ok(())
}

async fn listen(options: &Options) -> Result<TcpListener> {
    let address = SocketAddr::new(options.host, options.port);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {} on {} is taken: stop the program that listens there, or choose another with --port (0 takes a free one)",
            options.port,
            options.host
        ),
        Err(error) => Err(anyhow!("cannot listen on {address}: {error}; see --host and --port")),
    }
}

fn remembered(options: &Options, config: &GatewayConfig) -> Result<(Option<Journal>, Durable)> {
    let Some(path) = &options.remember else { return Ok((None, Durable::default())) };
    let (journal, durable, unread) = Journal::open(path, config.max_items).with_context(|| {
        format!("cannot use {} as memory (--remember): its folder must exist and be writable", path.display())
    })?;
    let ids = durable.accepted().len();
    log::line(&format!("remembered: {ids} accepted ids, {unread} unreadable lines passed over"));
    Ok((Some(journal), durable))
}

/// The first line of stdout is for whoever started us with `--port 0`.
fn announce(address: SocketAddr, options: &Options) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "listening on ws://{address}")?;
    out.flush()?;
    let what = if options.mock {
        "basic protocol (the documented mock)".to_owned()
    } else {
        format!("v1 protocol, {} events/s, seed {}", options.rate, options.seed)
    };
    log::line(&what);
    if options.test_admin {
        log::line("the /admin door is open: for tests only");
    }
    Ok(())
}

/// Ctrl-C, and SIGTERM where there is one.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
