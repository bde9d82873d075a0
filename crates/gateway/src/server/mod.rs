//! The shell round the core: axum, sockets, files, signals. No policy here.

mod access;
mod admin;
mod app;
mod clock;
mod config;
mod fetch;
mod hub;
mod import;
mod ingest;
mod input;
mod log;
mod ops;
#[cfg(feature = "otel")]
mod otel;
mod paced;
mod publish;
mod reconcile;
mod records;
mod signals;
mod site;
mod socket;
mod token;
mod transfer;
mod web;

pub use config::{
    ConfigErrors, Entry, IngestKind, IngestOptions, IngestSettings, KeyOptions, KeySettings, KeySource,
    LimitOptions, LimitSettings, LogFormat, NatsSettings, Network, Options, Origin, Origins, PageSettings,
    Reconcile, ScenarioOptions, ScenarioSettings, Settings, StorageOptions, StorageSettings, check_config,
};
pub use records::{RecordsArgs, print_records};
pub use token::{TokenArgs, token};
pub use transfer::{ExportArgs, export, import, status};

use crate::nats::{Event, Nats, NatsOptions};
use crate::store::{Disk, Failure, Retention};
use crate::{Auth, Durable, Gateway, GatewayConfig, Mode, Now, Scenario, Store, TestConfig};
use access::{Access, Current};
use anyhow::{Context, Result, anyhow, bail};
use clock::Clock;
use hub::Hub;
use ingest::Bodies;
use input::Input;
use ops::{Counters, Ops};
use site::Site;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};
use tracing_subscriber::filter::EnvFilter;

/// Inputs that may wait for the hub; beyond that sockets are not read.
const INPUTS: usize = 1024;
/// How long sockets get to end after a drain.
const DRAIN_WAIT: Duration = Duration::from_secs(3);
/// Effects shown by `/admin/stats`.
const EFFECTS_SHOWN: usize = 100_000;

/// Runs the gateway until a signal ends it.
///
/// # Errors
/// A sentence that says what cannot be had (port, file) and what to do about it; [`ConfigErrors`] for settings.
pub async fn run(flags: Settings) -> Result<()> {
    let options = Options::new(flags.clone().with_file()?)?;
    log::start(options.log_format, EnvFilter::new(&options.log));
    let access = Current::new(Access::open(&options, None).map_err(ConfigErrors::from)?);
    let site = options.serve.as_deref().map(Site::open).transpose().map_err(ConfigErrors::from)?;
    let site = site.map(Current::new);
    let listener = listen(SocketAddr::new(options.host, options.port), "--port").await?;
    let address = listener.local_addr().context("the listening socket has no address")?;
    let mut config = GatewayConfig {
        mode: if options.entry == Entry::Mock { Mode::Basic } else { Mode::V1 },
        auth: if options.entry.keys().is_some() { Auth::Required } else { Auth::Open },
        reconnect_window_ms: options.reconnect_window_ms,
        traffic: options.limits.traffic,
        send_buffer_bytes: options.limits.send_buffer,
        test: TestConfig {
            effects_kept: if options.test_admin { EFFECTS_SHOWN } else { 0 },
            ..TestConfig::default()
        },
        ..GatewayConfig::default()
    };
    let clock = Clock::start();
    // Not `--seed`: that would give two starts one epoch, and clients would take the second for the first.
    let seed = RandomState::new().build_hasher().finish();
    let (disk, durable) = match &options.storage.data {
        Some(dir) => {
            let (disk, durable) = stored(&options.storage, dir, &mut config, seed, clock.now()).await?;
            (Some(disk), durable)
        }
        None => (None, Durable::default()),
    };
    let (nats, durable) = match &options.nats {
        Some(nats) => {
            config.history_ms = options.storage.history_ms();
            config.max_items = options.storage.finished();
            let (nats, durable) = logged(nats, &config, seed, clock).await?;
            (Some(nats), durable)
        }
        None => (None, durable),
    };
    let scenario = options.scenario.map(|scenario| Scenario::new(scenario.seed, scenario.rate));
    let (low_water, max_message_bytes) = (config.high_water_bytes / 2, config.max_message_bytes);
    let mut gateway = Gateway::restore(config, seed, durable, clock.now());
    if let Some(disk) = &disk {
        gateway = gateway.with_store(Box::new(disk.appender()));
    }
    if let Some(nats) = &nats {
        gateway = gateway.with_store(Box::new(nats.log()));
    }
    gateway.set_sources(clock.now(), access.get().sources());
    let (inputs, receiver) = mpsc::channel(INPUTS);
    let counters = Arc::new(Counters::default());
    let bodies = Arc::new(Bodies::new(options.limits.max_ingest));
    let (drains, draining) = watch::channel(false);
    let ops = Ops {
        hub: inputs.downgrade(),
        store: disk.as_ref().map(Disk::watch),
        nats: nats.as_ref().map(Nats::watch),
        counters: counters.clone(),
        bodies: bodies.clone(),
        draining: draining.clone(),
        clock,
    };
    let hub = Hub {
        gateway,
        scenario,
        disk,
        nats,
        no_room: false,
        clock,
        links: HashMap::new(),
        requests: hub::Requests::default(),
        access: access.clone(),
        counters: counters.clone(),
        lab: options.test_admin.then(|| hub::Lab::new(clock.now().wall)),
        inputs: inputs.downgrade(),
    };
    let mut hub = tokio::spawn(hub.run(receiver));
    let app = app::App {
        hub: inputs.clone(),
        clock,
        counters,
        access: access.clone(),
        site: site.clone(),
        trust_user: options.trust_user,
        bodies,
        max_message_bytes,
        low_water,
    };
    let ops_address = match options.ops_addr {
        Some(address) => {
            let listener = listen(address, "--ops-addr").await?;
            let address = listener.local_addr().context("the listening socket has no address")?;
            // Until the process ends: it says that the gateway drains.
            tokio::spawn(web::serve(listener, ops::router(ops.clone()), watch::channel(false).1));
            Some(address)
        }
        None => None,
    };
    let health = options.ops_addr.is_none().then(|| ops::health(ops));
    let router = web::router(app, options.test_admin, health);
    // The reader of the first line may send a signal at once.
    let (signal, mut hangups) = (signals::end(), signals::Hangups::listen());
    announce(address, ops_address, &options)?;
    fetch_keys(&access);
    let reconciling = reconcile::run(access.clone(), inputs.downgrade(), clock);

    // Dropped when it drains: from then on connections are refused.
    let mut server = Box::pin(web::serve(listener, router, draining));
    tokio::pin!(signal, reconciling);
    loop {
        tokio::select! {
            () = &mut server => {}
            () = &mut reconciling => {}
            ended = &mut hub => {
                ended
                    .context("the gateway's task ended")?
                    .context("stopping, because nothing accepted from here on could be kept")?;
                break;
            }
            () = hangups.next() => reload(&flags, &access, site.as_ref(), &inputs).await,
            () = &mut signal => break,
        }
    }
    drains.send_replace(true);
    drop(server);
    info!("draining: new connections are refused, open ones are asked to come back later");
    let window = options.drain_window_ms;
    app::ask(&inputs, move |gateway, now| gateway.drain(now, "the server restarts", window)).await;
    drop(inputs);
    // The hub ends when the last socket has let go of it.
    let _ = tokio::time::timeout(DRAIN_WAIT, hub).await;
    info!("stopped");
    #[cfg(feature = "otel")]
    otel::end();
    Ok(())
}

/// SIGHUP: reads the file of --config, keys, origins, revocations and the headers of the console again. What cannot be
/// used leaves everything as it was.
async fn reload(
    flags: &Settings,
    access: &Current<Access>,
    site: Option<&Current<Site>>,
    inputs: &mpsc::Sender<Input>,
) {
    let read = || -> Result<_, ConfigErrors> {
        let options = Options::new(flags.clone().with_file()?)?;
        let console = options.serve.as_deref().map(Site::open).transpose()?;
        Ok((Access::open(&options, Some(&access.get()))?, console))
    };
    match read() {
        Ok((new, console)) => {
            access.set(new);
            if let (Some(site), Some(console)) = (site, console) {
                site.set(console);
            }
        }
        Err(errors) => return error!("SIGHUP: everything stays as it was: {}", errors.0.join("; ")),
    }
    let revoked = access.get().verifier().map(|verifier| verifier.revoked().clone()).unwrap_or_default();
    let (users, tokens) = (revoked.users.len(), revoked.tokens.len());
    let sources = access.get().sources();
    app::ask(inputs, move |gateway, now| {
        gateway.revoke(now, &revoked.users, &revoked.tokens);
        gateway.set_sources(now, sources);
    })
    .await;
    info!(
        "SIGHUP: keys and origins are read again, ingest too; {users} users and {tokens} tokens are revoked"
    );
}

/// In the background: the first token does not wait for it, and keys that cannot be had yet are no reason to stop.
fn fetch_keys(access: &Current<Access>) {
    let access = access.get();
    tokio::spawn(async move {
        if let Some(verifier) = access.verifier() {
            // What goes wrong is in the log.
            let _ = verifier.warm_up().await;
        }
    });
}

/// `flag` names the port.
async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {} on {} is taken: stop the program that listens there, or choose another with {flag} (0 takes a free one)",
            address.port(),
            address.ip()
        ),
        Err(error) => Err(anyhow!("cannot listen on {address}: {error}; see --host and {flag}")),
    }
}

/// Opens the store and reads it; a new one takes over a journal, if one is named.
async fn stored(
    options: &StorageOptions,
    dir: &Path,
    config: &mut GatewayConfig,
    seed: u64,
    now: Now,
) -> Result<(Disk, Durable)> {
    config.history_ms = options.history_ms();
    let retention = Retention {
        history_ms: config.history_ms,
        ids_ms: config.dedupe_ms,
        finished: options.finished(),
        ..Retention::default()
    };
    // The same as on the disk: else a restart would forget what the running gateway still knows.
    config.max_items = retention.finished;
    let epoch = format!("{seed:016x}");
    let (mut disk, mut loaded) = Disk::open(dir, retention, &epoch, now.wall)?;
    if let Some(path) = &options.import_journal {
        if loaded.is_empty() {
            let (journal, unread) = import::read(path, config.max_items)
                .with_context(|| format!("cannot read the journal {}", path.display()))?;
            let mut appender = disk.appender();
            for record in journal.records() {
                appender.append(record);
            }
            disk.committed().await?;
            drop(disk);
            (disk, loaded) = Disk::open(dir, retention, &epoch, now.wall)?;
            info!("imported {}: {unread} unreadable lines passed over", path.display());
        } else {
            warn!("--import-journal is ignored: the data folder is not new");
        }
    }
    info!(
        "{}: {} records, {} keys, {} accepted ids, epoch {}",
        dir.display(),
        loaded.log.len(),
        loaded.state.len(),
        loaded.accepted.len(),
        loaded.epoch
    );
    Ok((disk, Durable::loaded(loaded, config, now)))
}

/// Connects to the log of many gateways and reads it. Tries until it is there.
async fn logged(
    options: &NatsOptions,
    config: &GatewayConfig,
    seed: u64,
    clock: Clock,
) -> Result<(Nats, Durable)> {
    let mut nats = Nats::open(options.clone(), config, seed, move || clock.now());
    let mut durable = Durable::default();
    // The attempts in between say the same.
    let mut said = String::new();
    loop {
        match nats.events.recv().await {
            Some(Event::Loaded(loaded)) => durable = *loaded,
            Some(Event::Record { seq, record, .. }) => durable.take(seq, &record, config, clock.now()),
            Some(Event::Passed { seq }) => durable.read_up_to(seq),
            Some(Event::Up) => return Ok((nats, durable)),
            Some(Event::Down(text)) if text != said => {
                warn!("{text}; tried again until it is there");
                said = text;
            }
            Some(Event::Broken(text)) => bail!(text),
            Some(_) => {}
            None => bail!("the connection to NATS has ended"),
        }
    }
}

/// Whether another process has the data folder.
pub fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Failure::InUse(_)))
}

/// The first line of stdout is for the program that started us with `--port 0`.
fn announce(address: SocketAddr, ops: Option<SocketAddr>, options: &Options) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "listening on ws://{address}")?;
    if let Some(ops) = ops {
        writeln!(out, "operations on http://{ops}")?;
    }
    out.flush()?;
    let is_mock = options.entry == Entry::Mock;
    let what = if is_mock {
        "basic protocol (the documented mock)".to_owned()
    } else {
        match options.scenario {
            Some(scenario) => {
                format!("v1 protocol, a made-up day of {} events/s, seed {}", scenario.rate, scenario.seed)
            }
            None => "v1 protocol".to_owned(),
        }
    };
    info!("{what}");
    if options.scenario.is_none() && options.ingest.is_empty() && !is_mock {
        info!(
            "no alerts come in: name a source in [[ingest]] of --config (docs/ingest.md shows it for Alertmanager), or \
             try things with --scenario, a made-up operations day",
        );
    }
    if let Some(dir) = &options.serve {
        info!("the console of {} is served at http://{address}/", dir.display());
    }
    if options.entry.keys().is_none() {
        warn!("no tokens are checked: for this machine only");
    }
    if options.test_admin {
        warn!("requests under /admin are taken: for tests only");
    }
    Ok(())
}
