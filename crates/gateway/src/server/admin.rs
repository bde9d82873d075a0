//! `--test-admin`: faults and figures for tests, over HTTP.

use super::app::{App, ask};
use super::config::{Origins, is_loopback_host};
use crate::{Gateway, NewEvent, Now};
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use sentinelops_protocol::domain::{
    IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Severity,
};
use sentinelops_protocol::{Channel, Json as Raw, Payload, Priority, Subject, close, decode_payload};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/admin/close", post(close_all))
        .route("/admin/drain", post(drain))
        .route("/admin/nack", post(nack))
        .route("/admin/publish", post(publish))
        .route("/admin/incident", post(incident))
        .route("/admin/stats", get(stats))
        .route("/admin/state", get(state))
        .layer(from_fn(of_this_machine))
}

/// A page of another site must not reach it through the browser of somebody on this machine: neither by a request of
/// its own (`Origin`) nor by a name that leads here (`Host`).
async fn of_this_machine(request: Request, next: Next) -> Response {
    match foreign(request.headers()) {
        Some(answer) => (StatusCode::FORBIDDEN, answer).into_response(),
        None => next.run(request).await,
    }
}

fn foreign(headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let pages = Origins { loopback: true, ..Origins::default() };
    if !is_loopback_host(text(HOST).unwrap_or_default()) {
        Some("Host: /admin is for requests to 127.0.0.1, [::1] or localhost\n")
    } else if pages.check(text(ORIGIN), None).is_err() {
        Some("Origin: /admin is for pages of this machine\n")
    } else {
        None
    }
}

#[derive(Deserialize)]
struct Close {
    code: Option<u16>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Drain {
    window: Option<u64>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Nack {
    every: u32,
}

#[derive(Deserialize)]
struct Of {
    channel: Channel,
    topic: Option<String>,
}

#[derive(Deserialize)]
struct Incident {
    title: String,
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Publish {
    channel: Channel,
    #[serde(rename = "type")]
    kind: String,
    payload: Raw,
    priority: Option<Priority>,
    timestamp: Option<u64>,
}

async fn answer(app: App, call: impl FnOnce(&mut Gateway, Now) -> Value + Send + 'static) -> Response {
    match ask(&app.hub, call).await {
        Some(value) => Json(value).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn close_all(State(app): State<App>, Query(query): Query<Close>) -> Response {
    let code = query.code.unwrap_or(close::RESTART);
    // Others must not stand in a close frame: the WebSocket layer would refuse to send them.
    let sendable = matches!(code, 1000..=1003 | close::NO_STATUS | 1007..=1014 | 3000..=4999);
    if !sendable {
        return (
            StatusCode::BAD_REQUEST,
            "code: one of 1000-1003, 1005 (a close without a code), 1007-1014, 3000-4999\n",
        )
            .into_response();
    }
    let reason = query.reason.unwrap_or_else(|| "closed by a test".to_owned());
    answer(app, move |gateway, now| {
        let count = gateway.stats().connections;
        gateway.close_all(now, code, &reason);
        json!({ "closed": count })
    })
    .await
}

async fn drain(State(app): State<App>, Query(query): Query<Drain>) -> Response {
    let reason = query.reason.unwrap_or_else(|| "drained by a test".to_owned());
    answer(app, move |gateway, now| {
        let count = gateway.stats().connections;
        gateway.drain(now, &reason, query.window.unwrap_or(2_000));
        json!({ "drained": count })
    })
    .await
}

async fn nack(State(app): State<App>, Query(query): Query<Nack>) -> Response {
    answer(app, move |gateway, _| {
        gateway.set_nack_every((query.every > 0).then_some(query.every));
        json!({ "every": query.every })
    })
    .await
}

async fn publish(State(app): State<App>, body: String) -> Response {
    // Distinguished by hand: raw JSON does not survive an untagged enum.
    let events = match body.trim_start().starts_with('[') {
        true => serde_json::from_str::<Vec<Publish>>(&body),
        false => serde_json::from_str::<Publish>(&body).map(|event| vec![event]),
    };
    let events = match events {
        Ok(events) => events,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    answer(app, move |gateway, now| {
        let seqs: Vec<_> = events
            .into_iter()
            .map(|Publish { channel, kind, payload, priority, timestamp }| {
                let (payload, _) = decode_payload(&kind, &payload);
                let priority = priority.unwrap_or_default();
                gateway.publish(now, NewEvent { channel, kind, payload, priority, timestamp })
            })
            .collect();
        json!({ "seqs": seqs })
    })
    .await
}

/// A new incident with a title of one's own; answers its id.
async fn incident(State(app): State<App>, Query(query): Query<Incident>) -> Response {
    answer(app, move |gateway, now| {
        let number = |id: &str| id.rsplit('-').next().and_then(|digits| digits.parse::<u64>().ok());
        let last = gateway.view().incidents().filter_map(|incident| number(&incident.id)).max();
        let incident_id = format!("inc-{}", last.unwrap_or(1_000) + 1);
        let data = IncidentPatch {
            title: Patch::Set(query.title),
            severity: Patch::Set(query.severity.map_or(Severity::High, |text| Severity::parse(&text))),
            status: Patch::Set(IncidentStatus::New),
            created_at: Patch::Set(now.wall),
            updated_at: Patch::Set(now.wall),
            ..IncidentPatch::default()
        };
        let event = IncidentEvent { incident_id: incident_id.clone(), change: IncidentChange::Created, data };
        let seq = NewEvent::of(Payload::Incident(event)).and_then(|event| gateway.publish(now, event));
        json!({ "incidentId": incident_id, "seq": seq })
    })
    .await
}

/// `perId` counts effects by `user/id`: anything above 1 took effect twice.
async fn stats(State(app): State<App>) -> Response {
    answer(app, |gateway, _| {
        let mut per_id = BTreeMap::<String, u64>::new();
        let mut effects = Vec::new();
        for effect in gateway.effects() {
            *per_id.entry(format!("{}/{}", effect.user, effect.id)).or_default() += 1;
            effects.push(json!({
                "user": effect.user, "id": effect.id, "key": effect.key,
                "type": effect.kind, "index": effect.index, "at": effect.at,
            }));
        }
        let stats = gateway.stats();
        json!({
            "connections": stats.connections, "connectionsEver": stats.connections_ever,
            "subscriptions": stats.subscriptions,
            "events": stats.events, "framesIn": stats.frames_in, "framesOut": stats.frames_out,
            "accepted": stats.accepted, "repeated": stats.repeated, "refused": stats.refused,
            "deferred": stats.deferred, "bad": stats.bad, "dropped": stats.drops.total(),
            "epoch": gateway.epoch(), "effects": effects, "perId": per_id,
        })
    })
    .await
}

async fn state(State(app): State<App>, Query(query): Query<Of>) -> Response {
    let subject = Subject { channel: query.channel, topic: query.topic };
    answer(app, move |gateway, _| json!({ "items": gateway.state(&subject), "seq": gateway.seq() })).await
}
