//! Where alerts come in: `POST /ingest/NAME` and PagerDuty's `POST /v2/enqueue`. A request is answered when everything
//! it brought about is committed.

mod bodies;
mod enqueue;
mod request;

pub(super) use bodies::{Bodies, BodyKind};
pub(super) use request::{body, later, refuse, token};

use super::access::Ingest;
use super::app::App;
use super::config::IngestKind;
use super::input::Input;
use super::log;
use crate::ingest::{Envelope, Parsed, Unusable, alertmanager, cloudevents};
use crate::{Answer, IngestCounts, Part, Report};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, ORIGIN};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use request::{Sender, unauthenticated, unreadable};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::{info, warn};

/// Largest body, bytes.
const MOST_BODY: usize = 16 * 1024 * 1024;
/// How long the store may take; a source that waited this long sends it again.
pub(super) const STORE_WAIT: Duration = Duration::from_secs(10);
/// `Retry-After` where the store took too long.
pub(super) const STORE_RETRY_MS: u64 = 5_000;
/// Reports that go to the hub at once: others have their turn in between.
const PART: usize = 64;
/// Unusable reports named in an answer.
const NAMED: usize = 20;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/ingest/{name}", post(ingest).put(ingest).options(handshake))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .merge(enqueue::routes())
}

async fn ingest(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let access = app.access.get();
    let sender = Sender::of(&access, peer, request.headers());
    let Some(ingest) = access.ingests().find(|ingest| *ingest.options.source.name == *name).cloned() else {
        return refuse(
            StatusCode::NOT_FOUND,
            "there is no such ingest: name it in [[ingest]] of the gateway's --config",
        );
    };
    if let Some(answer) = from_page(request.headers()) {
        return answer;
    }
    let token = token(request.headers());
    if ingest.options.kind == IngestKind::PagerDuty && token.is_none() {
        // Its token is in the body.
        return enqueue::take(&app, Some(&ingest), &sender, request).await;
    }
    if !ingest.admits(token.as_deref()) {
        warn!(ingest = %name, "no valid token from {}", sender.from);
        return unauthenticated();
    }
    let envelope = envelope(request.headers());
    let (source, wall) = (ingest.options.source.name.clone(), app.clock.now().wall);
    if ingest.options.kind == IngestKind::PagerDuty {
        return enqueue::take_admitted(&app, &ingest, &sender, request).await;
    }
    let (body, in_progress) = match body(&app.bodies, BodyKind::Ingest, request).await {
        Ok(received) => received,
        Err(answer) => return answer,
    };
    let is_alertmanager = ingest.options.kind == IngestKind::Alertmanager;
    let parsed = tokio::task::spawn_blocking(move || {
        let parsed = match is_alertmanager {
            true => alertmanager(&source, &body),
            false => cloudevents(&source, &envelope, &body, wall),
        };
        // A sender that has gone away does not end this.
        (parsed, in_progress)
    });
    match parsed.await {
        Ok((Ok(parsed), _in_progress)) => answer(deliver(&app, &ingest, parsed, &sender).await),
        Ok((Err(unusable), _)) => {
            warn!(ingest = %name, trace_id = sender.trace_id(), "not readable: {}", log::clean(&unusable.to_string()));
            unreadable(&unusable)
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Sources are no pages. Without tokens (--dev) a page of another site could reach this.
fn from_page(headers: &HeaderMap) -> Option<Response> {
    let has_origin = headers.contains_key(ORIGIN);
    has_origin
        .then(|| refuse(StatusCode::FORBIDDEN, "pages may not send alerts: leave out the Origin header"))
}

fn envelope(headers: &HeaderMap) -> Envelope {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let attributes = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().strip_prefix("ce-")?.to_owned(), text(value)?)));
    Envelope { attributes: attributes.collect(), content_type: headers.get(CONTENT_TYPE).and_then(text) }
}

/// The validation of CloudEvents' web hooks: a sender asks before, and shows the token when it sends.
async fn handshake(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let access = app.access.get();
    let takes = |name: &str| {
        access.ingests().any(|ingest| {
            *ingest.options.source.name == *name && ingest.options.kind == IngestKind::CloudEvents
        })
    };
    let origin = headers.get("webhook-request-origin").filter(|_| takes(&name));
    match origin {
        Some(origin) => {
            let header = HeaderName::from_static;
            let allowed = [
                (header("webhook-allowed-origin"), origin.clone()),
                (header("webhook-allowed-rate"), HeaderValue::from_static("*")),
                (header("allow"), HeaderValue::from_static("POST")),
            ];
            (StatusCode::OK, allowed).into_response()
        }
        None => refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "OPTIONS is for WebHook-Request-Origin, to an ingest of the kind cloudevents",
        ),
    }
}

fn answer(delivered: Result<(IngestCounts, Vec<Unusable>), Response>) -> Response {
    match delivered {
        Ok((counts, mut unusable)) => {
            let counts: serde_json::Map<_, _> =
                counts.named().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
            unusable.truncate(NAMED);
            Json(json!({ "status": "ok", "counts": counts, "unusable": unusable })).into_response()
        }
        Err(answer) => answer,
    }
}

/// Hands reports to the hub; returns when they are committed.
///
/// # Errors
/// The answer where nothing could be used, or not everything was taken in.
async fn deliver(
    app: &App,
    ingest: &Ingest,
    parsed: Parsed,
    sender: &Sender,
) -> Result<(IngestCounts, Vec<Unusable>), Response> {
    let Parsed { reports, unusable } = parsed;
    let name = &ingest.options.source.name;
    let refused = match unusable.first() {
        Some(first) if reports.is_empty() => {
            let trace_id = sender.trace_id();
            warn!(ingest = %name, trace_id, "nothing is usable: {}", log::clean(&first.to_string()));
            Some(unreadable(first))
        }
        _ => None,
    };
    let (counts, retry_after_ms) = send(app, ingest, reports, unusable.len()).await;
    let summary = counts.named().into_iter().filter(|(_, count)| *count > 0);
    let summary: Vec<_> = summary.map(|(name, count)| format!("{count} {name}")).collect();
    let summary = if summary.is_empty() { "nothing".to_owned() } else { summary.join(", ") };
    info!(ingest = %name, trace_id = sender.trace_id(), "from {}: {summary}", sender.from);
    if let Some(answer) = refused {
        return Err(answer);
    }
    match retry_after_ms {
        None => Ok((counts, unusable)),
        Some(ms) => {
            // Alertmanager gives up after any 4xx.
            let full = counts.overloaded > 0 && ingest.options.kind != IngestKind::Alertmanager;
            let status = if full { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::SERVICE_UNAVAILABLE };
            Err(later(status, ms))
        }
    }
}

async fn send(
    app: &App,
    ingest: &Ingest,
    mut reports: Vec<Report>,
    unusable: usize,
) -> (IngestCounts, Option<u64>) {
    let mut total = IngestCounts::default();
    let mut part = Part::First { unusable: u64::try_from(unusable).unwrap_or(u64::MAX) };
    loop {
        let rest = reports.split_off(reports.len().min(PART));
        let (reply, answer) = oneshot::channel();
        let source = ingest.options.source.name.clone();
        let input = Input::Ingest { source, reports, part, reply };
        let sent = async {
            app.hub.send(input).await.ok()?;
            answer.await.ok()
        };
        let Ok(Some(Answer::Ingested { counts, retry_after_ms })) =
            tokio::time::timeout(STORE_WAIT, sent).await
        else {
            return (total, Some(STORE_RETRY_MS));
        };
        total += counts;
        // What has no room keeps no other from its place: a clear further on makes room.
        if retry_after_ms.is_some() && counts.overloaded == 0 || rest.is_empty() {
            let full = (total.overloaded > 0).then_some(crate::core::INGEST_RETRY_MS);
            return (total, retry_after_ms.or(full));
        }
        reports = rest;
        part = Part::Further;
    }
}
