//! Where alerts come in: `POST /ingest/NAME`. A request is answered when everything it brought about is committed.

use super::access::Ingest;
use super::config::IngestKind;
use super::hub::Input;
use super::log::{self, TraceId};
use super::web::{App, FORWARDED_FOR, TRACEPARENT, texts};
use crate::ingest::{Parsed, Unusable, alertmanager};
use crate::{Answer, IngestCounts, Report};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::{field, info, warn};

/// Largest body, bytes.
pub(super) const MOST_BODY: usize = 16 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WAIT: Duration = Duration::from_secs(30);
/// How long the store may take; a source that waited so long comes again.
const STORE_WAIT: Duration = Duration::from_secs(10);
/// `Retry-After` where the store took too long.
const STORE_RETRY_MS: u64 = 5_000;
/// Reports that go to the hub at once: others have their turn in between.
const PART: usize = 64;
/// Unusable reports named in an answer.
const NAMED: usize = 20;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/ingest/{name}", post(ingest).put(ingest)).layer(DefaultBodyLimit::max(MOST_BODY))
}

async fn ingest(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let access = app.access.get();
    let forwarded: Vec<_> = texts(request.headers(), &FORWARDED_FOR).collect();
    let from = access.client(peer.ip(), &forwarded);
    let trace = texts(request.headers(), &TRACEPARENT).next().and_then(TraceId::of);
    let trace_id = trace.map(field::display);
    let Some(ingest) = access.ingests().find(|ingest| *ingest.options.source.name == *name).cloned() else {
        return refuse(
            StatusCode::NOT_FOUND,
            "there is no such ingest: name it in [[ingest]] of the gateway's --config",
        );
    };
    // Sources are no pages. Without tokens (--dev) a page of another site could reach this.
    if request.headers().contains_key(ORIGIN) {
        return refuse(StatusCode::FORBIDDEN, "pages may not send alerts: leave out the Origin header");
    }
    if !ingest.admits(token(request.headers()).as_deref()) {
        warn!(ingest = %name, "no valid token from {from}");
        let answer = refuse(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong: send that of token_file as Authorization: Bearer, or as the password of Basic",
        );
        return ([(WWW_AUTHENTICATE, "Bearer")], answer).into_response();
    }
    let body = match body(request).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let source = ingest.options.source.name.clone();
    let parsed = match ingest.options.kind {
        IngestKind::Alertmanager => read(move || alertmanager(&source, &body)).await,
        IngestKind::PagerDuty | IngestKind::CloudEvents => {
            return refuse(StatusCode::NOT_IMPLEMENTED, "this kind is not taken yet");
        }
    };
    match parsed {
        Ok(parsed) => take_in(&app, &ingest, parsed, &from.to_string(), trace).await,
        Err(unusable) => {
            warn!(ingest = %name, trace_id, "not readable: {}", log::clean(&unusable.to_string()));
            unreadable(&unusable)
        }
    }
}

/// Hands reports to the hub and answers when they are committed.
async fn take_in(app: &App, ingest: &Ingest, parsed: Parsed, from: &str, trace: Option<TraceId>) -> Response {
    let trace_id = trace.map(field::display);
    let Parsed { reports, mut unusable } = parsed;
    if reports.is_empty()
        && let Some(first) = unusable.first()
    {
        warn!(ingest = %ingest.options.source.name, trace_id, "nothing is usable: {}", log::clean(&first.to_string()));
        count(app, ingest, unusable.len()).await;
        return unreadable(first);
    }
    let total = unusable.len();
    let (counts, retry_after_ms) = send(app, ingest, reports, total).await;
    let name = &ingest.options.source.name;
    let said: Vec<_> = counts
        .named()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    let said = if said.is_empty() { "nothing".to_owned() } else { said.join(", ") };
    info!(ingest = %name, trace_id, "from {from}: {said}");
    if let Some(ms) = retry_after_ms {
        // Alertmanager gives up after any 4xx.
        let full = counts.overloaded > 0 && ingest.options.kind != IngestKind::Alertmanager;
        let status = if full { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::SERVICE_UNAVAILABLE };
        return later(status, ms);
    }
    let counts: serde_json::Map<_, _> =
        counts.named().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    unusable.truncate(NAMED);
    Json(json!({ "status": "ok", "counts": counts, "unusable": unusable })).into_response()
}

/// The same without an answer of one's own.
async fn send(
    app: &App,
    ingest: &Ingest,
    mut reports: Vec<Report>,
    unusable: usize,
) -> (IngestCounts, Option<u64>) {
    let mut total = IngestCounts::default();
    let mut unusable = u64::try_from(unusable).unwrap_or(u64::MAX);
    loop {
        let rest = reports.split_off(reports.len().min(PART));
        let (reply, answer) = oneshot::channel();
        let source = ingest.options.source.name.clone();
        let input = Input::Ingest { source, reports, unusable: std::mem::take(&mut unusable), reply };
        let sent = async {
            app.hub.send(input).await.ok()?;
            answer.await.ok()
        };
        let answer = tokio::time::timeout(STORE_WAIT, sent).await.ok().flatten();
        match answer {
            Some(Answer::Ingested { counts, retry_after_ms }) => {
                total += counts;
                // What has no room keeps no other from its place: a clear further on makes room.
                if retry_after_ms.is_some() && counts.overloaded == 0 || rest.is_empty() {
                    let full = (total.overloaded > 0).then_some(crate::core::INGEST_RETRY_MS);
                    return (total, retry_after_ms.or(full));
                }
            }
            None => return (total, Some(STORE_RETRY_MS)),
        }
        reports = rest;
    }
}

/// A body of which nothing is usable has been sent all the same.
async fn count(app: &App, ingest: &Ingest, unusable: usize) {
    send(app, ingest, Vec::new(), unusable).await;
}

async fn read(parse: impl FnOnce() -> Result<Parsed, Unusable> + Send + 'static) -> Result<Parsed, Unusable> {
    tokio::task::spawn_blocking(parse).await.unwrap_or_else(|error| {
        Err(Unusable {
            path: "body".to_owned(),
            expected: "a body that can be read".to_owned(),
            found: error.to_string(),
        })
    })
}

/// The whole body of a request.
pub(super) async fn body(request: Request) -> Result<Bytes, Response> {
    match tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let text =
                format!("the body is too large: {MOST_BODY} bytes are allowed; send fewer alerts at once");
            Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, &text))
        }
        Ok(Err(rejection)) => Err(refuse(StatusCode::BAD_REQUEST, &rejection.body_text())),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time: send it again")),
    }
}

/// The token of a header: `Bearer TOKEN`, or the password of `Basic`.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

pub(super) fn refuse(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "status": "refused", "error": text }))).into_response()
}

fn unreadable(unusable: &Unusable) -> Response {
    let Unusable { path, expected, found } = unusable;
    let body = json!({
        "status": "refused", "error": unusable.to_string(), "path": path, "expected": expected, "found": found,
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

pub(super) fn later(status: StatusCode, ms: u64) -> Response {
    let seconds = ms.div_ceil(1_000).max(1);
    let text = match status {
        StatusCode::SERVICE_UNAVAILABLE => "not everything could be stored: send the whole body again",
        _ => "too many are open already: resolve some, then send the whole body again",
    };
    ([(RETRY_AFTER, seconds.to_string())], refuse(status, text)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_a_bearer_or_the_password_of_basic() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().expect("a header"));
            token(&headers)
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("bearer  abc").as_deref(), Some("abc"));
        assert_eq!(of("Basic Z3JhZmFuYTphOmI=").as_deref(), Some("a:b"), "grafana:a:b");
        for none in ["abc", "Digest abc", "Basic !", "Basic YWJj"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
