//! PagerDuty's Events API v2. Its token is the `routing_key` of the body, so one URL serves all sources of this kind.

use super::super::access::Ingest;
use super::super::app::App;
use super::super::config::IngestKind;
use super::super::log;
use super::bodies::{BodyKind, InProgress};
use super::request::{Sender, body, unauthenticated};
use super::{deliver, from_page};
use crate::ingest::{PagerDuty, Parsed, Unusable};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use serde_json::json;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use tracing::warn;

/// Largest body, bytes: as PagerDuty has it.
const MOST_BODY: usize = 512 * 1024;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v2/enqueue", post(enqueue)).layer(DefaultBodyLimit::max(MOST_BODY))
}

async fn enqueue(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let sender = Sender::of(&app.access.get(), peer, request.headers());
    match from_page(request.headers()) {
        Some(answer) => answer,
        None => take(&app, None, &sender, request).await,
    }
}

/// An event for the source whose token it brings; for `only` where a source was named.
pub(super) async fn take(app: &App, only: Option<&Ingest>, sender: &Sender, request: Request) -> Response {
    let (event, _in_progress) = match read(app, BodyKind::Enqueue, request).await {
        Ok(read) => read,
        Err(answer) => return answer,
    };
    let key = Some(event.routing_key.as_str());
    let access = app.access.get();
    let is_it = |ingest: &Ingest| {
        let is_named = only.is_none_or(|only| only.options.source.name == ingest.options.source.name);
        is_named && ingest.options.kind == IngestKind::PagerDuty && ingest.admits(key)
    };
    match access.ingests().find(|ingest| is_it(ingest)) {
        Some(ingest) => report(app, ingest, sender, &event).await,
        None => {
            warn!("no source of the kind pagerduty has the routing_key that came from {}", sender.from);
            unauthenticated()
        }
    }
}

/// The same, where the token has come in a header.
pub(super) async fn take_admitted(app: &App, ingest: &Ingest, sender: &Sender, request: Request) -> Response {
    match read(app, BodyKind::Ingest, request).await {
        Ok((event, _in_progress)) => report(app, ingest, sender, &event).await,
        Err(answer) => answer,
    }
}

async fn read(app: &App, kind: BodyKind, mut request: Request) -> Result<(PagerDuty, InProgress), Response> {
    DefaultBodyLimit::max(MOST_BODY).apply(&mut request);
    let (body, in_progress) = body(&app.bodies, kind, request).await?;
    let event = PagerDuty::parse(&body).map_err(|unusable| invalid(&unusable))?;
    Ok((event, in_progress))
}

async fn report(app: &App, ingest: &Ingest, sender: &Sender, event: &PagerDuty) -> Response {
    let name = &ingest.options.source.name;
    let random = || RandomState::new().build_hasher().finish();
    match event.report(name, &format!("{:016x}{:016x}", random(), random())) {
        Ok((dedup_key, report)) => {
            let parsed = Parsed { reports: vec![report], unusable: Vec::new() };
            match deliver(app, ingest, parsed, sender).await {
                Ok(_) => {
                    let body =
                        json!({ "status": "success", "message": "Event processed", "dedup_key": dedup_key });
                    (StatusCode::ACCEPTED, Json(body)).into_response()
                }
                Err(answer) => answer,
            }
        }
        Err(unusable) => {
            let trace_id = sender.trace_id();
            warn!(ingest = %name, trace_id, "not usable: {}", log::clean(&unusable.to_string()));
            invalid(&unusable)
        }
    }
}

fn invalid(unusable: &Unusable) -> Response {
    let Unusable { path, expected, found } = unusable;
    let body = json!({
        "status": "invalid event", "message": "Event object is invalid", "errors": [unusable.to_string()],
        "path": path, "expected": expected, "found": found,
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
