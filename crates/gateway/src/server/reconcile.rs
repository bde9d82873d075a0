//! Asks Alertmanager what fires, so that a clear that got lost is found.

use super::access::{Access, Current};
use super::app::ask;
use super::clock::Clock;
use super::config::Reconcile;
use super::fetch::fetch;
use super::input::Input;
use super::log;
use crate::Firing;
use crate::ingest::{firing, started_at};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Most time for a request.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer, bytes.
const MOST: u64 = 64 * 1024 * 1024;
/// After this time the settings are looked at again, because a reload may have changed them.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// An Alertmanager that was started less than so many questions ago does not have everything yet.
const FULL_AFTER: u32 = 3;

/// Asks for ever; never returns.
pub(super) async fn run(access: Current<Access>, hub: mpsc::WeakSender<Input>, clock: Clock) {
    let mut next = HashMap::<Arc<str>, Instant>::new();
    // Of each source: whether the last question was answered. Logged when it changes.
    let mut answers = HashMap::<Arc<str>, bool>::new();
    loop {
        let sources: Vec<_> = access
            .get()
            .ingests()
            .filter_map(|ingest| {
                Some((ingest.options.source.name.clone(), ingest.options.reconcile.clone()?))
            })
            .collect();
        for (name, reconcile) in sources {
            if next.get(&name).is_some_and(|at| *at > Instant::now()) {
                continue;
            }
            let asked = clock.now();
            let question = (name.clone(), reconcile.clone());
            let found = tokio::task::spawn_blocking(move || look(&question.0, &question.1, asked.wall)).await;
            let found = found.unwrap_or_else(|error| Err(error.to_string()));
            next.insert(name.clone(), Instant::now() + reconcile.every);
            let before = answers.insert(name.clone(), found.is_ok());
            match found {
                Err(error) if before != Some(false) => tracing::warn!(
                    ingest = %name,
                    "what fires cannot be asked (reconcile_url): {}; alerts stay open until their clear comes",
                    log::clean(&error)
                ),
                Err(_) | Ok(None) => {}
                Ok(Some(firing)) => {
                    let Some(hub) = hub.upgrade() else { return std::future::pending().await };
                    ask(&hub, move |gateway, now| gateway.reconcile(now, &name, &firing, asked)).await;
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The alerts that fire; `None` from an Alertmanager that was started too recently to know.
fn look(name: &str, reconcile: &Reconcile, wall: u64) -> Result<Option<Firing>, String> {
    let get = |path: &str| fetch(&format!("{}{path}", reconcile.url), PATIENCE, MOST);
    let started = started_at(get("/api/v2/status")?.as_bytes()).map_err(|error| error.to_string())?;
    let full_after = (reconcile.every * FULL_AFTER).as_millis();
    if u128::from(wall.saturating_sub(started)) < full_after {
        return Ok(None);
    }
    firing(name, get("/api/v2/alerts")?.as_bytes()).map(Some).map_err(|error| error.to_string())
}
