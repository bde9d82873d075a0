//! `POST /api/publish`: commands of backends, judged as over a socket. `Idempotency-Key` makes each take effect once.

use super::app::{ANONYMOUS, App};
use super::ingest::{BodyKind, STORE_RETRY_MS, STORE_WAIT, body, refuse, token};
use super::input::Input;
use crate::{Answer, Identity, Token, Verdict};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use sentinelops_protocol::{ClientMessage, Code, Command, Limits, ProblemKind, decode_client_frame};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Largest body, bytes.
const MOST_BODY: usize = 1024 * 1024;
/// Longest `Idempotency-Key`, characters: the number of a command comes to it, and ids have 64.
const MOST_KEY: usize = 56;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/api/publish", post(publish)).layer(DefaultBodyLimit::max(MOST_BODY))
}

#[derive(Deserialize)]
struct Who {
    user: Option<String>,
}

async fn publish(State(app): State<App>, Query(who): Query<Who>, request: Request) -> Response {
    let headers = request.headers();
    let key = match admitted(&app, headers) {
        Ok(key) => key,
        Err((status, text)) => return refuse(status, &text),
    };
    let identity = match identity(&app, headers, who.user).await {
        Ok(identity) => identity,
        Err(answer) => return answer,
    };
    let (body, _in_progress) = match body(&app.bodies, BodyKind::Publish, request).await {
        Ok(received) => received,
        Err(answer) => return answer,
    };
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let commands = match commands(&body, is_list, &key) {
        Ok(commands) => commands,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, &text),
    };
    let ids: Vec<_> = commands.iter().map(|command| command.id.clone()).collect();
    let (reply, answer) = oneshot::channel();
    let sent = async {
        app.hub.send(Input::Publish { identity, commands, reply }).await.ok()?;
        answer.await.ok()
    };
    match tokio::time::timeout(STORE_WAIT, sent).await {
        Ok(Some(Answer::Judged(verdicts))) => answered(&ids, &verdicts, is_list),
        _ => {
            let answer = refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "the store did not answer in time: send the same again with the same Idempotency-Key",
            );
            ([(RETRY_AFTER, STORE_RETRY_MS.div_ceil(1_000).to_string())], answer).into_response()
        }
    }
}

/// The key of a request that may be read. A page of another site cannot send such headers without asking before, and it
/// would get no answer to that.
fn admitted(app: &App, headers: &HeaderMap) -> Result<String, (StatusCode, String)> {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("?").to_owned();
    if let Some(origin) = headers.get(ORIGIN).map(text)
        && let Err(reason) = app.access.get().origins.check(Some(&origin), None)
    {
        return Err((StatusCode::FORBIDDEN, reason));
    }
    let content_type = headers.get(CONTENT_TYPE).map(text).unwrap_or_default().to_ascii_lowercase();
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err((
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type: application/json is allowed".to_owned(),
        ));
    }
    let key = headers.get("idempotency-key").map(text).unwrap_or_default();
    if !(1..=MOST_KEY).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let text = format!(
            "Idempotency-Key: 1 to {MOST_KEY} letters, digits or signs are allowed; the same key again makes a repeat"
        );
        return Err((StatusCode::BAD_REQUEST, text));
    }
    Ok(key)
}

async fn identity(app: &App, headers: &HeaderMap, user: Option<String>) -> Result<Identity, Response> {
    let access = app.access.get();
    if access.verifier().is_none() {
        let named = user.filter(|user| app.trust_user && (1..=64).contains(&user.chars().count()));
        return Ok(Identity::open(named.unwrap_or_else(|| ANONYMOUS.to_owned())));
    }
    let denied =
        |status, reason: &str| ([(WWW_AUTHENTICATE, "Bearer")], refuse(status, reason)).into_response();
    let Some(token) = token(headers) else {
        return Err(denied(StatusCode::UNAUTHORIZED, "there is no token: send Authorization: Bearer TOKEN"));
    };
    access.check(&Token::new(token), &app.counters).await.map_err(|refused| match refused.retry_after_ms {
        None => denied(StatusCode::UNAUTHORIZED, &refused.reason),
        Some(ms) => {
            let answer = refuse(StatusCode::SERVICE_UNAVAILABLE, &refused.reason);
            ([(RETRY_AFTER, ms.div_ceil(1_000).to_string())], answer).into_response()
        }
    })
}

/// The commands of a body, as on the wire but for their ids: these come from the key.
fn commands(body: &[u8], is_list: bool, key: &str) -> Result<Vec<Command>, String> {
    type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;
    let wrong = |error: serde_json::Error| format!("one command or an array of commands is allowed: {error}");
    let mut envelopes: Vec<Fields<'_>> = match is_list {
        true => serde_json::from_slice(body).map_err(wrong)?,
        false => vec![serde_json::from_slice(body).map_err(wrong)?],
    };
    let most = Limits::to_server().max_batch;
    if envelopes.is_empty() || envelopes.len() > most {
        return Err(format!("{} commands: 1 to {most} are allowed", envelopes.len()));
    }
    let ids: Vec<_> = (0..envelopes.len())
        .map(|at| if is_list { format!("{key}#{at}") } else { key.to_owned() })
        .map(|id| serde_json::value::to_raw_value(&id).map_err(wrong))
        .collect::<Result<_, _>>()?;
    for (envelope, id) in envelopes.iter_mut().zip(&ids) {
        envelope.insert("id", id);
    }
    let frame = serde_json::to_vec(&envelopes).map_err(wrong)?;
    // The ids come to it.
    let limits = Limits { max_bytes: 2 * MOST_BODY, ..Limits::to_server() };
    let decoded = decode_client_frame(&frame, &limits).map_err(|error| error.to_string())?;
    if let Some(problem) = decoded.problems.iter().find(|problem| problem.kind != ProblemKind::BadField) {
        let at = problem.id.as_deref().and_then(|id| id.rsplit_once('#')).filter(|_| is_list);
        let place = at.map(|(_, at)| format!("[{at}].")).unwrap_or_default();
        return Err(format!("{place}{problem}"));
    }
    let command = |message| match message {
        ClientMessage::Command(command) => Ok(command),
        ClientMessage::System(..) => Err("channel: system is for connections: leave it out".to_owned()),
    };
    decoded.messages.into_iter().map(command).collect()
}

fn answered(ids: &[String], verdicts: &[Verdict], is_list: bool) -> Response {
    let results: Vec<_> = ids.iter().zip(verdicts).map(|(id, verdict)| result(id, verdict)).collect();
    let deferred = verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Deferred { code, retry_after_ms, .. } => Some((code, *retry_after_ms)),
        _ => None,
    });
    if let Some((code, ms)) = deferred {
        let status = match code {
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let seconds = ms.div_ceil(1_000).max(1).to_string();
        return (status, [(RETRY_AFTER, seconds)], Json(json!({ "results": results }))).into_response();
    }
    let status = match verdicts {
        [Verdict::Refused { code, .. }] if !is_list => status_of(code),
        _ => StatusCode::OK,
    };
    (status, Json(json!({ "results": results }))).into_response()
}

fn status_of(code: &Code) -> StatusCode {
    match code {
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Conflict => StatusCode::CONFLICT,
        Code::TooBig => StatusCode::PAYLOAD_TOO_LARGE,
        // As the draft of the header has it: the key was used with another body.
        Code::DuplicateId => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn result(id: &str, verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Accepted => json!({ "id": id, "status": "accepted" }),
        Verdict::Repeated => json!({ "id": id, "status": "repeated" }),
        Verdict::Refused { code, message } => {
            json!({ "id": id, "status": "refused", "code": code.as_str(), "message": message })
        }
        Verdict::Deferred { code, message, retry_after_ms } => json!({
            "id": id, "status": "deferred", "code": code.as_str(), "message": message, "retryAfterMs": retry_after_ms,
        }),
    }
}
