//! Records that cannot be read: set aside by the tab that leads, shown and deleted by any.
//!
//! Who changes something here reads it again in the same transaction: another tab may have written
//! a good record in its place since it was found.

use super::read::{Raw, begin, decoded, records};
use super::{errors, stores, write};
use indexed_db_futures::database::Database;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::Transaction;
use js_sys::{Array, Date, JSON, Uint8Array};
use sentinelops_engine::{FailedRow, Meta, Row, StoreError, StoreName, UnreadableRecord};
use wasm_bindgen::{JsCast, JsValue};

/// Moves them out of the way. Answers how many there are now.
pub(super) async fn set_aside(database: &Database) -> Result<u32, StoreError> {
    let transaction = write::begin(database, &stores::ALL, true)?;
    let found = in_place(&transaction)?.await?;
    let earlier = count(&transaction)?.await?;
    for raw in &found {
        let entry = Array::of4(&raw.store.as_str().into(), &raw.key, &raw.value, &Date::now().into());
        let aside = transaction.object_store(stores::UNREADABLE).map_err(errors::from_error)?;
        aside.as_sys().put(&entry).map_err(|error| errors::from_error(error.into()))?;
        delete(&transaction, raw)?;
    }
    write::finish(transaction).await?;
    Ok(earlier.saturating_add(found.len() as u32))
}

/// All of them, for a file.
pub(super) async fn all(database: &Database) -> Result<Vec<UnreadableRecord>, StoreError> {
    let transaction = begin(database, &stores::ALL)?;
    let earlier = set_aside_earlier(&transaction)?;
    let found = in_place(&transaction)?;
    write::commit(&transaction)?;
    let (mut all, found) = (earlier.await?, found.await?);
    all.extend(found.iter().map(|raw| described(raw, None)));
    Ok(all)
}

/// Deletes them. Answers how many are left: a metadata record that cannot be read is the next leader's
/// business, who else would take them for those of a new store.
pub(super) async fn discard(database: &Database) -> Result<u32, StoreError> {
    let transaction = write::begin(database, &stores::ALL, true)?;
    let found = in_place(&transaction)?.await?;
    let (gone, left): (Vec<_>, Vec<_>) = found.iter().partition(|raw| raw.store != StoreName::Meta);
    let aside = transaction.object_store(stores::UNREADABLE).map_err(errors::from_error)?;
    aside.as_sys().clear().map_err(|error| errors::from_error(error.into()))?;
    for raw in gone {
        delete(&transaction, raw)?;
    }
    write::finish(transaction).await?;
    Ok(left.len() as u32)
}

/// How many were set aside.
fn count(
    transaction: &Transaction<'_>,
) -> Result<impl Future<Output = Result<u32, StoreError>> + use<>, StoreError> {
    let store = transaction.object_store(stores::UNREADABLE).map_err(errors::from_error)?;
    let count = store.count().primitive().map_err(errors::from_error)?;
    Ok(async move { count.await.map_err(errors::from_error) })
}

pub(super) fn set_aside_earlier(
    transaction: &Transaction<'_>,
) -> Result<impl Future<Output = Result<Vec<UnreadableRecord>, StoreError>> + use<>, StoreError> {
    let store = transaction.object_store(stores::UNREADABLE).map_err(errors::from_error)?;
    let entries = store.get_all::<JsValue>().primitive().map_err(errors::from_error)?;
    Ok(async move {
        let entries = entries.await.map_err(errors::from_error)?;
        Ok(entries.filter_map(|entry| from_entry(&entry.ok()?.dyn_into().ok()?)).collect())
    })
}

/// Those that still lie among the others.
fn in_place(
    transaction: &Transaction<'_>,
) -> Result<impl Future<Output = Result<Vec<Raw>, StoreError>> + use<>, StoreError> {
    let rows = records(transaction, StoreName::Outbox)?;
    let failed = records(transaction, StoreName::Failed)?;
    let meta = records(transaction, StoreName::Meta)?;
    Ok(async move {
        let mut found = Vec::new();
        let _ = decoded::<Row>(rows.await?, &mut found);
        let _ = decoded::<FailedRow>(failed.await?, &mut found);
        let _ = decoded::<Meta>(meta.await?, &mut found);
        Ok(found)
    })
}

fn delete(transaction: &Transaction<'_>, raw: &Raw) -> Result<(), StoreError> {
    let store = transaction.object_store(raw.store.as_str()).map_err(errors::from_error)?;
    store.as_sys().delete(&raw.key).map(drop).map_err(|error| errors::from_error(error.into()))
}

/// As people and the engine know it.
pub(super) fn described(raw: &Raw, set_aside_at: Option<u64>) -> UnreadableRecord {
    let bytes = raw.value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    UnreadableRecord {
        store: raw.store,
        key: json(&raw.key),
        bytes: bytes.unwrap_or_else(|| json(&raw.value).into_bytes()),
        set_aside_at,
    }
}

fn from_entry(entry: &Array) -> Option<UnreadableRecord> {
    let name = entry.get(0).as_string()?;
    let store = StoreName::ALL.into_iter().find(|store| store.as_str() == name)?;
    let raw = Raw { store, key: entry.get(1), value: entry.get(2) };
    Some(described(&raw, Some(entry.get(3).as_f64()? as u64)))
}

/// Empty where JSON has no words for it.
fn json(value: &JsValue) -> String {
    JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
