//! The database: schema, reading at start, one transaction per commit, pruning.

use super::keys::{Class, Place, place};
use super::{Failure, Retention};
use crate::core::{NEWEST, WEEK_MS};
use crate::{Accepted, Loaded, Record};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};
use sentinelops_protocol::Channel;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// `PRAGMA user_version` of what is written here.
const VERSION: i64 = 3;
/// Pruning runs once in so many commits, and takes at most this many rows of a table.
const PRUNE_EVERY: u32 = 32;
const PRUNE_ROWS: i64 = 1_000;
/// `SQLITE_IOERR_WRITE`: a quota or a limit on file sizes ends here, not at `SQLITE_FULL`.
const IOERR_WRITE: i32 = 10 | (3 << 8);

const SCHEMA: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE log (seq INTEGER PRIMARY KEY, channel TEXT NOT NULL, key TEXT, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE state (channel TEXT NOT NULL, key TEXT NOT NULL, class INTEGER NOT NULL, topic TEXT NOT NULL,
  seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, key)) WITHOUT ROWID;
CREATE INDEX state_newest ON state (channel, class, topic, seq);
CREATE TABLE ids (seq INTEGER PRIMARY KEY, user TEXT NOT NULL, id TEXT NOT NULL, hash INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE progress (incident TEXT PRIMARY KEY, resolved_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX progress_resolved ON progress (resolved_at);
PRAGMA user_version = 3;
";

/// Layout 2 had no figures.
const FROM_2: &str = "
CREATE TABLE progress (incident TEXT PRIMARY KEY, resolved_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX progress_resolved ON progress (resolved_at);
PRAGMA user_version = 3;
";

/// Layout 1 counted each channel by itself: its history has no place in the one sequence and goes.
const FROM_1: &str = "
CREATE TABLE kept (seq INTEGER PRIMARY KEY, user TEXT NOT NULL, id TEXT NOT NULL, hash INTEGER NOT NULL, at INTEGER NOT NULL);
INSERT INTO kept (user, id, hash, at) SELECT user, id, hash, at FROM ids ORDER BY at;
DROP TABLE ids;
ALTER TABLE kept RENAME TO ids;
INSERT OR REPLACE INTO meta SELECT 'seq', max(coalesce((SELECT max(seq) FROM log), 0),
  coalesce((SELECT max(seq) FROM state), 0), coalesce((SELECT max(seq) FROM ids), 0));
DELETE FROM log;
DROP TABLE channels;
PRAGMA user_version = 2;
";

#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    retention: Retention,
    commits: u32,
    /// Where the newest are counted since the last pruning.
    touched: BTreeSet<(Channel, i64, String)>,
}

impl Database {
    pub(super) fn open(
        path: &Path,
        retention: Retention,
        epoch: &str,
        new_epoch: bool,
        wall: u64,
    ) -> Result<(Self, Loaded), Failure> {
        let failed = |error| explain(path, &error);
        let connection = Connection::open(path).map_err(failed)?;
        let version = prepare(&connection, path, epoch).map_err(failed)?;
        if version > VERSION {
            return Err(Failure::Broken(format!(
                "{} was written by a newer gateway (layout {version}; this one knows up to {VERSION}): start that version, or choose another folder with --data",
                path.display()
            )));
        }
        let check: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if check != "ok" {
            return Err(damaged(path, &check));
        }
        if new_epoch {
            forget_history(&connection, epoch).map_err(failed)?;
        }
        let loaded = load(&connection, &retention, wall).map_err(failed)?;
        let database =
            Self { connection, path: path.to_owned(), retention, commits: 0, touched: BTreeSet::new() };
        Ok((database, loaded))
    }

    /// All of it or nothing. Each time that all `records` are written, `more` may add some that came meanwhile: they
    /// share the flush.
    pub(super) fn commit(
        &mut self,
        records: &mut Vec<(u64, Record)>,
        more: impl FnMut(&mut Vec<(u64, Record)>),
    ) -> Result<(), Failure> {
        self.write(records, more).map_err(|error| explain(&self.path, &error))
    }

    /// Writes a row and commits it: says whether a record could be stored now.
    pub(super) fn probe(&mut self) -> Result<(), Failure> {
        let written = self.connection.execute(
            "INSERT INTO meta VALUES ('probe', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
            [],
        );
        written.map(drop).map_err(|error| explain(&self.path, &error))
    }

    fn write(
        &mut self,
        records: &mut Vec<(u64, Record)>,
        mut more: impl FnMut(&mut Vec<(u64, Record)>),
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut written = 0;
        while written < records.len() {
            for (seq, record) in &mut records[written..] {
                write_record(&transaction, &mut self.touched, signed(*seq), record)?;
            }
            written = records.len();
            more(records);
        }
        let Some((newest, last)) = records.last() else { return Ok(()) };
        transaction
            .prepare_cached("INSERT OR REPLACE INTO meta VALUES ('seq', ?1)")?
            .execute([signed(*newest)])?;
        let commits = self.commits.wrapping_add(1);
        if commits.is_multiple_of(PRUNE_EVERY) {
            prune(&transaction, &self.touched, &self.retention, signed(*newest), last.at)?;
        }
        transaction.commit()?;
        if commits.is_multiple_of(PRUNE_EVERY) {
            self.touched.clear();
        }
        self.commits = commits;
        Ok(())
    }
}

/// Makes the schema in an empty file. Answers the version that is there.
fn prepare(connection: &Connection, path: &Path, epoch: &str) -> rusqlite::Result<i64> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > VERSION {
        return Ok(version);
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(unreadable(format!("{} cannot be opened in WAL mode (found {mode})", path.display())));
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;")?;
    if version == 0 {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.execute("INSERT INTO meta VALUES ('epoch', ?1)", [epoch])?;
        transaction.commit()?;
    }
    if version == 1 {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(FROM_1)?;
        transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'epoch'", [epoch])?;
        transaction.execute_batch(FROM_2)?;
        transaction.commit()?;
    }
    if version == 2 {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(FROM_2)?;
        transaction.commit()?;
    }
    Ok(VERSION)
}

/// Records were lost that clients may have seen: what is left is not their history.
fn forget_history(connection: &Connection, epoch: &str) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch("DELETE FROM log;")?;
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'epoch'", [epoch])?;
    transaction.commit()
}

fn load(connection: &Connection, retention: &Retention, wall: u64) -> rusqlite::Result<Loaded> {
    let meta = |name: &str| {
        connection.query_row("SELECT CAST(value AS TEXT) FROM meta WHERE name = ?1", [name], |row| {
            row.get::<_, String>(0)
        })
    };
    let epoch = meta("epoch").optional()?.ok_or_else(|| unreadable("its epoch is missing".to_owned()))?;
    let seq = match meta("seq").optional()? {
        Some(text) => text.parse().map_err(|_| unreadable(format!("its newest seq is {text:?}")))?,
        None => 0,
    };
    let mut loaded = Loaded { epoch, seq, gone: seq, ..Loaded::default() };
    let mut state = connection.prepare("SELECT body FROM state ORDER BY seq, channel, key")?;
    let mut rows = state.query([])?;
    while let Some(row) = rows.next()? {
        loaded.state.push(read(&row.get::<_, String>(0)?)?);
    }
    let oldest = signed(wall.saturating_sub(retention.history_ms));
    let mut log = connection.prepare(
        "SELECT seq, body FROM log WHERE seq >= (SELECT min(seq) FROM log WHERE at >= ?1) ORDER BY seq",
    )?;
    let mut rows = log.query([oldest])?;
    while let Some(row) = rows.next()? {
        let seq = unsigned(row.get(0)?);
        if loaded.log.is_empty() {
            loaded.gone = seq.saturating_sub(1);
        }
        loaded.log.push((seq, read(&row.get::<_, String>(1)?)?));
    }
    let mut progress = connection.prepare("SELECT body FROM progress ORDER BY incident")?;
    let mut rows = progress.query([])?;
    while let Some(row) = rows.next()? {
        loaded.progress.push(read(&row.get::<_, String>(0)?)?);
    }
    let mut ids = connection.prepare("SELECT user, id, hash, at FROM ids WHERE at >= ?1 ORDER BY seq")?;
    let mut rows = ids.query([signed(wall.saturating_sub(retention.ids_ms))])?;
    while let Some(row) = rows.next()? {
        let hash = row.get::<_, i64>(2)?.cast_unsigned();
        loaded.accepted.push(Accepted {
            user: row.get(0)?,
            id: row.get(1)?,
            hash,
            at: unsigned(row.get(3)?),
        });
    }
    Ok(loaded)
}

fn write_record(
    transaction: &Transaction<'_>,
    touched: &mut BTreeSet<(Channel, i64, String)>,
    seq: i64,
    record: &mut Record,
) -> rusqlite::Result<()> {
    if let Some(Accepted { user, id, hash, at }) = &record.accepted {
        transaction.prepare_cached("INSERT INTO ids VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
            seq,
            user,
            id,
            hash.cast_signed(),
            signed(*at)
        ])?;
    }
    let mut key = None;
    for event in &record.events {
        let channel = event.channel.as_str();
        let Some(Place { key: of, topic, class }) = place(event) else { continue };
        if event.begins {
            // Pruning may not have come to an earlier incident of this id yet.
            transaction
                .prepare_cached("DELETE FROM state WHERE channel = 'timeline' AND class = ?1 AND topic = ?2")?
                .execute(params![Class::Newest as i64, of])?;
        }
        transaction
            .prepare_cached("INSERT OR REPLACE INTO state VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![channel, of, class as i64, topic, seq, text(event)?])?;
        key.get_or_insert(of);
        if matches!(class, Class::Finished | Class::Newest) {
            touched.insert((event.channel, class as i64, topic));
        }
    }
    if let Some(progress) = &record.progress {
        let resolved_at = progress.resolved_at.map(signed);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO progress VALUES (?1, ?2, ?3)")?
            .execute(params![progress.incident, resolved_at, text(progress)?])?;
    }
    let Some(first) = record.events.first() else { return Ok(()) };
    let channel = first.channel;
    // The state has what is merged; the log does without.
    let merged: Vec<_> = record.events.iter_mut().map(|event| event.merged.take()).collect();
    let body = text(record);
    for (event, merged) in record.events.iter_mut().zip(merged) {
        event.merged = merged;
    }
    transaction.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        seq,
        channel.as_str(),
        key,
        signed(record.at),
        body?
    ])?;
    Ok(())
}

fn prune(
    transaction: &Transaction<'_>,
    touched: &BTreeSet<(Channel, i64, String)>,
    retention: &Retention,
    seq: i64,
    wall: u64,
) -> rusqlite::Result<()> {
    // Always the oldest without a hole, even where a clock ran backwards.
    transaction.execute(
        "WITH oldest AS (SELECT seq, at FROM log ORDER BY seq LIMIT ?1)
         DELETE FROM log WHERE seq < coalesce(
           (SELECT min(seq) FROM oldest WHERE seq > ?2 AND at >= ?3), (SELECT max(seq) + 1 FROM oldest))",
        params![
            PRUNE_ROWS,
            seq.saturating_sub(signed(retention.history_records)),
            signed(wall.saturating_sub(retention.history_ms))
        ],
    )?;
    transaction.execute(
        "DELETE FROM ids WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM ids ORDER BY seq LIMIT ?2) WHERE at < ?1)",
        params![signed(wall.saturating_sub(retention.ids_ms)), PRUNE_ROWS],
    )?;
    transaction.execute(
        "DELETE FROM progress WHERE incident IN (SELECT incident FROM progress WHERE resolved_at < ?1 LIMIT ?2)",
        params![signed(wall.saturating_sub(WEEK_MS)), PRUNE_ROWS],
    )?;
    let mut left = PRUNE_ROWS;
    for (channel, class, topic) in touched {
        let newest = if *class == Class::Finished as i64 { retention.finished } else { NEWEST };
        let newest = i64::try_from(newest).unwrap_or(i64::MAX);
        if (*channel, *class) == (Channel::Incidents, Class::Finished as i64) {
            // A timeline goes with its incident.
            transaction
                .prepare_cached(
                    "DELETE FROM state WHERE channel = 'timeline' AND class = ?1 AND topic IN (SELECT key FROM state
                     WHERE channel = 'incidents' AND class = ?2 AND topic = ?3 ORDER BY seq DESC LIMIT ?4 OFFSET ?5)",
                )?
                .execute(params![Class::Newest as i64, class, topic, left, newest])?;
        }
        let gone = transaction
            .prepare_cached(
                "DELETE FROM state WHERE (channel, key) IN (SELECT channel, key FROM state
                 WHERE channel = ?1 AND class = ?2 AND topic = ?3 ORDER BY seq DESC LIMIT ?4 OFFSET ?5)",
            )?
            .execute(params![channel.as_str(), class, topic, left, newest])?;
        left = left.saturating_sub(i64::try_from(gone).unwrap_or(i64::MAX));
    }
    Ok(())
}

fn text(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| unreadable(format!("a row cannot be read: {error}")))
}

fn unreadable(what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, what.into())
}

/// Times and seqs are far below 2^63.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn damaged(path: &Path, what: &str) -> Failure {
    Failure::Broken(format!(
        "{} is damaged ({what}): restore a backup, or move the folder away to start with an empty one; `sqlite3 gateway.db .recover` saves what can be read",
        path.display()
    ))
}

pub(super) fn explain(path: &Path, error: &rusqlite::Error) -> Failure {
    let extended = error.sqlite_extended_error_code();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => no_room(path, error),
        _ if extended == Some(IOERR_WRITE) => no_room(path, error),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, &error.to_string()),
        None => damaged(path, &error.to_string()),
        _ => Failure::Broken(format!("{} cannot be used: {error}", path.display())),
    }
}

fn no_room(path: &Path, error: &rusqlite::Error) -> Failure {
    Failure::NoRoom(format!("no room to write {} ({error}): free some disk space", path.display()))
}
