//! Reading requests of programs, and refusing them.

use super::super::access::Access;
use super::super::app::{FORWARDED_FOR, TRACEPARENT, texts};
use super::super::log::TraceId;
use super::bodies::{Bodies, BodyKind, InProgress};
use crate::ingest::Unusable;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Json, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tracing::field::{DisplayValue, display};

/// How long a body may take to arrive.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// Who sends, for the log.
pub(in crate::server) struct Sender {
    pub from: IpAddr,
    trace: Option<TraceId>,
}

impl Sender {
    pub(super) fn of(access: &Access, peer: SocketAddr, headers: &HeaderMap) -> Self {
        let forwarded: Vec<_> = texts(headers, &FORWARDED_FOR).collect();
        let trace = texts(headers, &TRACEPARENT).next().and_then(TraceId::of);
        Self { from: access.client(peer.ip(), &forwarded), trace }
    }

    pub(super) fn trace_id(&self) -> Option<DisplayValue<TraceId>> {
        self.trace.map(display)
    }
}

/// The whole body of a request, within the limit of its route. It counts as in progress until the second value is
/// dropped.
pub(in crate::server) async fn body(
    bodies: &Arc<Bodies>,
    kind: BodyKind,
    request: Request,
) -> Result<(Bytes, InProgress), Response> {
    let Some(in_progress) = bodies.begin(kind) else { return Err(full(bodies, kind)) };
    match tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => Ok((body, in_progress)),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large: 16 MiB are allowed at /ingest, 1 MiB at /api/publish, 512 KiB of PagerDuty's \
             format; send less at once",
        )),
        Ok(Err(rejection)) => Err(refuse(StatusCode::BAD_REQUEST, &rejection.body_text())),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time: send it again")),
    }
}

/// The token of a header: `Bearer TOKEN`, or the password of `Basic`.
pub(in crate::server) fn token(headers: &HeaderMap) -> Option<String> {
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

/// `Retry-After` of one request too many, s.
const RETRY_S: u32 = 1;

/// The answer to one too many.
fn full(bodies: &Bodies, kind: BodyKind) -> Response {
    let text = format!(
        "{} requests ({}) are in progress, the most allowed: send the same again after {RETRY_S} s; the gateway's \
         --max-ingest allows more",
        bodies.most(),
        kind.name()
    );
    ([(RETRY_AFTER, RETRY_S.to_string())], refuse(StatusCode::SERVICE_UNAVAILABLE, &text)).into_response()
}

pub(in crate::server) fn refuse(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "status": "refused", "error": text }))).into_response()
}

pub(super) fn unauthenticated() -> Response {
    let answer = refuse(
        StatusCode::UNAUTHORIZED,
        "the token is missing or wrong: send that of token_file as Authorization: Bearer, or as the password of Basic",
    );
    ([(WWW_AUTHENTICATE, "Bearer")], answer).into_response()
}

pub(super) fn unreadable(unusable: &Unusable) -> Response {
    let Unusable { path, expected, found } = unusable;
    let body = json!({
        "status": "refused", "error": unusable.to_string(), "path": path, "expected": expected, "found": found,
    });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// The same may come again after so many ms.
pub(in crate::server) fn later(status: StatusCode, ms: u64) -> Response {
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
