//! What can go wrong, in words for people: what was found, what is allowed, what to do.

use crate::SendState;
use crate::bridge::PortFailure;
use crate::url::PathError;
use sentinelops_engine::{RawFrame, StoreError};
use sentinelops_protocol::{JsonError, Problem, Subject};
use std::rc::Rc;
use thiserror::Error;

/// Something the provider, the worker or the connection has to say to people.
///
/// ```
/// use sentinelops_realtime::{ClientError, use_incidents};
/// use yew::prelude::*;
///
/// #[component]
/// fn ErrorLine() -> Html {
///     match use_incidents().error {
///         // The server decides who may follow a channel.
///         Some(ClientError::Denied { message, .. }) => html! { <p>{ format!("No access: {message}") }</p> },
///         Some(error) => html! { <p role="alert">{ error.to_string() }</p> },
///         None => Html::default(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The provider cannot start with what it was given (URL, options). Nothing is tried.
    #[error(transparent)]
    Setup(SetupError),
    /// The worker failed or does not answer.
    #[error(transparent)]
    Worker(WorkerError),
    /// The connection's last error.
    #[error("{0}")]
    Connection(String),
    /// The server refused a subscription.
    #[error("the server refused the subscription to {subject}: {message}")]
    Denied {
        /// Which.
        subject: Subject,
        /// Why, in the server's words.
        message: String,
    },
    /// A message came in that is not what its type says; it was delivered raw.
    #[error("{0}")]
    Problem(Problem),
    /// The store on this device could not do what was asked.
    #[error("the store on this device could not do it: {0}")]
    Storage(StoreError),
}

/// Why a provider cannot start.
///
/// ```
/// use sentinelops_realtime::SetupError;
///
/// let error = SetupError::Insecure { url: "ws://ops.example.com".to_owned() };
/// assert!(error.to_string().contains("Use wss:"), "says what to do");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL cannot be dialled. It is shown without its query, which may hold secrets.
    #[error("WebSocket URL \"{url}\": {why}")]
    BadUrl {
        /// The URL without query.
        url: String,
        /// What is wrong, and what is allowed.
        why: String,
    },
    /// `ws:` from an https page: browsers refuse it.
    #[error(
        "WebSocket URL \"{url}\": a page loaded over https may only use wss: (ws: is allowed to this machine's own \
         loopback address). Use wss:, or load the page over http."
    )]
    Insecure {
        /// The URL without query.
        url: String,
    },
    /// Realtime is switched off (`enabled={false}`).
    #[error("live updates are switched off (`enabled` is false): nothing is sent or received")]
    Disabled,
}

/// What is wrong with the worker, and what happens next.
///
/// ```
/// use sentinelops_realtime::{PortFailure, WorkerError, WorkerErrorKind};
///
/// let kind = WorkerErrorKind::Port(PortFailure::Crashed("unreachable".to_owned()));
/// let error = WorkerError { kind, retry_at: Some(1_700_000_000_000) };
/// assert!(error.to_string().starts_with("the background worker crashed (unreachable)."));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} {}", self.advice())]
pub struct WorkerError {
    /// What happened.
    pub kind: WorkerErrorKind,
    /// Wall clock (ms) of the next attempt; `None`: none is made by itself, only what the text says helps.
    pub retry_at: Option<u64>,
}

/// What is wrong with the worker.
///
/// ```
/// use sentinelops_realtime::{WorkerHealth, WorkerErrorKind};
///
/// /// Whether it runs and does not answer.
/// fn is_stuck(health: &WorkerHealth) -> bool {
///     match health {
///         WorkerHealth::Failing(error) => matches!(error.kind, WorkerErrorKind::Hung),
///         _ => false,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WorkerErrorKind {
    /// The worker could not be loaded or started, or it died.
    #[error("{0}.")]
    Port(PortFailure),
    /// It was started 10 s ago and is not ready yet. It is still waited for, until `retry_at`.
    #[error("the background worker has not started after 10 seconds.")]
    Slow,
    /// It was started and never got ready.
    #[error("the background worker did not start in time.")]
    NoStart,
    /// It stopped answering.
    #[error("the background worker did not answer for 10 seconds.")]
    Hung,
}

impl WorkerError {
    /// What it was given it cannot have acted upon.
    pub(crate) fn never_ran(&self) -> bool {
        use PortFailure::{Blocked, Missing, OtherBuild};
        matches!(
            self.kind,
            WorkerErrorKind::NoStart | WorkerErrorKind::Port(Missing(_) | Blocked(_) | OtherBuild(_))
        )
    }

    /// Nothing but a reload of the page helps.
    ///
    /// ```
    /// use sentinelops_realtime::{WorkerError, WorkerErrorKind};
    ///
    /// let error = WorkerError { kind: WorkerErrorKind::Hung, retry_at: None };
    /// assert!(!error.needs_reload());
    /// ```
    pub fn needs_reload(&self) -> bool {
        matches!(self.kind, WorkerErrorKind::Port(PortFailure::OtherBuild(_)))
    }

    /// What a person can do about it.
    ///
    /// ```
    /// use sentinelops_realtime::{WorkerError, WorkerErrorKind};
    ///
    /// let error = WorkerError { kind: WorkerErrorKind::Hung, retry_at: None };
    /// assert!(error.advice().starts_with("It is started again by itself"));
    /// ```
    pub fn advice(&self) -> &'static str {
        match &self.kind {
            WorkerErrorKind::Port(PortFailure::Missing(_)) => {
                "Check that the worker's script is deployed beside the page and that its address (worker_url, or the \
                 meta tag sentinelops-worker) is right."
            }
            WorkerErrorKind::Port(PortFailure::Blocked(_)) => {
                "Allow it in the content security policy (worker-src 'self', and trusted-types sentinelops where \
                 Trusted Types are required), then try again or reload the page."
            }
            WorkerErrorKind::Port(PortFailure::OtherBuild(_)) => {
                "Page and worker are of different builds: reload the page to update."
            }
            WorkerErrorKind::Slow => {
                "It may still be loading over a slow network; if it never starts it is started again by itself."
            }
            WorkerErrorKind::Port(PortFailure::Crashed(_))
            | WorkerErrorKind::NoStart
            | WorkerErrorKind::Hung => {
                "It is started again by itself; messages not yet sent are kept. If it comes back, reload the page."
            }
        }
    }
}

/// A message that was sent did not arrive.
///
/// ```
/// use sentinelops_realtime::engine::DeliveryState;
/// use sentinelops_realtime::{Client, Message, SendError};
///
/// async fn say(client: &Client, text: &str) -> Result<(), SendError> {
///     match client.send(Message::chat("ops", text)).delivered().await {
///         Err(SendError::Ended(state)) if state.delivery == DeliveryState::Superseded => Ok(()),
///         end => end,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// It ended otherwise: refused, expired, dropped, discarded, or replaced by a newer one.
    #[error("the message was not delivered ({}). {}", .0.label(), .0.explanation().unwrap_or_default())]
    Ended(SendState),
    /// Nobody knows any more: the client was closed, or forgot the message among 1,000 later ones.
    #[error(
        "how the message ended is not known: the client was closed, or has forgotten it. Ask the server."
    )]
    Unknown,
}

/// A payload of one's own cannot be written as JSON.
///
/// ```
/// use sentinelops_realtime::Message;
/// use sentinelops_realtime::protocol::Channel;
/// use std::collections::BTreeMap;
///
/// let keyed_by_pairs = BTreeMap::from([((1, 2), "a")]);
/// let error = Message::new(Channel::Activity, "deploy.started", &keyed_by_pairs).unwrap_err();
/// assert!(error.to_string().starts_with("the payload of deploy.started cannot be written as JSON"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the payload of {kind} cannot be written as JSON: {reason}. Keys of maps must be strings or numbers."
)]
#[non_exhaustive]
pub struct PayloadError {
    /// The type of the message.
    pub kind: String,
    /// What serde says.
    pub reason: JsonError,
}

/// No token could be had: the dial counts as failed and is tried again. Texts become one with `?` or `into()`.
///
/// ```
/// use sentinelops_realtime::{TokenError, TokenSource};
///
/// # async fn from_service() -> Result<String, String> { Ok(String::new()) }
/// let source = TokenSource::asynchronous(|_reason| async {
///     let token = from_service().await?;
///     if token.is_empty() {
///         return Err(TokenError::from("the token service answers with an empty token: check its log"));
///     }
///     Ok(Some(token))
/// });
/// # let _ = source;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// No path of the page's own origin.
    #[error(transparent)]
    BadPath(PathError),
    /// The address does not answer.
    #[error("{url} does not answer: check the network, and the service behind it")]
    NoAnswer {
        /// The address, without its query.
        url: String,
    },
    /// The address answers with a status that is neither a token nor "sign in".
    #[error(
        "{url} answers {status}{}",
        if *status == 404 { ", there is nothing: check the address" } else { ": the service behind it is in trouble" }
    )]
    Status {
        /// The address, without its query.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer holds no token. Nothing of it is quoted: it may be a token under another name.
    #[error("{url} answers with {found}, but {{\"token\": \"…\"}} is expected: check the address")]
    NoToken {
        /// The address, without its query.
        url: String,
        /// What was answered instead, in words.
        found: &'static str,
    },
    /// What a callback says.
    #[error("{0}")]
    Callback(String),
}

impl From<String> for TokenError {
    fn from(text: String) -> Self {
        Self::Callback(text)
    }
}

impl From<&str> for TokenError {
    fn from(text: &str) -> Self {
        Self::Callback(text.to_owned())
    }
}

/// A frame of one's own was not sent.
///
/// ```
/// use sentinelops_realtime::{Client, RawError, RawFrame};
///
/// fn ping(client: &Client) -> bool {
///     !matches!(client.send_raw(RawFrame::Text("ping".to_owned())), Err(RawError::NotConnected))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RawError {
    /// There is no connection, or it is not known yet how the server speaks.
    #[error("there is no connection, and own frames wait for none: send it when the connection is up")]
    NotConnected,
    /// The server speaks v1, which knows messages only.
    #[error("this server speaks v1, which takes messages only: send a message")]
    NotBasic,
    /// The client only shows: [`ClientOptions::read_only`](crate::ClientOptions::read_only).
    #[error("this page only shows (`read_only`): send it through a client without that option")]
    ReadOnly,
    /// It has too many bytes.
    #[error("the frame has {found} bytes; at most {allowed} are allowed: send several")]
    TooBig {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        allowed: usize,
    },
}

/// A message on a channel of one's own was not sent.
///
/// ```
/// use sentinelops_realtime::{OwnSendError, RawError};
///
/// let error = OwnSendError::from(RawError::NotConnected);
/// assert!(error.to_string().starts_with("there is no connection"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OwnSendError {
    /// Its payload cannot be written as JSON.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Its frame was not sent.
    #[error(transparent)]
    Raw(#[from] RawError),
}

/// What [`Client::subscribe_raw`](crate::Client::subscribe_raw) and [`use_raw_frames`](crate::use_raw_frames) call with.
///
/// ```
/// use sentinelops_realtime::{RawEvent, RawFrame};
/// use std::rc::Rc;
///
/// let event = RawEvent::Frame(Rc::new(RawFrame::Text("21.5".to_owned())));
/// assert_ne!(event, RawEvent::Lost { frames: 1 });
/// ```
// Closed: a frame came, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawEvent {
    /// A frame.
    Frame(Rc<RawFrame>),
    /// So many frames were dropped here: they came faster than the page took them.
    Lost {
        /// How many.
        frames: u32,
    },
}
