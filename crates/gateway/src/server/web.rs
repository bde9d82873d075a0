//! The HTTP side: the upgrade at `/` and `/ws`, and `/healthz`.

use super::clock::Clock;
use super::hub::Input;
use super::{admin, socket};
use crate::{Gateway, Mode, Now};
use axum::Router;
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

/// Who a client is before anybody can say otherwise.
const ANONYMOUS: &str = "anonymous";

/// What every handler may know.
#[derive(Clone)]
pub(super) struct App {
    pub hub: mpsc::Sender<Input>,
    pub clock: Clock,
    pub trust_user: bool,
    pub max_message_bytes: usize,
    pub low_water: usize,
}

pub(super) fn router(app: App, test_admin: bool) -> Router {
    let mut router =
        Router::new().route("/", get(upgrade)).route("/ws", get(upgrade)).route("/healthz", get(healthz));
    if test_admin {
        router = router.merge(admin::routes());
    }
    router.with_state(app)
}

/// Asks the hub; `None` when it has ended.
pub(super) async fn ask<T: Send + 'static>(
    hub: &mpsc::Sender<Input>,
    call: impl FnOnce(&mut Gateway, Now) -> T + Send + 'static,
) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    let call = Input::Call(Box::new(move |gateway, now| {
        let _ = reply.send(call(gateway, now));
    }));
    hub.send(call).await.ok()?;
    answer.await.ok()
}

#[derive(Deserialize)]
struct Who {
    user: Option<String>,
}

async fn upgrade(
    State(app): State<App>,
    Query(who): Query<Who>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) => {
            let text = "This is the SentinelOps gateway. It speaks WebSocket here and at /ws; GET /healthz says how it is.\n";
            return (StatusCode::UPGRADE_REQUIRED, text).into_response();
        }
    };
    let named = who.user.filter(|user| app.trust_user && (1..=64).contains(&user.chars().count()));
    let user = named.unwrap_or_else(|| ANONYMOUS.to_owned());
    // The core refuses what is above the limit and says which message it was; what is far above it
    // is never held in memory.
    let limit = app.max_message_bytes.saturating_mul(4);
    upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .on_upgrade(move |stream| socket::serve(stream, user, app.hub, app.low_water))
}

async fn healthz(State(app): State<App>) -> Response {
    let clock = app.clock;
    let health = ask(&app.hub, move |gateway, _| {
        let stats = gateway.stats();
        let mode = match gateway.config().mode {
            Mode::Basic => "basic",
            Mode::V1 => "v1",
        };
        json!({
            "status": "ok", "mode": mode, "connections": stats.connections, "events": stats.events,
            "uptimeMs": clock.now().mono,
        })
    })
    .await;
    match health {
        Some(health) => Json(health).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
