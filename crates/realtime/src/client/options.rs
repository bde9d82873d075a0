//! What a client is made from.

use crate::{PortFactory, TokenSource};
use sentinelops_engine::{Options, OutboxOptions};
use sentinelops_protocol::Channel;

/// Options of [`Client::new`](crate::Client::new): the props of
/// [`WebSocketProvider`](crate::WebSocketProvider) by the same names, with the same defaults. They are read once.
///
/// ```
/// use sentinelops_realtime::ClientOptions;
/// use sentinelops_realtime::engine::Options;
///
/// let options = ClientOptions {
///     user: Some("ann".to_owned()),
///     options: Options { ping_interval_ms: 10_000, ..Options::default() },
///     ..ClientOptions::new("wss://ops.example.com/ws")
/// };
/// assert!(options.auto_connect);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ClientOptions {
    /// The server: absolute, or relative to the page. Default: that of `options`, then the meta tag `sentinelops-url` of the
    /// page, then `ws://localhost:3001`.
    pub url: Option<String>,
    /// The owner of the messages: what waits on this device is sent only under this user. Default: anonymous.
    pub user: Option<String>,
    /// Nothing, a string, or a callback that may be async.
    pub token: TokenSource,
    /// `false`: nothing is connected, and everything says so. Default `true`.
    pub enabled: bool,
    /// Connect at once. Default `true`.
    pub auto_connect: bool,
    /// Send `chat.delivered` receipts for the conversations that hooks and subscriptions follow. Default `true`.
    pub receipts: bool,
    /// `true`: a page that only shows, such as a display on a wall. Nothing is sent through this client: each message fails
    /// at once ([`FailReason::Invalid`](sentinelops_engine::FailReason::Invalid)), receipts and typing as well. What other
    /// pages of the same user left on this device is delivered all the same. Default `false`.
    pub read_only: bool,
    /// Readable lines in the browser's console: states, sends, receipts, reconnects, errors; no contents and no tokens.
    /// `debug` of `options` does the same. Default `false`.
    pub debug: bool,
    /// Contents of messages may appear in diagnostics, and with `debug` in the console. Tokens never do. Default `false`.
    pub debug_contents: bool,
    /// The documented connection options and ours.
    pub options: Options,
    /// What may wait, for how long, and whether it survives a reload.
    pub outbox: OutboxOptions,
    /// Channels whose last state is kept on this device (IndexedDB, a database of its own), for the user of the client,
    /// until the session ends. After a reload it is shown at once, with [`UseFeedHandle::as_of`](crate::UseFeedHandle::as_of),
    /// until the server has spoken; own edits that wait lie over it. Written 2 s after a change, and once a
    /// minute on a quiet board; at most 1,000 things a channel. Of `Incidents`, `Agents`, `Alerts` and `Activity`; others have no state of a channel.
    /// Default: none.
    pub keep_state: Vec<Channel>,
    /// The worker's script. Default: the meta tag `sentinelops-worker`, then `worker_loader.js`.
    pub worker_url: Option<String>,
    /// Runs the worker's code in the page, without a worker: see
    /// [`WebSocketProviderProps::in_page`](crate::WebSocketProviderProps::in_page). Default `false`.
    #[cfg(feature = "in_page")]
    pub in_page: bool,
    /// Instead of a worker: a fake in tests. Default: the worker.
    pub port: Option<PortFactory>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            url: None,
            user: None,
            token: TokenSource::None,
            enabled: true,
            auto_connect: true,
            receipts: true,
            read_only: false,
            debug: false,
            debug_contents: false,
            options: Options::default(),
            outbox: OutboxOptions::default(),
            keep_state: Vec::new(),
            worker_url: None,
            #[cfg(feature = "in_page")]
            in_page: false,
            port: None,
        }
    }
}

impl ClientOptions {
    /// The defaults, with this server.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }

    pub(crate) fn is_debug(&self) -> bool {
        self.debug || self.options.debug
    }

    /// An empty user is none.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref().filter(|user| !user.is_empty())
    }

    /// Names of the options that differ and are read once, for a warning.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let connection = |it: &Self| Options { url: String::new(), debug: false, ..it.options.clone() };
        let options = [
            ("auto_connect", self.auto_connect == other.auto_connect),
            ("receipts", self.receipts == other.receipts),
            ("read_only", self.read_only == other.read_only),
            ("debug", self.is_debug() == other.is_debug()),
            ("debug_contents", self.debug_contents == other.debug_contents),
            ("options", connection(self) == connection(other)),
            ("outbox", self.outbox == other.outbox),
            ("keep_state", self.keep_state == other.keep_state),
            ("worker_url", self.worker_url == other.worker_url),
            #[cfg(feature = "in_page")]
            ("in_page", self.in_page == other.in_page),
        ];
        options.iter().filter(|(_, is_same)| !is_same).map(|(name, _)| *name).collect()
    }
}

impl From<&str> for ClientOptions {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for ClientOptions {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_options() {
        let one = ClientOptions::new("ws://h");
        let mut other =
            ClientOptions { token: "another".into(), user: Some("ann".to_owned()), ..one.clone() };
        assert!(one.differences(&other).is_empty());
        other.options.timeout_ms = 5;
        other.auto_connect = false;
        assert_eq!(one.differences(&other), ["auto_connect", "options"]);
        #[cfg(feature = "in_page")]
        {
            let other = ClientOptions { in_page: true, ..one.clone() };
            assert_eq!(one.differences(&other), ["in_page"]);
        }
    }
}
