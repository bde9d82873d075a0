//! What the handlers of requests share.

use super::access::{Access, Current};
use super::clock::Clock;
use super::ingest::Bodies;
use super::input::Input;
use super::ops::Counters;
use super::site::Site;
use crate::{Gateway, Now};
use axum::http::header::{HeaderMap, HeaderName};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Who a client is before anybody can say otherwise.
pub(super) const ANONYMOUS: &str = "anonymous";
pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What every handler may know.
#[derive(Clone)]
pub(super) struct App {
    pub hub: mpsc::Sender<Input>,
    pub clock: Clock,
    pub counters: Arc<Counters>,
    pub access: Current<Access>,
    /// The console, with `--serve`.
    pub site: Option<Current<Site>>,
    pub trust_user: bool,
    /// Requests with a body in progress.
    pub bodies: Arc<Bodies>,
    pub max_message_bytes: usize,
    pub low_water: usize,
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

/// The values of a header that are text.
pub(super) fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
}
