//! Reading what lies there.

use super::{errors, record, stores, unreadable, write, writer};
use futures::future::join;
use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{Transaction, TransactionMode};
use js_sys::Uint8Array;
use sentinelops_engine::{FailedRow, Meta, Row, StoreError, StoreName, StoreSnapshot};
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
    let snapshot = request_everything(&transaction)?;
    write::commit(&transaction)?;
    snapshot.await
}

/// The same, and from this moment on `writer` is the writer.
pub(super) async fn everything_as(database: &Database, writer: &str) -> Result<StoreSnapshot, StoreError> {
    match take_over(database, Some(writer)).await {
        Err(StoreError::Quota) => take_over(database, None).await,
        read => read,
    }
}

async fn take_over(database: &Database, writer: Option<&str>) -> Result<StoreSnapshot, StoreError> {
    let all = [&stores::ALL[..], &[writer::STORE]].concat();
    let transaction = write::begin(database, &all, false)?;
    writer::take_over(&transaction, writer)?;
    let snapshot = request_everything(&transaction)?;
    // What was read counts only once this tab is the writer.
    let (finished, snapshot) = join(write::finish(transaction), snapshot).await;
    finished.and(snapshot)
}

fn request_everything(
    transaction: &Transaction<'_>,
) -> Result<impl Future<Output = Result<StoreSnapshot, StoreError>> + use<>, StoreError> {
    let outbox = records(transaction, StoreName::Outbox)?;
    let failed = records(transaction, StoreName::Failed)?;
    let meta = records(transaction, StoreName::Meta)?;
    let unreadable = unreadable::set_aside_earlier(transaction)?;
    Ok(async move {
        let (outbox, failed, meta) = (outbox.await?, failed.await?, meta.await?);
        let mut unreadable = unreadable.await?;
        let mut found = Vec::new();
        let rows = decoded::<Row>(outbox, &mut found);
        let failed = decoded::<FailedRow>(failed, &mut found);
        let meta = decoded::<Meta>(meta, &mut found).pop().unwrap_or_default();
        unreadable.extend(found.iter().map(|raw| unreadable::described(raw, None)));
        Ok(StoreSnapshot { rows, failed, meta, unreadable })
    })
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
