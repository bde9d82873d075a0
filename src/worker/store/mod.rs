//! Rows on disk (IndexedDB). Does what [`sentinelops_engine::StoreOp`] says and reports how it
//! went; when to write and what to make of an error is the engine's business.
//!
//! [`LINK_VERSION`] is the database's version: a newer build's tab upgrades it, and the older tab
//! is told by `versionchange` to let go.

mod append;
mod connection;
mod errors;
mod read;
pub mod record;
mod write;

pub use sentinelops_engine::tabs::LINK_VERSION;

use connection::Connection;
use futures::future::LocalBoxFuture;
use indexed_db_futures::database::Database;
use sentinelops_engine::{Meta, Row, StoreError, StoreEvent, StoreGroup, StoreSnapshot};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Told what the store has to say; never from inside a call to [`Store`].
pub type StoreListener = Rc<dyn Fn(StoreEvent)>;

/// Ends when a wipe is complete (or cannot be).
pub type Wiped = LocalBoxFuture<'static, ()>;

/// The small facts; `None` if they cannot be read.
pub type ReadMeta = LocalBoxFuture<'static, Option<Meta>>;

/// The names of the object stores.
mod stores {
    /// Key `[rank, order]`.
    pub const OUTBOX: &str = "outbox";
    /// Key: id.
    pub const FAILED: &str = "failed";
    /// One record.
    pub const META: &str = "meta";
    /// Records that could not be read: `[store, key, bytes, when]`, counted up.
    pub const UNREADABLE: &str = "unreadable";
}

/// The store of one scope. Dropping it closes the database.
pub struct Store {
    shared: Rc<Shared>,
}

struct Shared {
    name: String,
    version: u32,
    listener: StoreListener,
    state: RefCell<State>,
    /// How often `open` was called since it last answered.
    asked: Cell<u32>,
    /// Ids of appends that died with the handle: they may be there all the same.
    doubtful: RefCell<HashSet<String>>,
}

enum State {
    Closed,
    Open(Connection),
    /// Dropped: whatever is still under way ends quietly.
    Gone,
}

impl Store {
    /// The store of a scope, not opened yet.
    pub fn new(scope: &str, listener: StoreListener) -> Self {
        Self::of_version(scope, LINK_VERSION, listener)
    }

    /// As a build of another [`LINK_VERSION`] has it.
    #[doc(hidden)]
    pub fn of_version(scope: &str, version: u32, listener: StoreListener) -> Self {
        let (name, state) = (format!("sentinelops {scope}"), RefCell::new(State::Closed));
        let (asked, doubtful) = (Cell::new(0), RefCell::default());
        Self { shared: Rc::new(Shared { name, version, listener, state, asked, doubtful }) }
    }

    /// Opens it if it is not, and reads everything as it is after this call. Answers `Opened` or
    /// `OpenFailed`; after `OpenFailed(Blocked)` an `Opened` may still follow, once the older tab has
    /// let go.
    pub fn open(&self) {
        let asked = self.shared.asked.get() + 1;
        self.shared.asked.set(asked);
        if asked > 1 {
            // The one under way reads again before it answers.
            return;
        }
        let shared = self.shared.clone();
        spawn_local(async move {
            let event = match shared.connect_and_read().await {
                Ok(snapshot) => StoreEvent::Opened(Box::new(snapshot)),
                Err(error) => {
                    shared.close();
                    StoreEvent::OpenFailed(error)
                }
            };
            shared.asked.set(0);
            shared.tell(event);
        });
    }

    /// Reads the rows again. Answers `Found`.
    pub fn rescan(&self) {
        let shared = self.shared.clone();
        spawn_local(async move {
            let Some(database) = shared.database() else { return };
            match read::rows(&database).await {
                Ok(rows) => shared.tell(StoreEvent::Found(rows)),
                Err(error) => shared.failed(&error),
            }
        });
    }

    /// Writes one transaction. Answers `Committed` or `Aborted`.
    pub fn write(&self, group: StoreGroup) {
        let shared = self.shared.clone();
        // Begins before the present task ends, in the order of the calls.
        spawn_local(async move {
            let number = group.number;
            let written = match shared.database() {
                Some(database) => write::group(&database, &group).await,
                None => Err(not_open()),
            };
            shared.wrote(number, written);
        });
    }

    /// Appends rows behind all that are there, in one strict transaction; an id that is there already
    /// is skipped: one of a row handed in again (`possibly_sent`), or of an append that died with the
    /// handle. Other ids are new. Answers `Committed` or `Aborted` of this number.
    pub fn append(&self, number: u64, rows: Vec<Row>) {
        let shared = self.shared.clone();
        spawn_local(async move {
            let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
            let doubtful =
                rows.iter().any(|row| row.possibly_sent || shared.doubtful.borrow().contains(&row.id));
            let written = match shared.database() {
                Some(database) => append::rows(&database, rows, doubtful).await,
                None => Err(not_open()),
            };
            let mut known = shared.doubtful.borrow_mut();
            match written {
                Ok(()) => known.retain(|id| !ids.contains(id)),
                // A database that the browser closes does not say whether the last transaction got through.
                Err(StoreError::Dead(_)) => known.extend(ids),
                Err(_) => {}
            }
            drop(known);
            shared.wrote(number, written);
        });
    }

    /// Reads the small facts as they are now.
    pub fn meta(&self) -> ReadMeta {
        let database = self.shared.database();
        Box::pin(async move { read::meta(&database?).await.ok() })
    }

    /// Closes the database and deletes it with everything in it.
    pub fn wipe(&self) -> Wiped {
        self.shared.close();
        Box::pin(connection::delete(self.shared.name.clone()))
    }

    /// Closes the database behind the store's back.
    #[cfg(feature = "faults")]
    pub(super) fn kill_handle(&self) {
        if let Some(database) = self.shared.database() {
            database.close();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        *self.shared.state.borrow_mut() = State::Gone;
    }
}

impl Shared {
    async fn connect_and_read(self: &Rc<Self>) -> Result<StoreSnapshot, StoreError> {
        if let Some(database) = self.database()
            && let Ok(snapshot) = self.read(&database).await
        {
            return Ok(snapshot);
        }
        // Not open, or the handle is dead.
        self.close();
        let weak = Rc::downgrade(self);
        let on_lost = move |error| {
            if let Some(shared) = weak.upgrade() {
                shared.close();
                shared.tell(StoreEvent::Closed(error));
            }
        };
        let shared = self.clone();
        let on_wait = move |error| shared.tell(StoreEvent::OpenFailed(error));
        let connection = connection::open(&self.name, self.version, on_wait, on_lost).await?;
        let snapshot = self.read(connection.database()).await?;
        let mut state = self.state.borrow_mut();
        if matches!(*state, State::Gone) {
            return Err(StoreError::Dead("the store was closed while it opened".to_owned()));
        }
        *state = State::Open(connection);
        Ok(snapshot)
    }

    /// Everything, read after the last call of `open`: a leader must not act on what was there before
    /// it led.
    async fn read(&self, database: &Database) -> Result<StoreSnapshot, StoreError> {
        loop {
            let asked = self.asked.get();
            let snapshot = read::everything(database).await?;
            if self.asked.get() == asked {
                return Ok(snapshot);
            }
        }
    }

    fn database(&self) -> Option<Database> {
        match &*self.state.borrow() {
            State::Open(connection) => Some(connection.database().clone()),
            _ => None,
        }
    }

    fn close(&self) {
        let mut state = self.state.borrow_mut();
        if !matches!(*state, State::Gone) {
            *state = State::Closed;
        }
    }

    fn wrote(&self, number: u64, written: Result<(), StoreError>) {
        self.tell(match written {
            Ok(()) => StoreEvent::Committed { number },
            Err(error) => StoreEvent::Aborted { number, error },
        });
    }

    fn failed(&self, error: &StoreError) {
        if matches!(error, StoreError::Dead(_)) {
            self.close();
            self.tell(StoreEvent::Closed(error.clone()));
        }
    }

    fn tell(&self, event: StoreEvent) {
        if !matches!(*self.state.borrow(), State::Gone) {
            (self.listener)(event);
        }
    }
}

fn not_open() -> StoreError {
    StoreError::Dead("the store is not open".to_owned())
}
