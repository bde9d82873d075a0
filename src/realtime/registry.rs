//! One client a page for each URL and user, however many providers name it.

use super::client::{Client, Key, Settings};
use super::error::SetupError;
use super::platform::Timer;
use super::{PortFactory, TokenSource};
use std::cell::RefCell;

/// After the last provider went, its client stays for so long, ms: a page that replaces another
/// takes it over without a new connection.
const LINGER_MS: u32 = 500;
/// What is not on disk by then is waited for, in steps, ms.
const SAVE_STEP_MS: u32 = 100;
const SAVE_STEPS: u32 = 20;

struct Entry {
    key: Key,
    settings: Settings,
    client: Client,
    holders: usize,
    leaving: Option<Timer>,
}

thread_local! {
    static CLIENTS: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// A provider's hold on a client. Dropping it lets go.
pub(crate) struct Lease {
    client: Client,
    registered: bool,
}

impl Lease {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The client of this key, or a new one. One that contradicts a running one gets a client of
    /// its own that only says so.
    pub(crate) fn acquire(key: Key, settings: Settings, factory: PortFactory, token: TokenSource) -> Self {
        enum Found {
            Shared(Client, Option<Timer>),
            Contradiction(SetupError),
            Replaced(Client, Option<Timer>),
            Nothing,
        }
        let found = CLIENTS.with_borrow_mut(|clients| {
            let Some(at) = clients.iter().position(|entry| entry.key == key) else { return Found::Nothing };
            let entry = &mut clients[at];
            let differences = entry.settings.differences(&settings);
            if differences.is_empty() {
                entry.holders += 1;
                return Found::Shared(entry.client.clone(), entry.leaving.take());
            }
            if entry.holders > 0 {
                return Found::Contradiction(SetupError::Contradiction { differences });
            }
            // Only lingering: the same provider with new options.
            let entry = clients.remove(at);
            Found::Replaced(entry.client, entry.leaving)
        });
        match found {
            Found::Shared(client, timer) => {
                drop(timer);
                // A provider without token has nothing to say about it.
                if !token.is_none() {
                    client.set_token(&token);
                }
                return Self { client, registered: true };
            }
            Found::Contradiction(error) => return Self::refused(settings, factory, error),
            Found::Replaced(old, timer) => {
                drop(timer);
                old.close();
            }
            Found::Nothing => {}
        }
        let client = Client::open(settings.clone(), factory, token, None);
        CLIENTS.with_borrow_mut(|clients| {
            clients.push(Entry { key, settings, client: client.clone(), holders: 1, leaving: None });
        });
        Self { client, registered: true }
    }

    /// A client that does nothing but say why.
    pub(crate) fn refused(settings: Settings, factory: PortFactory, error: SetupError) -> Self {
        Self { client: Client::open(settings, factory, TokenSource::None, Some(error)), registered: false }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.registered {
            return;
        }
        let last = CLIENTS.with_borrow_mut(|clients| {
            let entry = clients.iter_mut().find(|entry| entry.client == self.client)?;
            entry.holders = entry.holders.saturating_sub(1);
            (entry.holders == 0).then_some(())
        });
        if last.is_some() {
            leave(&self.client, LINGER_MS, SAVE_STEPS);
        }
    }
}

/// Closes the client after a while, unless somebody takes it or it still has something to save.
fn leave(client: &Client, wait: u32, steps: u32) {
    let weak = client.downgrade();
    let timer = client.platform().after(
        wait,
        Box::new(move || {
            weak.with(|client| {
                if client.has_unsaved() && steps > 0 {
                    return leave(client, SAVE_STEP_MS, steps - 1);
                }
                let gone = CLIENTS.with_borrow_mut(|clients| {
                    let at =
                        clients.iter().position(|entry| entry.client == *client && entry.holders == 0)?;
                    Some(clients.remove(at))
                });
                if gone.is_some() {
                    client.close();
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
