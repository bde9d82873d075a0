//! The one writer of the database. A tab that leads names itself in an object store whose index lets only one record
//! exist, in the transaction that reads everything. Each of its writes puts this record again. Once another tab has named
//! itself, that put violates the index, and the transaction is aborted as a whole: an earlier leader, which may not have
//! received yet that it lost the lock, changes nothing after its successor has read.
//!
//! A full disk refuses every put, also this one. A new leader then only clears the store: the next tab that can put its name
//! is the writer, and the other one is refused. Deletes need no proof, because they must get through on a full disk, and
//! at worst a row that has ended is deleted once more.
//!
//! Firefox commits what it is asked to commit although a request of it has failed. There ([`super::write::Commits`]) a
//! transaction commits when its requests have succeeded.
//!
//! Everything is requested in the task that begins the transaction. A transaction that had to wait for an answer would
//! block every other tab for as long as its worker is frozen.

use super::errors;
use indexed_db_futures::database::Database;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::Transaction;
use js_sys::{Object, Reflect};
use sentinelops_engine::StoreError;
use wasm_bindgen::JsValue;
use web_sys::{IdbIndexParameters, IdbObjectStore};

/// The object store; its keys are the names of writers.
pub(super) const STORE: &str = "writer";
/// The field under which each record has the same value, so that the unique index lets only one exist.
const FIELD: &str = "place";

/// The name of no writer.
const NOBODY: &str = "";

/// Creates the object store and its index.
pub(super) fn make_store(database: &Database) -> indexed_db_futures::Result<()> {
    let store = database.create_object_store(STORE).build()?;
    let unique = IdbIndexParameters::new();
    unique.set_unique(true);
    store.as_sys().create_index_with_str_and_optional_parameters(FIELD, FIELD, &unique)?;
    Ok(())
}

/// Makes `writer` the writer, in place of any other; `None`: there is none until one writes.
pub(super) fn take_over(transaction: &Transaction<'_>, writer: Option<&str>) -> Result<(), StoreError> {
    let store = transaction.object_store(STORE).map_err(errors::from_error)?;
    let store: &IdbObjectStore = store.as_sys();
    store.clear().map_err(|error| errors::from_error(error.into()))?;
    writer.map_or(Ok(()), |writer| put(store, writer))
}

/// Lets the transaction abort unless `writer` is the writer.
pub(super) fn prove(transaction: &Transaction<'_>, writer: &str) -> Result<(), StoreError> {
    let store = transaction.object_store(STORE).map_err(errors::from_error)?;
    put(store.as_sys(), writer)
}

/// A request that fails, because a writer is there, and one that succeeds.
pub(super) fn add_again(transaction: &Transaction<'_>, writer: &str) -> Result<(), StoreError> {
    let store = transaction.object_store(STORE).map_err(errors::from_error)?;
    let store: &IdbObjectStore = store.as_sys();
    let made = store.add_with_key(&record()?, &JsValue::from_str(writer));
    made.map_err(|error| errors::from_error(error.into()))?;
    // What succeeds behind it, as in a transaction that stores something.
    let made = store.delete(&JsValue::from_str(NOBODY));
    made.map(drop).map_err(|error| errors::from_error(error.into()))
}

fn put(store: &IdbObjectStore, writer: &str) -> Result<(), StoreError> {
    let made = store.put_with_key(&record()?, &JsValue::from_str(writer));
    made.map(drop).map_err(|error| errors::from_error(error.into()))
}

fn record() -> Result<JsValue, StoreError> {
    let record = Object::new();
    Reflect::set(&record, &FIELD.into(), &1.into()).map_err(|_| unwritable())?;
    Ok(record.into())
}

fn unwritable() -> StoreError {
    StoreError::Other("the writer's record could not be made".to_owned())
}
