//! Rows of a tab that does not lead.

use super::read;
use super::write::{begin, finish, put_row};
use indexed_db_futures::database::Database;
use js_sys::Array;
use sentinelops_engine::{Row, StoreError, StoreName, appended_order};
use std::collections::HashSet;
use wasm_bindgen::JsCast;

/// Looks and writes in one transaction, so that no other writer comes between.
pub(super) async fn rows(database: &Database, rows: Vec<Row>) -> Result<(), StoreError> {
    let transaction = begin(database, &[StoreName::Outbox.as_str()], true)?;
    let records = read::records(&transaction, StoreName::Outbox).await?;
    // From the keys: a row that cannot be read has its place all the same.
    let orders = records.iter().filter_map(|raw| raw.key.dyn_ref::<Array>()?.get(1).as_f64());
    let mut last = orders.fold(0.0, f64::max) as u64;
    let known: HashSet<String> =
        read::decoded::<Row>(records, &mut Vec::new()).into_iter().map(|row| row.id).collect();
    for mut row in rows.into_iter().filter(|row| !known.contains(&row.id)) {
        last = appended_order(last, row.order);
        row.order = last;
        put_row(&transaction, &row)?;
    }
    finish(transaction).await
}
