//! Reading what lies there.

use super::{errors, record, stores, unreadable, write};
use indexed_db_futures::KeyRange;
use indexed_db_futures::cursor::CursorDirection;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{Transaction, TransactionMode};
use js_sys::{Array, Uint8Array};
use sentinelops_engine::{FailedRow, Meta, Row, StoreError, StoreName, StoreSnapshot};
use sentinelops_protocol::Priority;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// A record as it lies there.
pub(super) struct Raw {
    pub store: StoreName,
    pub key: JsValue,
    pub value: JsValue,
}

/// Everything, as it was at one moment. Changes nothing: any tab may look.
pub(super) async fn everything(database: &Database) -> Result<StoreSnapshot, StoreError> {
    let transaction = begin(database, &stores::ALL)?;
    let outbox = records(&transaction, StoreName::Outbox)?;
    let failed = records(&transaction, StoreName::Failed)?;
    let meta = records(&transaction, StoreName::Meta)?;
    let unreadable = unreadable::set_aside_earlier(&transaction)?;
    write::commit(&transaction)?;
    let (outbox, failed, meta) = (outbox.await?, failed.await?, meta.await?);
    let mut unreadable = unreadable.await?;

    let mut found = Vec::new();
    let rows = decoded::<Row>(outbox, &mut found);
    let failed = decoded::<FailedRow>(failed, &mut found);
    let meta = decoded::<Meta>(meta, &mut found).pop().unwrap_or_default();
    unreadable.extend(found.iter().map(|raw| unreadable::described(raw, None)));
    Ok(StoreSnapshot { rows, failed, meta, unreadable })
}

/// The rows of the outbox, and how many records were set aside.
pub(super) async fn rows(database: &Database) -> Result<(Vec<Row>, u32), StoreError> {
    let transaction = begin(database, &[StoreName::Outbox.as_str(), stores::UNREADABLE])?;
    let records = records(&transaction, StoreName::Outbox)?;
    let aside = unreadable::count(&transaction)?;
    write::commit(&transaction)?;
    Ok((decoded(records.await?, &mut Vec::new()), aside.await?))
}

/// The metadata record; `None` when it exists and cannot be read.
pub(super) async fn meta(database: &Database) -> Result<Option<Meta>, StoreError> {
    let transaction = begin(database, &[StoreName::Meta.as_str()])?;
    let records = records(&transaction, StoreName::Meta)?;
    write::commit(&transaction)?;
    let records = records.await?;
    let mut unreadable = Vec::new();
    let meta = decoded(records, &mut unreadable).pop().unwrap_or_default();
    Ok(unreadable.is_empty().then_some(meta))
}

/// The highest order in the outbox, 0 if it is empty. From the keys: a row that cannot be read has its place
/// all the same.
pub(super) async fn last_order(transaction: &Transaction<'_>) -> Result<u64, StoreError> {
    let store = transaction.object_store(StoreName::Outbox.as_str()).map_err(errors::from_error)?;
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

pub(super) fn begin<'a>(database: &'a Database, names: &[&str]) -> Result<Transaction<'a>, StoreError> {
    let transaction = database
        .transaction(names.to_vec())
        .with_mode(TransactionMode::Readonly)
        .build()
        .map_err(errors::from_error)?;
    write::silence(&transaction);
    Ok(transaction)
}

/// Asks for everything in a store. Keys and values come in two requests of one transaction, so they fit
/// together. Who only reads asks for all it wants, commits, and then waits: a transaction that waits for
/// its worker to take the answers keeps every other tab from writing, as long as a frozen worker sleeps.
pub(super) fn records(
    transaction: &Transaction<'_>,
    name: StoreName,
) -> Result<impl Future<Output = Result<Vec<Raw>, StoreError>> + use<>, StoreError> {
    let store = transaction.object_store(name.as_str()).map_err(errors::from_error)?;
    let keys = store.get_all_keys::<JsValue>().primitive().map_err(errors::from_error)?;
    let values = store.get_all::<JsValue>().primitive().map_err(errors::from_error)?;
    Ok(async move {
        let keys = keys.await.map_err(errors::from_error)?;
        let values = values.await.map_err(errors::from_error)?;
        Ok(keys
            .zip(values)
            .filter_map(|(key, value)| Some(Raw { store: name, key: key.ok()?, value: value.ok()? }))
            .collect())
    })
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
