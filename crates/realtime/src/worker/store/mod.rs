//! Rows on disk (IndexedDB). Does what [`sentinelops_engine::StoreOp`] says and reports how it
//! went; when to write and what to make of an error is the engine's business.
//!
//! [`LINK_VERSION`] is the database's version: a newer build's tab upgrades it and rewrites the records
//! (`upgrade`), and `versionchange` asks the older tab to close it.

mod connection;
mod errors;
mod read;
pub mod record;
mod unreadable;
mod upgrade;
mod write;
mod writer;

pub use sentinelops_engine::tabs::LINK_VERSION;

pub(super) use connection::delete as delete_database;
use connection::{Connection, Lost};
use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use futures::future::{Either, select};
use futures::lock::Mutex;
use gloo::timers::callback::Timeout;
use indexed_db_futures::database::Database;
use record::Older;
use sentinelops_engine::{
    Meta, StoreError, StoreEvent, StoreGroup, StoreName, StoreSnapshot, UnreadableRecord,
};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use write::Commits;

/// Called with the events of the store; never from inside a call to [`Store`].
pub type StoreListener = Rc<dyn Fn(StoreEvent)>;

/// Whether everything is gone, as soon as that is certain or has taken too long.
pub type Wiped = LocalBoxFuture<'static, bool>;

/// The metadata record; `None` if it cannot be read.
pub type ReadMeta = LocalBoxFuture<'static, Option<Meta>>;

/// What cannot be read, or why nobody knows.
pub type ReadUnreadable = LocalBoxFuture<'static, Result<Vec<UnreadableRecord>, StoreError>>;

/// The tab that deletes the database ends the session and broadcasts that. Another tab waits this long (ms) before it opens
/// the database again, or it would create it again before it received the end.
const DELETED_PAUSE_MS: u32 = 1_000;

/// Longest duration (ms) of each step of a wipe.
const WIPE_MS: u32 = 5_000;

/// The object stores. The keys are: of the outbox `[rank, order]`, of the failed list the id; the
/// metadata is one record.
mod stores {
    use super::StoreName;

    /// Records that could not be read: `[store, key, bytes, when]`, counted up.
    pub const UNREADABLE: &str = "unreadable";

    /// All records there are.
    pub const ALL: [&str; 4] =
        [StoreName::Outbox.as_str(), StoreName::Failed.as_str(), StoreName::Meta.as_str(), UNREADABLE];
}

/// The store of one scope. Dropping it closes the database.
pub struct Store {
    shared: Rc<Shared>,
}

struct Shared {
    name: String,
    version: u32,
    older: &'static [Older],
    listener: StoreListener,
    state: RefCell<State>,
    /// Names this store among those that other tabs have open.
    writer: String,
    /// How often `open` or `probe` was called since it last answered.
    asked: Cell<u32>,
    /// The last of these calls was `open`, and this tab still leads.
    as_writer: Cell<bool>,
    /// How this browser commits; known once the store was opened to write.
    commits: Cell<Commits>,
    /// Held while the database is being opened, so that there is one handle.
    opening: Mutex<()>,
    /// Another tab deleted the database since it was last opened here.
    deleted: Cell<bool>,
    /// How many unreadable records were set aside and how many lay among the others, when last looked.
    unreadable: Cell<[u32; 2]>,
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
        Self::of_build(scope, version, record::OLDER, listener)
    }

    /// The same, and it can read other layouts: for the tests of upgrades.
    #[doc(hidden)]
    pub fn of_build(scope: &str, version: u32, older: &'static [Older], listener: StoreListener) -> Self {
        let (name, state) = (format!("sentinelops {scope}"), RefCell::new(State::Closed));
        let writer = js_sys::Math::random().to_string();
        let (asked, as_writer) = (Cell::new(0), Cell::new(false));
        let commits = Cell::new(Commits::ByItself);
        let (deleted, unreadable, opening) = (Cell::new(false), Cell::default(), Mutex::default());
        let shared = Shared {
            name,
            version,
            older,
            listener,
            state,
            writer,
            asked,
            as_writer,
            commits,
            opening,
            deleted,
            unreadable,
        };
        Self { shared: Rc::new(shared) }
    }

    /// Opens it if it is not, makes this tab its only writer, and reads everything as it is after this call. Answers
    /// `Opened` or `OpenFailed`; after `OpenFailed(Blocked)` an `Opened` may still follow, once the older tab has
    /// let go.
    pub fn open(&self) {
        self.open_as(true);
    }

    /// The same without becoming the writer.
    pub fn probe(&self) {
        self.open_as(false);
    }

    fn open_as(&self, writer: bool) {
        self.shared.as_writer.set(writer);
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
            shared.report(event);
        });
    }

    /// This tab leads no longer: an `open` that is still under way does not make it the writer.
    pub fn stop_writing(&self) {
        self.shared.as_writer.set(false);
    }

    /// Writes one transaction. Answers `Committed` or `Aborted`, which is `TakenOver` once another tab has opened it as its
    /// writer.
    pub fn write(&self, group: StoreGroup) {
        let shared = self.shared.clone();
        // Begins before the present task ends, in the order of the calls.
        spawn_local(async move {
            let number = group.number;
            let written = match shared.database() {
                #[cfg(feature = "lab")]
                _ if super::faults::is_disk_full() => Err(StoreError::Quota),
                Some(database) => write::group(&database, &shared.writer, shared.commits.get(), &group).await,
                None => Err(not_open()),
            };
            shared.wrote(number, written);
        });
    }

    /// Reads the metadata record as it is now.
    pub fn meta(&self) -> ReadMeta {
        let database = self.shared.database();
        Box::pin(async move { read::meta(&database?).await.ok()? })
    }

    /// Sets aside what cannot be read. Only for the tab that leads. Should it fail, they stay where they
    /// are, are counted all the same, and are found again next time.
    pub fn set_aside_unreadable(&self) {
        let shared = self.shared.clone();
        spawn_local(async move {
            let Some(database) = shared.database() else { return };
            match unreadable::set_aside(&database).await {
                Ok(count) => shared.count_unreadable([count, 0]),
                Err(error) => shared.failed(&error),
            }
        });
    }

    /// Everything that cannot be read, set aside or not. It may hold contents of messages. Opens the database if it is
    /// not: any tab may show and delete these records.
    pub fn unreadable(&self) -> ReadUnreadable {
        let shared = self.shared.clone();
        Box::pin(async move { unreadable::all(&shared.connect().await?).await })
    }

    /// Deletes what cannot be read, for good. Tells `Unreadable`; the future brings what is left.
    pub fn discard_unreadable(&self) -> ReadUnreadable {
        let shared = self.shared.clone();
        Box::pin(async move {
            let database = shared.connect().await?;
            let left = unreadable::discard(&database).await?;
            shared.unreadable.set([0, left]);
            shared.report(StoreEvent::Unreadable(left));
            unreadable::all(&database).await
        })
    }

    /// Deletes everything, then the database. That waits until every tab has let go of it, and a tab may
    /// hang: 5 s for each, then it is reported.
    pub fn wipe(&self) -> Wiped {
        let shared = self.shared.clone();
        Box::pin(async move {
            let empty = async {
                let database = shared.connect().await?;
                write::empty(&database, &shared.writer).await
            };
            let emptied = within(WIPE_MS, empty).await.is_some_and(|end| end.is_ok());
            shared.close();
            let deleted = within(WIPE_MS, connection::delete(shared.name.clone())).await == Some(true);
            emptied || deleted
        })
    }

    /// Closes the database behind the store's back.
    #[cfg(feature = "lab")]
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
        let database = self.connect().await?;
        self.read(&database).await
    }

    /// The database, opened if it is not.
    async fn connect(self: &Rc<Self>) -> Result<Database, StoreError> {
        let _opening = self.opening.lock().await;
        if let Some(database) = self.database() {
            return Ok(database);
        }
        let weak = Rc::downgrade(self);
        let on_lost = move |lost: Lost| {
            if let Some(shared) = weak.upgrade() {
                shared.close();
                shared.deleted.set(lost == Lost::Deleted);
                shared.report(StoreEvent::Closed(lost.into()));
            }
        };
        if self.deleted.take() {
            pause(DELETED_PAUSE_MS).await;
            if matches!(*self.state.borrow(), State::Gone) {
                return Err(not_open());
            }
        }
        let shared = self.clone();
        // A look of the page reports nothing.
        let on_wait = move |error| {
            if shared.asked.get() > 0 {
                shared.report(StoreEvent::OpenFailed(error));
            }
        };
        let connection = connection::open(&self.name, self.version, self.older, on_wait, on_lost).await?;
        let database = connection.database().clone();
        let mut state = self.state.borrow_mut();
        if matches!(*state, State::Gone) {
            return Err(StoreError::Dead("the store was closed while it opened".to_owned()));
        }
        *state = State::Open(connection);
        Ok(database)
    }

    /// Everything, read after the last call of `open`: a leader must not act on what was there before
    /// it led.
    async fn read(&self, database: &Database) -> Result<StoreSnapshot, StoreError> {
        loop {
            let asked = self.asked.get();
            let snapshot = match self.as_writer.get() {
                true => {
                    let snapshot = read::everything_as(database, &self.writer).await?;
                    self.commits.set(Commits::of_browser(database, &self.writer).await);
                    snapshot
                }
                false => read::everything(database).await?,
            };
            if self.asked.get() == asked {
                let (aside, in_place): (Vec<_>, Vec<_>) =
                    snapshot.unreadable.iter().partition(|record| record.set_aside_at.is_some());
                self.unreadable.set([aside.len() as u32, in_place.len() as u32]);
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
        self.report(match written {
            Ok(()) => StoreEvent::Committed { number },
            Err(error) => StoreEvent::Aborted { number, error },
        });
    }

    fn count_unreadable(&self, now: [u32; 2]) {
        let before: u32 = self.unreadable.replace(now).iter().sum();
        let count = now.iter().sum();
        if before != count {
            self.report(StoreEvent::Unreadable(count));
        }
    }

    fn failed(&self, error: &StoreError) {
        if let StoreError::Dead(why) = error {
            self.lost(why.clone());
        }
    }

    fn lost(&self, why: String) {
        self.close();
        self.report(StoreEvent::Closed(StoreError::Dead(why)));
    }

    fn report(&self, event: StoreEvent) {
        if !matches!(*self.state.borrow(), State::Gone) {
            (self.listener)(event);
        }
    }
}

/// What it ends with, if it ends in time.
async fn within<T>(ms: u32, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(pause(ms))).await {
        Either::Left((end, _)) => Some(end),
        Either::Right(_) => None,
    }
}

async fn pause(ms: u32) {
    let (send, over) = oneshot::channel::<()>();
    let _timer = Timeout::new(ms, move || drop(send));
    // Either way it is over.
    let _ = over.await;
}

fn not_open() -> StoreError {
    StoreError::Dead("the store is not open".to_owned())
}
