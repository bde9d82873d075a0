//! `<WebSocketProvider>`: one client for everything below it.

use super::client::{Client, Key, Settings};
use super::default_port::worker_port;
use super::error::SetupError;
use super::registry::{self, Lease};
use super::url::ServerUrl;
use super::{PortFactory, TokenSource, console_log};
use sentinelops_engine::{Options, OutboxOptions};
use std::rc::Rc;
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
    /// The server: absolute, or relative to the page. Default: that of `options`, which is
    /// `ws://localhost:3001`.
    #[prop_or_default]
    pub url: Option<AttrValue>,
    /// Connect at once. Default `true`.
    #[prop_or(true)]
    pub auto_connect: bool,
    /// Readable lines in the browser's console: states, sends, receipts, reconnects, errors.
    /// Contents and tokens are left out. So does `debug` of `options`. Default `false`.
    #[prop_or_default]
    pub debug: bool,
    /// Contents of messages may appear in diagnostics, and with `debug` in the lines of what is sent
    /// and received. Tokens never do. Default `false`.
    #[prop_or_default]
    pub debug_contents: bool,
    /// `false`: nothing is connected and everything says so. Default `true`.
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
    /// The worker's script. Default: the meta tag `sentinelops-worker`, then `worker_loader.js`.
    #[prop_or_default]
    pub worker_url: Option<AttrValue>,
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
    fn is_debug(&self) -> bool {
        self.debug || self.options.debug
    }

    fn settings(&self) -> Settings {
        let text = |value: &Option<AttrValue>| value.as_ref().map(ToString::to_string);
        Settings {
            url: ServerUrl { full: String::new(), shown: String::new() },
            user: text(&self.user).filter(|user| !user.is_empty()),
            enabled: self.enabled,
            auto_connect: self.auto_connect,
            debug: self.is_debug(),
            debug_contents: self.debug_contents,
            options: self.options.clone(),
            outbox: self.outbox.clone(),
            worker_url: text(&self.worker_url),
        }
    }
}

/// What a lease was taken for.
type Wanted = (Settings, String, Option<PortFactory>);

fn lease((settings, url, port): &Wanted, token: &TokenSource) -> Lease {
    let factory = port.clone().unwrap_or_else(|| worker_port(settings.worker_url.clone()));
    match settings.clone().resolved(url, &*factory.platform()) {
        Ok(settings) => {
            let key = Key { url: settings.url.full.clone(), user: settings.user.clone(), port: port.clone() };
            Lease::acquire(key, settings, factory, token.clone())
        }
        Err(error) => {
            let mut settings = settings.clone();
            if let SetupError::BadUrl { url, .. } | SetupError::Insecure { url } = &error {
                settings.url.shown.clone_from(url);
            }
            Lease::refused(settings, factory, error)
        }
    }
}

/// Gives everything below it one connection, through one worker a page for each URL and user.
///
/// A second provider with the same URL and user shares it; with other options it says so on the
/// page, for as long as they differ; with another URL or user it gets its own. When the last one goes,
/// the worker goes too. New options mean a new worker, which is handed what is not saved yet.
///
/// ```
/// use sentinelops_realtime::{WebSocketProvider, use_incidents};
/// use yew::prelude::*;
///
/// #[component]
/// fn Count() -> Html {
///     let shown = use_incidents();
///     html! { <p>{ format!("{} incidents", shown.incidents.len()) }</p> }
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
    let held = use_mut_ref(|| None::<(Wanted, Lease)>);
    let url = props.url.as_deref().unwrap_or(&props.options.url).to_owned();
    let wanted = (props.settings(), url, props.port.clone());
    if props.is_debug() {
        console_log::install(log::LevelFilter::Info);
    }
    let client: Client = {
        let mut held = held.borrow_mut();
        if held.as_ref().is_none_or(|(known, lease)| *known != wanted || lease.is_stale()) {
            // Let go first: new options for the same URL are then no contradiction to the old ones.
            *held = None;
            let lease = lease(&wanted, &props.token);
            *held = Some((wanted, lease));
        }
        match &*held {
            Some((_, lease)) => lease.client().clone(),
            None => return Html::default(),
        }
    };
    // One that is refused over another provider looks again whenever that one may have changed.
    let again = use_force_update();
    use_effect_with(client.clone(), {
        let held = Rc::downgrade(&held);
        move |client| {
            let look = move || {
                let Some(held) = held.upgrade() else { return };
                // Borrowed: it is being asked for right now.
                let stale =
                    held.try_borrow().is_ok_and(|held| held.as_ref().is_some_and(|(_, l)| l.is_stale()));
                if stale {
                    again.force_update();
                }
            };
            let refused = matches!(client.setup_error(), Some(SetupError::Contradiction { .. }));
            let waiting = refused.then(|| {
                // Between the render and now something may have changed already.
                look();
                registry::on_change(Rc::new(look))
            });
            move || drop(waiting)
        }
    });
    // One that never gave a token takes none away: another provider may have given it.
    let gave = use_mut_ref(|| false);
    use_effect_with((client.clone(), props.token.clone()), move |(client, token)| {
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
