//! One client a page for each URL and user, however many providers name it.

use super::client::{Client, ClientOptions, Key, Settings};
use super::default_port::port_factory;
use super::error::SetupError;
use super::platform::Timer;
use super::{PortFactory, TokenSource};
use std::cell::RefCell;

/// How long (ms) a client stays after its last provider is unmounted: a page that replaces another
/// takes it over without a new connection.
const LINGER_MS: u32 = 500;
/// What is not on disk by then is waited for, in steps, ms.
const SAVE_STEP_MS: u32 = 100;
const SAVE_STEPS: u32 = 20;
/// So many steps for a sign-out that sends nothing: it needs a worker, which may have to be loaded
/// first.
const SIGN_OUT_STEPS: u32 = 300;

const OTHER_TOKEN: &str = "two providers of the same url and user give different tokens: that of the one mounted \
                           last is used. Give the token to one of them only.";

#[cfg(feature = "in_page")]
const IN_PAGE: &str = "in_page: connection and outbox run in the page itself, which is for a first try. Before the page \
                       is deployed, give it the worker and take the feature `in_page` out of Cargo.toml.";

struct Entry {
    key: Key,
    /// What it was made with.
    options: ClientOptions,
    client: Client,
    /// Providers that use it.
    holders: usize,
    /// Made by [`Client::new`] and not closed.
    kept: bool,
    leaving: Option<Timer>,
}

impl Entry {
    fn is_held(&self) -> bool {
        self.kept || self.holders > 0
    }
}

thread_local! {
    static CLIENTS: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// What a provider, or [`Client::new`], asks for. Another one of these is another client; other options are not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    url: String,
    user: Option<String>,
    port: Option<PortFactory>,
    enabled: bool,
}

impl Wanted {
    pub(crate) fn of(options: &ClientOptions) -> Self {
        Self {
            url: options.url.clone().unwrap_or_else(|| options.options.url.clone()),
            user: options.user().map(str::to_owned),
            port: options.port.clone(),
            enabled: options.enabled,
        }
    }
}

/// A provider's use of a client. Dropping it ends that.
pub(crate) struct Lease {
    client: Client,
    is_registered: bool,
}

impl Lease {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The client of this URL and user: the one that runs, with a warning where options differ, or a new one. When it
    /// cannot start, a client that does nothing but say why.
    pub(crate) fn acquire(options: &ClientOptions) -> Self {
        let factory = port_factory(options);
        let settings = match Settings::resolved(options, &*factory.platform()) {
            Ok(settings) if options.enabled => settings,
            Ok(settings) => return Self::refused(settings, factory, SetupError::Disabled),
            Err((settings, error)) => return Self::refused(*settings, factory, error),
        };
        let token = options.token.clone();
        let key = Key {
            url: settings.url.full.clone(),
            user: settings.options.user.clone(),
            port: options.port.clone(),
        };
        let found = CLIENTS.with_borrow_mut(|clients| {
            let entry = clients.iter_mut().find(|entry| entry.key == key)?;
            let was_held = entry.is_held();
            entry.holders += 1;
            let differences = entry.options.differences(options);
            Some((entry.client.clone(), entry.leaving.take(), was_held, differences))
        });
        let client = match found {
            Some((client, timer, was_held, differences)) => {
                drop(timer);
                if !differences.is_empty() {
                    client.warn(other_options(&differences));
                }
                share(&client, &token, was_held);
                client
            }
            None => {
                let client = Client::open(settings, factory, token, None);
                #[cfg(feature = "in_page")]
                if options.in_page && options.port.is_none() {
                    client.warn(IN_PAGE.to_owned());
                }
                CLIENTS.with_borrow_mut(|clients| {
                    let (options, client) = (options.clone(), client.clone());
                    clients.push(Entry { key, options, client, holders: 1, kept: false, leaving: None });
                });
                client
            }
        };
        Self { client, is_registered: true }
    }

    fn refused(settings: Settings, factory: PortFactory, error: SetupError) -> Self {
        let client = Client::open(settings, factory, TokenSource::None, Some(error));
        Self { client, is_registered: false }
    }
}

/// A running client is used by one more.
fn share(client: &Client, token: &TokenSource, was_held: bool) {
    // A provider without token has nothing to say about it.
    if !token.is_none() {
        if was_held && client.has_other_token(token) {
            client.warn(OTHER_TOKEN.to_owned());
        }
        client.set_token(token);
    }
    if !was_held || client.is_signed_out() {
        client.taken_up();
    }
}

/// The warning about options that are ignored.
pub(crate) fn other_options(names: &[&str]) -> String {
    format!(
        "options are read once, when the client of a url and user is made: other values of {} are ignored. Give every \
         provider of that url and user the same ones, or reload the page.",
        names.join(", ")
    )
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_registered {
            release(&self.client, LINGER_MS, |entry| entry.holders = entry.holders.saturating_sub(1));
        }
    }
}

/// For [`Client::new`]: a client that stays without providers.
pub(crate) fn keep(options: &ClientOptions) -> Client {
    let lease = Lease::acquire(options);
    CLIENTS.with_borrow_mut(|clients| {
        if let Some(entry) = clients.iter_mut().find(|entry| entry.client == lease.client) {
            entry.kept = true;
        }
    });
    lease.client.clone()
}

/// For [`Client::close`].
pub(crate) fn let_go(client: &Client) {
    release(client, 0, |entry| entry.kept = false);
}

fn release(client: &Client, wait: u32, change: impl FnOnce(&mut Entry)) {
    let is_last = CLIENTS.with_borrow_mut(|clients| {
        let entry = clients.iter_mut().find(|entry| entry.client == *client)?;
        let was_held = entry.is_held();
        change(entry);
        Some(was_held && !entry.is_held())
    });
    if is_last == Some(true) {
        leave(client, wait, 0);
    }
}

/// Closes the client after a while, unless somebody takes it or it still has something to save.
fn leave(client: &Client, wait: u32, passed: u32) {
    let weak = client.downgrade();
    let timer = client.platform().after(
        wait,
        Box::new(move || {
            weak.with(|client| {
                let saving = client.has_unsaved() && passed < SAVE_STEPS;
                if saving || client.is_ending() && passed < SIGN_OUT_STEPS {
                    return leave(client, SAVE_STEP_MS, passed + 1);
                }
                let gone = CLIENTS.with_borrow_mut(|clients| {
                    let at = clients.iter().position(|entry| entry.client == *client && !entry.is_held())?;
                    Some(clients.remove(at))
                });
                if gone.is_some() {
                    client.end();
                }
            });
        }),
    );
    let old = CLIENTS.with_borrow_mut(|clients| {
        let entry = clients.iter_mut().find(|entry| entry.client == *client)?;
        entry.leaving.replace(timer)
    });
    drop(old);
}
