//! The HTTP side: the upgrade at `/` and `/ws`, and with `--serve` the console.

use super::app::{ANONYMOUS, App, FORWARDED_FOR, TRACEPARENT, texts};
use super::input::Opened;
use super::log::{self, TraceId};
use super::{admin, ingest, publish, socket};
use crate::Token;
use axum::Router;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sentinelops_protocol::close;
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::{field, info, warn};

/// How long a request's head may take.
const HEAD_WAIT: Duration = Duration::from_secs(5);
/// Longest head of a request, in bytes.
const MOST_HEAD: usize = 32 * 1024;
/// How long to wait when no connection can be accepted (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// `more` are further addresses.
pub(super) fn router(app: App, test_admin: bool, more: Option<Router>) -> Router {
    let mut router = Router::new()
        .route("/", get(upgrade))
        .route("/ws", get(upgrade))
        .merge(ingest::routes())
        .merge(publish::routes());
    if test_admin {
        router = router.merge(admin::routes());
    }
    let router = router.fallback(page_or_file).with_state(app);
    let router = more.into_iter().fold(router, Router::merge);
    #[cfg(feature = "otel")]
    let router = router.layer(axum::middleware::from_fn(super::otel::traced));
    router
}

/// Accepts connections for ever. What is accepted lives on when this is dropped: until `draining` is true, then it ends
/// with the request that is being answered. Sockets end by themselves.
pub(super) async fn serve(listener: TcpListener, router: Router, draining: watch::Receiver<bool>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!("no connection can be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Small frames must not wait for each other; without it they are merely later.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            service.call(request)
        });
        let mut draining = draining.clone();
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WAIT)
                .max_buf_size(MOST_HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            tokio::pin!(connection);
            // How a peer breaks HTTP is its own affair.
            tokio::select! {
                _ = connection.as_mut() => {}
                () = drains(&mut draining) => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        });
    }
}

/// Returns when it drains.
async fn drains(draining: &mut watch::Receiver<bool>) {
    if draining.wait_for(|draining| *draining).await.is_err() {
        // Nobody can say so any more.
        std::future::pending().await
    }
}

#[derive(Deserialize)]
struct Who {
    user: Option<String>,
    token: Option<String>,
}

/// What is no address of the gateway itself.
async fn page_or_file(State(app): State<App>, request: Request) -> Response {
    match app.site {
        Some(site) => site.get().answer(request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn upgrade(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let Some(key) = websocket_key(&request) else {
        if app.site.is_some() && request.uri().path() == "/" {
            return page_or_file(State(app), request).await;
        }
        let text = "This is the SentinelOps gateway. It speaks WebSocket here and at /ws; GET /healthz says how it is.\n";
        return (StatusCode::UPGRADE_REQUIRED, text).into_response();
    };
    let who = match Query::<Who>::try_from_uri(request.uri()) {
        Ok(Query(who)) => who,
        Err(refused) => return refused.into_response(),
    };
    let accept = derive_accept_key(key.as_bytes());
    let access = app.access.get();
    let forwarded: Vec<_> = texts(request.headers(), &FORWARDED_FOR).collect();
    let from = access.client(peer.ip(), &forwarded).to_string();
    // A header that is no text is an origin that is not listed.
    let origin = request.headers().get(header::ORIGIN).map(|value| value.to_str().unwrap_or("?"));
    let own = access.own_origin(peer.ip(), request.headers());
    let refusal = access.origins.check(origin, own.as_ref()).err();
    let named = who.user.filter(|user| app.trust_user && (1..=64).contains(&user.chars().count()));
    let opened = Box::new(Opened {
        user: named.unwrap_or_else(|| ANONYMOUS.to_owned()),
        token: who.token.filter(|token| !token.is_empty()).map(Token::new),
        from,
        trace: texts(request.headers(), &TRACEPARENT).next().and_then(TraceId::of),
    });
    let upgraded = hyper::upgrade::on(&mut request);
    // Only what a connection needs as long as it lives.
    let App { hub, counters, max_message_bytes, low_water, .. } = app;
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let socket = socket::open(TokioIo::new(upgraded), max_message_bytes).await;
        match refusal {
            Some(reason) => {
                counters.foreign_origin();
                let trace_id = opened.trace.map(field::display);
                info!(trace_id, "refused from {}: {}", opened.from, log::clean(&reason));
                socket::refuse(socket, close::FORBIDDEN, reason).await;
            }
            None => socket::serve(socket, opened, hub, low_water).await,
        }
    });
    let headers = [
        (header::CONNECTION, "upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The key of a request that asks for a WebSocket.
fn websocket_key(request: &Request) -> Option<String> {
    let headers = request.headers();
    let has = |name: &HeaderName, word: &str| {
        texts(headers, name)
            .flat_map(|text| text.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let asks = request.method() == Method::GET
        && has(&header::CONNECTION, "upgrade")
        && has(&header::UPGRADE, "websocket")
        && has(&header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?.to_str().ok()?;
    asks.then(|| key.to_owned())
}
