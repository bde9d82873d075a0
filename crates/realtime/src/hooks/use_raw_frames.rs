//! `use_raw_frames`: frames of one's own, to and from a basic server.

use super::selected::{use_changes, use_selected};
use super::use_client;
use crate::client::{Client, Dependency};
use crate::{ClientError, RawError, RawEvent};
use sentinelops_engine::{ConnectionState, Mode, RawFrame};
use yew::prelude::*;

/// What [`use_raw_frames`] gives.
///
/// ```
/// use sentinelops_realtime::UseRawHandle;
///
/// fn line(raw: &UseRawHandle) -> String {
///     format!("subprotocol {}", raw.protocol.as_deref().unwrap_or("none"))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseRawHandle {
    /// Connected to a basic server: frames can be sent.
    pub is_ready: bool,
    /// The subprotocol that the server chose, of those in [`Options::protocols`](crate::engine::Options::protocols).
    pub protocol: Option<String>,
    /// What is wrong now: setup, worker, connection.
    pub error: Option<ClientError>,
    client: Client,
}

impl UseRawHandle {
    /// Sends a frame, at once or not at all: see [`Client::send_raw`].
    ///
    /// # Errors
    /// Why it was not sent.
    ///
    /// ```
    /// use sentinelops_realtime::{RawError, RawFrame, UseRawHandle};
    ///
    /// fn sample(raw: &UseRawHandle, bytes: &[u8]) -> Result<(), RawError> {
    ///     raw.send(RawFrame::Binary(bytes.to_vec()))
    /// }
    /// ```
    pub fn send(&self, frame: RawFrame) -> Result<(), RawError> {
        self.client.send_raw(frame)
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::UseRawHandle;
    ///
    /// fn reconnect(raw: &UseRawHandle) {
    ///     raw.client().reconnect();
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Calls back with each frame of a basic server that is no message of the protocol, from the moment of mounting on: see
/// [`Client::subscribe_raw`]. So an app talks to a server with channels, or a protocol, of its own.
///
/// ```
/// use sentinelops_realtime::{RawEvent, RawFrame, use_raw_frames};
/// use serde::Deserialize;
/// use yew::prelude::*;
///
/// /// What the server sends on its channel `weather`.
/// #[derive(Deserialize)]
/// struct Envelope {
///     channel: String,
///     payload: Reading,
/// }
///
/// #[derive(Deserialize)]
/// struct Reading {
///     celsius: f64,
/// }
///
/// #[component]
/// fn Weather() -> Html {
///     let celsius = use_state(|| None);
///     let set = celsius.setter();
///     let raw = use_raw_frames(move |event| {
///         if let RawEvent::Frame(frame) = event
///             && let RawFrame::Text(text) = &**frame
///             && let Ok(Envelope { channel, payload }) = serde_json::from_str(text)
///             && channel == "weather"
///         {
///             set.set(Some(payload.celsius));
///         }
///     });
///     use_effect_with(raw.clone(), |raw| {
///         if raw.is_ready {
///             let follow = r#"{"type":"subscribe","channel":"system","payload":{"channels":[{"channel":"weather"}]}}"#;
///             raw.send(RawFrame::Text(follow.to_owned())).unwrap_or_else(|why| log::warn!("{why}"));
///         }
///     });
///     html! { <p>{ for celsius.map(|celsius| format!("{celsius} degrees")) }</p> }
/// }
/// ```
#[hook]
pub fn use_raw_frames<F>(on_event: F) -> UseRawHandle
where
    F: Fn(&RawEvent) + 'static,
{
    let client = use_client();
    use_changes(&client, vec![Dependency::Raw], move |changes| changes.raw.iter().for_each(&on_event));
    use_selected(&client, vec![Dependency::Status], |client| {
        let status = client.status();
        UseRawHandle {
            is_ready: status.state == ConnectionState::Connected && status.mode == Some(Mode::Basic),
            protocol: status.protocol.clone(),
            error: client.error(None),
            client: client.clone(),
        }
    })
}
