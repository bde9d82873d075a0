//! `--ops-addr`: health and metrics, on a listener of their own. They are for the network of those who run the gateway,
//! and answer also while it drains.

mod counters;
mod metrics;

pub(super) use counters::Counters;

use super::app::ask;
use super::clock::Clock;
use super::ingest::Bodies;
use super::input::Input;
use crate::Mode;
use crate::nats::NatsWatch;
use crate::store::{Failure, Watch};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// How long a round trip may take before the gateway counts as not ready.
const READY_WAIT: Duration = Duration::from_secs(2);

/// What the handlers may know. It keeps nothing alive.
#[derive(Clone)]
pub(super) struct Ops {
    pub hub: mpsc::WeakSender<Input>,
    pub store: Option<Watch>,
    pub nats: Option<NatsWatch>,
    pub counters: Arc<Counters>,
    pub bodies: Arc<Bodies>,
    pub draining: watch::Receiver<bool>,
    pub clock: Clock,
}

pub(super) fn router(ops: Ops) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(ops)
}

/// Health alone, for the gateway's own port where there is no other.
pub(super) fn health(ops: Ops) -> Router {
    Router::new().route("/healthz", get(healthz)).with_state(ops)
}

/// Whether the process lives.
async fn healthz(State(ops): State<Ops>) -> Response {
    let Some(hub) = ops.hub.upgrade() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let health = ask(&hub, move |gateway, _| {
        let stats = gateway.stats();
        let mode = match gateway.config().mode {
            Mode::Basic => "basic",
            Mode::V1 => "v1",
        };
        json!({
            "status": "ok", "mode": mode, "connections": stats.connections, "events": stats.events,
            "uptimeMs": ops.clock.now().mono,
        })
    });
    match health.await {
        Some(health) => Json(health).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Whether clients should be sent here: a round trip through the core and the store.
async fn readyz(State(ops): State<Ops>) -> Response {
    let reason = if *ops.draining.borrow() {
        "draining"
    } else {
        match tokio::time::timeout(READY_WAIT, round_trip(&ops)).await {
            Ok(Ok(())) => return Json(json!({ "status": "ready" })).into_response(),
            Ok(Err(reason)) => reason,
            Err(_) => "no answer within 2 s",
        }
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "reason": reason })))
        .into_response()
}

async fn round_trip(ops: &Ops) -> Result<(), &'static str> {
    let hub = ops.hub.upgrade().ok_or("stopping")?;
    ask(&hub, |_, _| ()).await.ok_or("stopping")?;
    drop(hub);
    if let Some(nats) = &ops.nats {
        return nats.probe().await.map_err(|_| "NATS cannot be reached, or its log is not read yet");
    }
    match &ops.store {
        None => Ok(()),
        Some(store) => store.probe().await.map_err(|failure| match failure {
            Failure::NoRoom(_) => "no room on the disk",
            Failure::InUse(_) | Failure::Broken(_) => "the store cannot be written to",
        }),
    }
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let Some(hub) = ops.hub.upgrade() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let look =
        ask(&hub, |gateway, _| {
            let ingest = gateway.ingest_stats().map(|(name, requests, counts, heard_at_ms)| {
                metrics::Source { name: name.to_owned(), requests, counts, heard_at_ms }
            });
            let shared = (gateway.proposed(), gateway.waiting());
            (gateway.stats(), gateway.seq(), shared, ingest.collect())
        });
    let Some((stats, seq, (proposed, waiting), ingest)) = look.await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (reply, queues) = oneshot::channel();
    let sent = hub.send(Input::Queues(reply)).await;
    let (Ok(()), Ok(queues)) = (sent, queues.await) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    drop(hub);
    let store = ops.store.as_ref().map(|store| (store.commits(), store.waiting()));
    let page = metrics::Page {
        stats,
        seq,
        queues,
        ingest,
        bodies: ops.bodies.counts(),
        store,
        nats: ops.nats.as_ref().map(|nats| metrics::Log { figures: nats.figures(), proposed, waiting }),
        shell: ops.counters.now(),
        draining: *ops.draining.borrow(),
        uptime_ms: ops.clock.now().mono,
    };
    match metrics::encode(page) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
