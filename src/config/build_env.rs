//! The environment of the build. A file of its own that needs nothing else, so that a test can compile
//! it with each variable set (`tests/build_env.rs`).

/// The environment variables at build time.
///
/// ```
/// use sentinelops::config::{AppConfig, BuildEnv};
///
/// let build = BuildEnv { url: Some("wss://ops.example.com/ws"), ..BuildEnv::default() };
/// let (config, errors) = AppConfig::parse(None, &build);
/// assert_eq!((config.url.as_str(), errors.len()), ("wss://ops.example.com/ws", 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildEnv {
    /// `SENTINELOPS_WEBSOCKET_URL`
    pub url: Option<&'static str>,
    /// `SENTINELOPS_ENABLE_WEBSOCKET`
    pub enable_websocket: Option<&'static str>,
    /// `SENTINELOPS_ENABLE_OFFLINE_MODE`
    pub enable_offline_mode: Option<&'static str>,
    /// `SENTINELOPS_ENABLE_MESSAGE_QUEUE`
    pub enable_message_queue: Option<&'static str>,
}

impl BuildEnv {
    /// What this library was built with.
    ///
    /// ```
    /// use sentinelops::config::{AppConfig, BuildEnv};
    ///
    /// // Where the page's JSON comes from somewhere else than the document.
    /// let (config, errors) = AppConfig::parse(Some(r#"{"debug": true}"#), &BuildEnv::of_this_build());
    /// assert!(config.debug && errors.is_empty());
    /// ```
    pub const fn of_this_build() -> Self {
        Self {
            url: option_env!("SENTINELOPS_WEBSOCKET_URL"),
            enable_websocket: option_env!("SENTINELOPS_ENABLE_WEBSOCKET"),
            enable_offline_mode: option_env!("SENTINELOPS_ENABLE_OFFLINE_MODE"),
            enable_message_queue: option_env!("SENTINELOPS_ENABLE_MESSAGE_QUEUE"),
        }
    }
}
