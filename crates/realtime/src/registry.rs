//! One client a page for each URL and user, however many providers name it.

use super::client::{Client, Key, Settings};
use super::error::SetupError;
use super::platform::Timer;
use super::recorder::RecordKind;
use super::{PortFactory, TokenSource};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// After the last provider went, its client stays for so long, ms: a page that replaces another
/// takes it over without a new connection.
const LINGER_MS: u32 = 500;
/// What is not on disk by then is waited for, in steps, ms.
const SAVE_STEP_MS: u32 = 100;
const SAVE_STEPS: u32 = 20;
/// So many steps for a sign-out that lets nothing out: it needs a worker, which may have to be loaded
/// first.
const SIGN_OUT_STEPS: u32 = 300;

const OTHER_TOKEN: &str = "two providers of the same url and user give different tokens: that of the one mounted \
                           last is used. Give the token to one of them only.";

struct Entry {
    /// `None`: another client has its place, this one only saves what it has.
    key: Option<Key>,
    settings: Settings,
    client: Client,
    holders: usize,
    leaving: Option<Timer>,
}

type Call = Rc<dyn Fn()>;

thread_local! {
    static CLIENTS: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
    static WAITING: RefCell<(u64, BTreeMap<u64, Call>)> = const { RefCell::new((0, BTreeMap::new())) };
}

/// Somebody who waits for a change here. Dropping it ends the waiting.
pub(crate) struct Waiting(u64);

impl Drop for Waiting {
    fn drop(&mut self) {
        let gone = WAITING.with_borrow_mut(|(_, waiting)| waiting.remove(&self.0));
        drop(gone);
    }
}

/// Calls whenever a client comes or goes, or nobody holds one any more.
pub(crate) fn on_change(call: Call) -> Waiting {
    WAITING.with_borrow_mut(|(next, waiting)| {
        *next += 1;
        waiting.insert(*next, call);
        Waiting(*next)
    })
}

fn changed() {
    let calls: Vec<Call> = WAITING.with_borrow(|(_, waiting)| waiting.values().cloned().collect());
    calls.iter().for_each(|call| call());
}

/// What a provider would contradict with these settings. A client that nobody holds gives way.
fn contradiction(key: &Key, settings: &Settings) -> Option<SetupError> {
    CLIENTS.with_borrow(|clients| {
        let entry = clients.iter().find(|entry| entry.key.as_ref() == Some(key) && entry.holders > 0)?;
        let differences = entry.settings.differences(settings);
        (!differences.is_empty()).then_some(SetupError::Contradiction { differences })
    })
}

/// A provider's hold on a client. Dropping it lets go.
pub(crate) struct Lease {
    client: Client,
    registered: bool,
    /// What was asked for and contradicted a running client.
    refused: Option<(Key, Settings)>,
}

impl Lease {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// It was refused over something that is no longer so: ask again.
    pub(crate) fn is_stale(&self) -> bool {
        self.refused
            .as_ref()
            .is_some_and(|(key, settings)| contradiction(key, settings).as_ref() != self.client.setup_error())
    }

    /// The client of this key, or a new one. One that contradicts a running one gets a client of
    /// its own that only says so, until that one is gone or is given the same options.
    pub(crate) fn acquire(key: Key, settings: Settings, factory: PortFactory, token: TokenSource) -> Self {
        if let Some(error) = contradiction(&key, &settings) {
            let refused = Some((key, settings.clone()));
            let mut lease = Self::refused(settings, factory, error);
            lease.refused = refused;
            return lease;
        }
        enum Found {
            Shared(Client, Option<Timer>, bool),
            Replaced(Client, Option<Timer>),
            Nothing,
        }
        let found = CLIENTS.with_borrow_mut(|clients| {
            let Some(at) = clients.iter().position(|entry| entry.key.as_ref() == Some(&key)) else {
                return Found::Nothing;
            };
            let entry = &mut clients[at];
            if entry.settings.differences(&settings).is_empty() {
                let held = entry.holders > 0;
                entry.holders += 1;
                return Found::Shared(entry.client.clone(), entry.leaving.take(), held);
            }
            if !settings.enabled {
                // Its successor saves nothing: it goes when everything is saved.
                entry.key = None;
                return Found::Nothing;
            }
            // Only lingering: the same provider with new options.
            let entry = clients.remove(at);
            Found::Replaced(entry.client, entry.leaving)
        });
        let client = match found {
            Found::Shared(client, timer, held) => {
                drop(timer);
                // A provider without token has nothing to say about it.
                if !token.is_none() {
                    if held && client.has_other_token(&token) {
                        client.record(RecordKind::Error, OTHER_TOKEN.to_owned());
                    }
                    client.set_token(&token);
                }
                if !held || client.is_signed_out() {
                    client.taken_up();
                }
                return Self { client, registered: true, refused: None };
            }
            Found::Replaced(old, timer) => {
                drop(timer);
                Client::succeed(settings.clone(), factory, token, old.bequeath())
            }
            Found::Nothing => Client::open(settings.clone(), factory, token, None),
        };
        CLIENTS.with_borrow_mut(|clients| {
            let (key, client) = (Some(key), client.clone());
            clients.push(Entry { key, settings, client, holders: 1, leaving: None });
        });
        changed();
        Self { client, registered: true, refused: None }
    }

    /// A client that does nothing but say why.
    pub(crate) fn refused(settings: Settings, factory: PortFactory, error: SetupError) -> Self {
        let client = Client::open(settings, factory, TokenSource::None, Some(error));
        Self { client, registered: false, refused: None }
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
            leave(&self.client, LINGER_MS, 0);
            changed();
        }
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
                    let at =
                        clients.iter().position(|entry| entry.client == *client && entry.holders == 0)?;
                    Some(clients.remove(at))
                });
                if gone.is_some() {
                    client.close();
                    changed();
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
