//! Rows of a tab that does not lead.

use super::read;
use super::write::{begin, finish, put_row};
use indexed_db_futures::database::Database;
use sentinelops_engine::{Row, StoreError, StoreName, appended_order};
use std::collections::HashSet;

/// Looks and writes in one transaction, so that no other writer comes between. `doubtful`: some of these
/// may be there already; only then are all rows read, which takes the longer the more there are.
pub(super) async fn rows(database: &Database, rows: Vec<Row>, doubtful: bool) -> Result<(), StoreError> {
    let transaction = begin(database, &[StoreName::Outbox.as_str()], true)?;
    let mut last = read::last_order(&transaction).await?;
    let known: HashSet<String> = if doubtful {
        let records = read::records(&transaction, StoreName::Outbox)?.await?;
        read::decoded::<Row>(records, &mut Vec::new()).into_iter().map(|row| row.id).collect()
    } else {
        HashSet::new()
    };
    for mut row in rows.into_iter().filter(|row| !known.contains(&row.id)) {
        last = appended_order(last, row.order);
        row.order = last;
        put_row(&transaction, &row)?;
    }
    finish(transaction).await
}
