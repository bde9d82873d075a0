//! `<WebSocketProvider>`: one client for everything below it.

use super::client::{Client, ClientOptions};
use super::registry::{Lease, Wanted, other_options};
use super::{PortFactory, TokenSource, console_log};
use sentinelops_engine::{Options, OutboxOptions};
use sentinelops_protocol::Channel;
use yew::prelude::*;

/// Props of [`WebSocketProvider`]. Everything has a default.
///
/// ```
/// use sentinelops_realtime::engine::{Options, OutboxOptions};
/// use sentinelops_realtime::{TokenSource, WebSocketProvider};
/// use yew::prelude::*;
///
/// #[component]
/// fn App() -> Html {
///     let options = Options { reconnect_interval_ms: 500, ..Options::default() };
///     let outbox = OutboxOptions { persist: false, ..OutboxOptions::default() };
///     let token = TokenSource::asynchronous(|_reason| async { Ok(Some("fetched".to_owned())) });
///     html! {
///         <WebSocketProvider url="/ws" user="ann" {options} {outbox} {token} debug={true}>
///             { "…" }
///         </WebSocketProvider>
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct WebSocketProviderProps {
    /// A client that was made outside with [`Client::new`]. The other props but `children` and `show_setup_error` are
    /// then ignored: the client has its options. Default: one for the `url` and `user` of the props.
    #[prop_or_default]
    pub client: Option<Client>,
    /// The server: absolute, or relative to the page. Default: that of `options`, then the meta tag `sentinelops-url` of the
    /// page, then `ws://localhost:3001`.
    #[prop_or_default]
    pub url: Option<AttrValue>,
    /// Connect at once. Default `true`.
    #[prop_or(true)]
    pub auto_connect: bool,
    /// Send `chat.delivered` receipts for the conversations that components follow. `false` for a page that only shows.
    /// Default `true`.
    #[prop_or(true)]
    pub receipts: bool,
    /// For a page that only shows: see [`ClientOptions::read_only`]. Default `false`.
    #[prop_or_default]
    pub read_only: bool,
    /// Readable lines in the browser's console: states, sends, receipts, reconnects, errors.
    /// Contents and tokens are left out. `debug` of `options` turns this on, too. Default `false`.
    #[prop_or_default]
    pub debug: bool,
    /// Contents of messages may appear in diagnostics, and with `debug` in the lines of what is sent
    /// and received. Tokens never do. Default `false`.
    #[prop_or_default]
    pub debug_contents: bool,
    /// `false`: nothing is connected and everything says so; this may change while mounted. Default `true`.
    #[prop_or(true)]
    pub enabled: bool,
    /// The documented connection options and ours.
    #[prop_or_default]
    pub options: Options,
    /// What may wait, for how long, and whether it survives a reload.
    #[prop_or_default]
    pub outbox: OutboxOptions,
    /// Nothing, a string, or a callback that may be async. Providers of the same URL and user share one:
    /// where two give different ones, that of the one mounted last is used (also after it went), and a
    /// line in the diagnostics says so.
    #[prop_or_default]
    pub token: TokenSource,
    /// Whose messages these are: what waits on this device leaves only under this user. Default:
    /// anonymous.
    #[prop_or_default]
    pub user: Option<AttrValue>,
    /// Channels whose last state is kept on this device: see [`ClientOptions::keep_state`]. Default: none.
    #[prop_or_default]
    pub keep_state: Vec<Channel>,
    /// The worker's script. Default: the meta tag `sentinelops-worker`, then `worker_loader.js`.
    #[prop_or_default]
    pub worker_url: Option<AttrValue>,
    /// Runs the worker's code in the page, for a first try without a worker: cargo feature `in_page`, off by default.
    /// Everything works, at a price: decoding and the outbox share a thread with rendering, in a hidden tab the browser
    /// delays timers (pings and reconnects come late, for the tabs that share the connection as well), a panic of the
    /// engine ends the page instead of a worker that is started again, and the page has the size of both programs. A
    /// warning in the console says that it is on. Default `false`.
    #[cfg(feature = "in_page")]
    #[prop_or_default]
    pub in_page: bool,
    /// Instead of a worker: a fake in tests. Default: the worker.
    #[prop_or_default]
    pub port: Option<PortFactory>,
    /// Says above its children why it cannot start. `false` where the page has a place of its own
    /// for that (`use_connection().error`). Default `true`.
    #[prop_or(true)]
    pub show_setup_error: bool,
    /// Who may use the hooks.
    #[prop_or_default]
    pub children: Html,
}

impl WebSocketProviderProps {
    fn client_options(&self) -> ClientOptions {
        let text = |value: &Option<AttrValue>| value.as_ref().map(ToString::to_string);
        ClientOptions {
            url: text(&self.url),
            user: text(&self.user),
            token: self.token.clone(),
            enabled: self.enabled,
            auto_connect: self.auto_connect,
            receipts: self.receipts,
            read_only: self.read_only,
            debug: self.debug,
            debug_contents: self.debug_contents,
            options: self.options.clone(),
            outbox: self.outbox.clone(),
            keep_state: self.keep_state.clone(),
            worker_url: text(&self.worker_url),
            #[cfg(feature = "in_page")]
            in_page: self.in_page,
            port: self.port.clone(),
        }
    }
}

/// What a provider uses, and what it was asked for.
struct Used {
    wanted: Wanted,
    lease: Lease,
    options: ClientOptions,
}

/// Gives everything below it one connection, through one worker a page for each URL and user.
///
/// A second provider with the same URL and user shares it, one with another URL or user gets its own. When the last one
/// is unmounted, the worker ends, once what was sent is saved.
///
/// Options are read once, when the client is made. Another `url` or `user` is another client, and so is `enabled`;
/// a new `token` is passed to the running one; any other change is ignored, with a warning in the console.
///
/// ```
/// use sentinelops_realtime::{WebSocketProvider, use_incidents};
/// use yew::prelude::*;
///
/// #[component]
/// fn Count() -> Html {
///     let shown = use_incidents();
///     html! { <p>{ format!("{} incidents", shown.items.len()) }</p> }
/// }
///
/// #[component]
/// fn App() -> Html {
///     html! {
///         <WebSocketProvider url="ws://localhost:3001" auto_connect={true} debug={true}>
///             <Count />
///         </WebSocketProvider>
///     }
/// }
/// ```
#[component]
pub fn WebSocketProvider(props: &WebSocketProviderProps) -> Html {
    let used = use_mut_ref(|| None::<Used>);
    let client = match &props.client {
        Some(client) => {
            *used.borrow_mut() = None;
            client.clone()
        }
        None => client_for(&mut used.borrow_mut(), props.client_options()),
    };
    // One that never gave a token takes none away: another provider may have given it.
    let gave = use_mut_ref(|| false);
    let token = props.client.is_none().then(|| props.token.clone());
    use_effect_with((client.clone(), token), move |(client, token)| {
        let Some(token) = token else { return };
        let gives = !token.is_none();
        if gave.replace(gives) || gives {
            client.set_token(token);
        }
    });

    html! {
        <ContextProvider<Client> context={client.clone()}>
            if let Some(error) = client.setup_error().filter(|_| props.show_setup_error) {
                <p class="sentinelops-setup-error" role="alert">{ error.to_string() }</p>
            }
            { props.children.clone() }
        </ContextProvider<Client>>
    }
}

/// The client of these options: the one used until now, unless it is to be another.
fn client_for(used: &mut Option<Used>, options: ClientOptions) -> Client {
    if options.is_debug() {
        console_log::install(log::LevelFilter::Info);
    }
    let wanted = Wanted::of(&options);
    match used {
        Some(used) if used.wanted == wanted => {
            let changed = used.options.differences(&options);
            if !changed.is_empty() {
                used.lease.client().warn(other_options(&changed));
                used.options = options;
            }
            used.lease.client().clone()
        }
        _ => {
            let lease = Lease::acquire(&options);
            let client = lease.client().clone();
            *used = Some(Used { wanted, lease, options });
            client
        }
    }
}
