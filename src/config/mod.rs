//! Configuration: JSON in the page, over the environment at build time, over defaults.
//!
//! The page's `<script type="application/json" id="sentinelops-config">` may be edited in a
//! deployed `index.html`, without a rebuild. A bad value is an error that names key, value and what
//! is allowed; the value below it is used meanwhile, so that one typo does not take the console
//! down.

mod build_env;
mod links;
mod provider;
mod read;
#[cfg(test)]
mod tests;
mod value;

pub use build_env::BuildEnv;
pub use links::LinkTemplate;
use read::Reader;
use sentinelops_engine::{Options, OutboxOptions, TokenIn};
use sentinelops_realtime::TokenUrl;
use std::fmt;

/// The id of the script element with the runtime configuration.
pub const CONFIG_ELEMENT: &str = "sentinelops-config";

/// What was configured.
///
/// ```
/// use sentinelops::config::{AppConfig, BuildEnv};
///
/// let json = r#"{"url": "wss://ops.example.com/ws", "enableOfflineMode": "maybe"}"#;
/// let (config, errors) = AppConfig::parse(Some(json), &BuildEnv::default());
/// assert_eq!(config.url, "wss://ops.example.com/ws");
/// assert_eq!(
///     errors[0].to_string(),
///     "enableOfflineMode is \"maybe\" (page configuration): true or false is allowed; using true"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AppConfig {
    /// WebSocket server URL: absolute, or relative to the page. Default `ws://localhost:3001`.
    pub url: String,
    /// `false`: nothing is ever connected, and the page says so. Default `true`.
    pub enable_websocket: bool,
    /// `false`: what is queued is kept in memory only. Default `true`.
    pub enable_offline_mode: bool,
    /// `false`: sending while disconnected fails at once. Default `true`.
    pub enable_message_queue: bool,
    /// Connect at once. Default `true`.
    pub auto_connect: bool,
    /// Readable log lines in the console. Default `false`.
    pub debug: bool,
    /// Contents of messages may appear in diagnostics. Default `false`.
    pub debug_contents: bool,
    /// Whose messages these are. Default: anonymous.
    pub user: Option<String>,
    /// A token for demonstrations; real ones come from the provider's callback. Default: none.
    pub token: Option<String>,
    /// Where tokens are asked for, before `token`. Default: none. With it `token_in` of `options` is `Frame` unless it
    /// was set: a token belongs in no address.
    pub token_url: Option<TokenUrl>,
    /// Where people sign in: a path of the page's own origin. It is called with the way back as the query parameter
    /// `rd`, a path of this origin. Default: none.
    pub sign_in_url: Option<String>,
    /// Links that alerts and incidents get. Default: none. An alert's own links are shown nowhere.
    pub link_templates: Vec<LinkTemplate>,
    /// The worker's script. Default: as the build says.
    pub worker_url: Option<String>,
    /// The connection; its `url` and `debug` are set from those above, which `options` may give as well.
    pub options: Options,
    /// The outbox; `enabled` and `persist` are set from the flags above.
    pub outbox: OutboxOptions,
}

impl Default for AppConfig {
    fn default() -> Self {
        let options = Options::default();
        Self {
            url: options.url.clone(),
            enable_websocket: true,
            enable_offline_mode: true,
            enable_message_queue: true,
            auto_connect: true,
            debug: false,
            debug_contents: false,
            user: None,
            token: None,
            token_url: None,
            sign_in_url: None,
            link_templates: Vec::new(),
            worker_url: None,
            options,
            outbox: OutboxOptions::default(),
        }
    }
}

/// A value that cannot be used.
///
/// ```
/// use sentinelops::config::{AppConfig, BuildEnv};
///
/// let (_, errors) = AppConfig::parse(Some(r#"{"autoConnect": 1}"#), &BuildEnv::default());
/// for error in &errors {
///     log::error!("{error}");
/// }
/// assert_eq!(errors[0].key, "autoConnect");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The key as it was written.
    pub key: String,
    /// The value as it was written; of a URL without its query, and none where it may be a secret.
    pub value: String,
    /// Where it stood.
    pub source: ConfigSource,
    /// What is allowed, and what is used instead.
    pub allowed: String,
}

/// Where a value came from.
///
/// ```
/// use sentinelops::config::{AppConfig, BuildEnv, ConfigSource};
///
/// let build = BuildEnv { enable_websocket: Some("perhaps"), ..BuildEnv::default() };
/// let (_, errors) = AppConfig::parse(None, &build);
/// assert_eq!(errors[0].source, ConfigSource::Build);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// The script element in the page.
    Page,
    /// The environment of the build.
    Build,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, source, allowed } = self;
        let source = match source {
            ConfigSource::Page => "page configuration",
            ConfigSource::Build => "build environment",
        };
        write!(f, "{key} is {value} ({source}): {allowed}")
    }
}

impl std::error::Error for ConfigError {}

impl AppConfig {
    /// Reads the page's configuration over that of the build. Only in a browser.
    ///
    /// ```
    /// use sentinelops::config::AppConfig;
    /// use sentinelops_realtime::WebSocketProvider;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn App() -> Html {
    ///     let loaded = use_memo((), |()| AppConfig::load());
    ///     let (config, errors) = &*loaded;
    ///     html! {
    ///         <WebSocketProvider ..config.provider_props()>
    ///             { for errors.iter().map(|error| html! { <p role="alert">{ error.to_string() }</p> }) }
    ///         </WebSocketProvider>
    ///     }
    /// }
    /// ```
    pub fn load() -> (Self, Vec<ConfigError>) {
        let text = web_sys::window()
            .and_then(|w| w.document())
            .and_then(|d| d.get_element_by_id(CONFIG_ELEMENT))
            .and_then(|element| element.text_content());
        Self::parse(text.as_deref(), &BuildEnv::of_this_build())
    }

    /// Reads a configuration; also whatever is usable of a bad one.
    ///
    /// ```
    /// use sentinelops::config::{AppConfig, BuildEnv};
    ///
    /// let json = r#"{"url": "/ws", "options": {"reconnectInterval": 500}}"#;
    /// let (config, errors) = AppConfig::parse(Some(json), &BuildEnv::default());
    /// assert!(errors.is_empty());
    /// assert_eq!(config.options.reconnect_interval_ms, 500);
    /// ```
    pub fn parse(page: Option<&str>, build: &BuildEnv) -> (Self, Vec<ConfigError>) {
        let mut reader = Reader { config: Self::default(), errors: Vec::new() };
        reader.build(build);
        if let Some(text) = page.map(str::trim).filter(|text| !text.is_empty()) {
            reader.page(text);
        }
        let Reader { config, errors } = reader;
        (config.agreed(), errors)
    }

    /// What `options` and `outbox` say of the same things is what the fields beside them say.
    fn agreed(mut self) -> Self {
        self.options.url.clone_from(&self.url);
        self.options.debug = self.debug;
        self.outbox.enabled = self.enable_message_queue;
        self.outbox.persist = self.enable_offline_mode;
        if self.token_url.is_some() && self.options.token_in == TokenIn::Auto {
            self.options.token_in = TokenIn::Frame;
        }
        self
    }
}
