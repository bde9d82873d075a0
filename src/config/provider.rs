//! From the configuration to the provider, whole.

use super::AppConfig;
use sentinelops_protocol::Channel;
use sentinelops_realtime::{TokenSource, WebSocketProviderProps};
use yew::prelude::*;

/// Channels whose last state is kept on this device.
const KEPT: [Channel; 3] = [Channel::Incidents, Channel::Agents, Channel::Alerts];

impl AppConfig {
    /// Everything that was configured, as the props of
    /// [`WebSocketProvider`](sentinelops_realtime::WebSocketProvider). A prop written beside them wins: an
    /// app with a sign-in of its own gives its `token` there.
    ///
    /// ```
    /// use sentinelops::config::AppConfig;
    /// use sentinelops_realtime::{TokenSource, WebSocketProvider};
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn App() -> Html {
    ///     let config = use_memo((), |()| AppConfig::load().0);
    ///     let token = use_memo((), |()| TokenSource::sync(|_reason| Ok(Some("of the session".to_owned()))));
    ///     html! {
    ///         <WebSocketProvider token={(*token).clone()} ..config.provider_props()>
    ///             { "…" }
    ///         </WebSocketProvider>
    ///     }
    /// }
    /// ```
    pub fn provider_props(&self) -> WebSocketProviderProps {
        // Each field by its name: one that is added and not handed on does not compile.
        let Self {
            url,
            enable_websocket,
            // In `outbox`.
            enable_offline_mode: _,
            enable_message_queue: _,
            auto_connect,
            debug,
            debug_contents,
            user,
            token,
            token_url,
            // For the page: see `components::sign_in`.
            sign_in_url: _,
            // For the page: see `components::alerts`.
            link_templates: _,
            worker_url,
            options,
            outbox,
        } = self.clone().agreed();
        // Where nothing is to be stored on this device, the board is not either.
        let keep_state = if outbox.persist { KEPT.to_vec() } else { Vec::new() };
        // The macro leaves the rest at its default, whichever features of the library have props of their own.
        yew::props!(WebSocketProviderProps {
            keep_state,
            url: AttrValue::from(url),
            auto_connect,
            debug,
            debug_contents,
            enabled: enable_websocket,
            options,
            outbox,
            token: match token_url {
                Some(url) => url.into(),
                None => token.map(TokenSource::from).unwrap_or_default(),
            },
            user: user.map(AttrValue::from),
            worker_url: worker_url.map(AttrValue::from),
        })
    }
}
