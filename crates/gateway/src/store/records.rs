//! What a store holds, record by record: for audits and tests.

use super::Failure;
use super::sqlite::{explain, read, unsigned};
use crate::{Accepted, Record};
use rusqlite::{Connection, OpenFlags, Row};
use serde::Serialize;
use std::path::Path;

/// A line of [`records`].
#[derive(Debug, Serialize)]
pub struct StoredRecord {
    /// Its place in the one sequence of all channels.
    pub seq: u64,
    /// The record. Of a command older than the log only what was accepted is left, without its events.
    #[serde(flatten)]
    pub record: Record,
}

/// Reads the records of the data folder `dir`, oldest first, also while a gateway uses it. `each` answers whether to
/// go on.
///
/// # Errors
/// There is no store in the folder, or it cannot be read: a sentence that says what to do.
pub fn records(dir: &Path, mut each: impl FnMut(&StoredRecord) -> bool) -> Result<(), Failure> {
    let path = dir.join(super::DATABASE);
    if !path.is_file() {
        return Err(Failure::Broken(format!(
            "{} holds no {}: give the folder that the gateway was started with (--data)",
            dir.display(),
            super::DATABASE
        )));
    }
    let failed = |error: rusqlite::Error| explain(&path, &error);
    let connection = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    let mut query = connection
        .prepare(
            "SELECT seq, body, user, id, hash, ids.at FROM (SELECT seq FROM ids UNION SELECT seq FROM log)
             LEFT JOIN log USING (seq) LEFT JOIN ids USING (seq) ORDER BY seq",
        )
        .map_err(failed)?;
    let mut rows = query.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let seq = unsigned(row.get(0).map_err(failed)?);
        let record: Record = match row.get::<_, Option<String>>(1).map_err(failed)? {
            Some(body) => read(&body).map_err(failed)?,
            None => {
                let accepted = accepted(row).map_err(failed)?;
                Record::new(accepted.at, Some(accepted), Vec::new())
            }
        };
        if !each(&StoredRecord { seq, record }) {
            break;
        }
    }
    Ok(())
}

fn accepted(row: &Row<'_>) -> rusqlite::Result<Accepted> {
    let hash = row.get::<_, i64>(4)?.cast_unsigned();
    Ok(Accepted { user: row.get(2)?, id: row.get(3)?, hash, at: unsigned(row.get(5)?) })
}
