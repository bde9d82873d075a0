//! Reading everything, and putting aside what cannot be read.

use super::{errors, record, stores, write};
use indexed_db_futures::KeyRange;
use indexed_db_futures::cursor::CursorDirection;
use indexed_db_futures::database::Database;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{Transaction, TransactionMode};
use js_sys::{Array, Date, Uint8Array};
use sentinelops_engine::{FailedRow, Meta, Row, StoreError, StoreSnapshot};
use sentinelops_protocol::Priority;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// A record as it lies there.
pub(super) struct Raw {
    store: &'static str,
    key: JsValue,
    value: JsValue,
}

/// Everything, as it was at one moment.
pub(super) async fn everything(database: &Database) -> Result<StoreSnapshot, StoreError> {
    let names = [stores::OUTBOX, stores::FAILED, stores::META, stores::UNREADABLE];
    let transaction = begin(database, &names)?;
    let outbox = records(&transaction, stores::OUTBOX).await?;
    let failed = records(&transaction, stores::FAILED).await?;
    let meta = records(&transaction, stores::META).await?;
    let earlier = records(&transaction, stores::UNREADABLE).await?.len();
    drop(transaction);

    let mut unreadable = Vec::new();
    let mut snapshot = StoreSnapshot {
        rows: decoded::<Row>(outbox, &mut unreadable),
        failed: decoded::<FailedRow>(failed, &mut unreadable),
        meta: decoded::<Meta>(meta, &mut unreadable).pop().unwrap_or_default(),
        unreadable: 0,
    };
    snapshot.unreadable = u32::try_from(earlier + unreadable.len()).unwrap_or(u32::MAX);
    if !unreadable.is_empty() {
        // Should this fail, they stay where they are and are found again next time.
        let _ = set_aside(database, &unreadable).await;
    }
    Ok(snapshot)
}

/// The rows of the outbox.
pub(super) async fn rows(database: &Database) -> Result<Vec<Row>, StoreError> {
    let transaction = begin(database, &[stores::OUTBOX])?;
    let records = records(&transaction, stores::OUTBOX).await?;
    Ok(decoded(records, &mut Vec::new()))
}

/// The small facts.
pub(super) async fn meta(database: &Database) -> Result<Meta, StoreError> {
    let transaction = begin(database, &[stores::META])?;
    let records = records(&transaction, stores::META).await?;
    Ok(decoded(records, &mut Vec::new()).pop().unwrap_or_default())
}

/// The highest order in the outbox, 0 if it is empty. From the keys: a row that cannot be read has its place
/// all the same.
pub(super) async fn last_order(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    let store = transaction.object_store(stores::OUTBOX).map_err(errors::from_error)?;
    let mut asked = Vec::with_capacity(Priority::ALL.len());
    for priority in Priority::ALL {
        let rank = f64::from(priority.rank());
        let bound = |rank: f64| JsValue::from(Array::of1(&rank.into()));
        let of_rank = KeyRange::Bound(bound(rank), false, bound(rank + 1.0), true);
        let cursor =
            store.open_key_cursor().with_query::<JsValue, _>(of_rank).with_direction(CursorDirection::Prev);
        asked.push(cursor.primitive().map_err(errors::from_error)?);
    }
    let mut last = 0.0_f64;
    for cursor in asked {
        let Some(mut cursor) = cursor.await.map_err(errors::from_error)? else { continue };
        let key = cursor.next_key::<JsValue>().await.map_err(errors::from_error)?;
        let order = key.and_then(|key| key.dyn_ref::<Array>()?.get(1).as_f64());
        last = last.max(order.unwrap_or(0.0));
    }
    Ok(last as u64)
}

fn begin<'a>(database: &'a Database, names: &[&str]) -> Result<Transaction<'a>, StoreError> {
    database
        .transaction(names.to_vec())
        .with_mode(TransactionMode::Readonly)
        .build()
        .map_err(errors::from_error)
}

/// Keys and values come in two requests of one transaction, so they fit together.
pub(super) async fn records(
    transaction: &Transaction<'_>,
    name: &'static str,
) -> Result<Vec<Raw>, StoreError> {
    let store = transaction.object_store(name).map_err(errors::from_error)?;
    let keys = store.get_all_keys::<JsValue>().primitive().map_err(errors::from_error)?;
    let values = store.get_all::<JsValue>().primitive().map_err(errors::from_error)?;
    let keys = keys.await.map_err(errors::from_error)?;
    let values = values.await.map_err(errors::from_error)?;
    Ok(keys
        .zip(values)
        .filter_map(|(key, value)| Some(Raw { store: name, key: key.ok()?, value: value.ok()? }))
        .collect())
}

/// In the order of the keys, which is that of priority, then order.
pub(super) fn decoded<T: DeserializeOwned>(records: Vec<Raw>, unreadable: &mut Vec<Raw>) -> Vec<T> {
    let mut out = Vec::with_capacity(records.len());
    for raw in records {
        let bytes = raw.value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        match bytes.as_deref().and_then(record::decode) {
            Some(value) => out.push(value),
            None => unreadable.push(raw),
        }
    }
    out
}

async fn set_aside(database: &Database, unreadable: &[Raw]) -> Result<(), StoreError> {
    let names = [stores::OUTBOX, stores::FAILED, stores::META, stores::UNREADABLE];
    let transaction = write::begin(database, &names, true)?;
    for raw in unreadable {
        let aside = transaction.object_store(stores::UNREADABLE).map_err(errors::from_error)?;
        let entry = Array::of4(&raw.store.into(), &raw.key, &raw.value, &Date::now().into());
        aside.as_sys().put(&entry).map_err(|error| errors::from_error(error.into()))?;
        let from = transaction.object_store(raw.store).map_err(errors::from_error)?;
        from.as_sys().delete(&raw.key).map_err(|error| errors::from_error(error.into()))?;
    }
    write::finish(transaction).await
}
