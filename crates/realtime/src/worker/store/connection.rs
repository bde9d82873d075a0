//! Opening, upgrading and losing the database.

use super::record::Older;
use super::{errors, stores, upgrade, writer};
use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use indexed_db_futures::database::{Database, VersionChangeEvent};
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use sentinelops_engine::{StoreError, StoreName};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{EventTarget, IdbVersionChangeEvent};

/// IndexedDB of a broken profile never answers at all.
const OPEN_TIMEOUT_MS: u32 = 10_000;

/// An open database; closes when dropped (the handle alone never would, and other tabs' upgrades
/// would wait for it for ever).
pub(super) struct Connection {
    database: Database,
    _listeners: [EventListener; 2],
}

impl Connection {
    pub(super) fn database(&self) -> &Database {
        &self.database
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.as_sys().close();
    }
}

/// Why an open database is open no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The browser closed it.
    Closed,
    /// Another tab deletes it.
    Deleted,
    /// A newer build upgrades it.
    Upgraded,
}

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Closed => Self::Dead("the browser closed the database".to_owned()),
            Lost::Deleted => Self::Dead("the data of this user was deleted on this device".to_owned()),
            Lost::Upgraded => Self::NewerSchema,
        }
    }
}

/// Opens and upgrades. `on_wait` is called with the reason if it takes long, while it goes on; `on_lost`, later,
/// that the database is closed.
pub(super) async fn open(
    name: &str,
    version: u32,
    older: &'static [Older],
    on_wait: impl Fn(StoreError) + 'static,
    on_lost: impl Fn(Lost) + 'static,
) -> Result<Connection, StoreError> {
    let on_wait = Rc::new(on_wait);
    let blocked = Rc::new(Cell::new(false));
    let slow = {
        let (on_wait, blocked) = (on_wait.clone(), blocked.clone());
        Timeout::new(OPEN_TIMEOUT_MS, move || {
            // Else it is known what it waits for.
            if !blocked.get() {
                on_wait(StoreError::Silent);
            }
        })
    };
    let request = Database::open(name)
        .with_version(version)
        .with_on_blocked(move |_: VersionChangeEvent| {
            blocked.set(true);
            on_wait(StoreError::Blocked);
            Ok(())
        })
        .with_on_upgrade_needed(|_: VersionChangeEvent, database: Database| make_stores(&database))
        .build()
        .map_err(errors::from_open)?;
    let upgrade = upgrade::Upgrade::of(request.as_sys(), older);
    let database = request.await.map_err(errors::from_open)?;
    drop((slow, upgrade));

    let target: EventTarget = database.as_sys().clone().unchecked_into();
    let on_lost = Rc::new(on_lost);
    let tell = on_lost.clone();
    let closed = EventListener::once(&target, "close", move |_| {
        tell(Lost::Closed);
    });
    let handle = database.clone();
    let replaced = EventListener::once(&target, "versionchange", move |event| {
        // In the event itself: the other tab waits for this.
        handle.as_sys().close();
        let deleted =
            event.dyn_ref::<IdbVersionChangeEvent>().is_some_and(|event| event.new_version().is_none());
        on_lost(if deleted { Lost::Deleted } else { Lost::Upgraded });
    });
    Ok(Connection { database, _listeners: [closed, replaced] })
}

/// Deletes a database; whether it is gone. Other tabs that have it open are asked to close it.
pub(in crate::worker) async fn delete(name: String) -> bool {
    match Database::delete_by_name(&name) {
        Ok(request) => request.await.is_ok(),
        Err(_) => false,
    }
}

/// Makes whatever stores are missing.
fn make_stores(database: &Database) -> indexed_db_futures::Result<()> {
    let existing: Vec<String> = database.object_store_names().collect();
    let missing = |name: &str| !existing.iter().any(|known| known == name);
    for name in StoreName::ALL.map(StoreName::as_str) {
        if missing(name) {
            let _ = database.create_object_store(name).build()?;
        }
    }
    if missing(stores::UNREADABLE) {
        let _ = database.create_object_store(stores::UNREADABLE).with_auto_increment(true).build()?;
    }
    if missing(writer::STORE) {
        writer::make_store(database)?;
    }
    Ok(())
}
