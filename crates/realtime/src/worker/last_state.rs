//! The last state of channels (IndexedDB, a database of its own beside the outbox). Losing it costs a person nothing but
//! what would be shown before the server speaks, so errors end in a note at most. The database is open for one
//! transaction each: it keeps no tab from deleting it.

use super::store::delete_database;
use indexed_db_futures::database::{Database, VersionChangeEvent};
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use js_sys::Uint8Array;
use sentinelops_protocol::Channel;
use std::future::Future;
use wasm_bindgen::{JsCast, JsValue};

const STORE: &str = "state";

/// Those of one scope.
pub(super) struct LastStates {
    name: String,
}

struct Open(Database);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.as_sys().close();
    }
}

impl LastStates {
    pub(super) fn new(scope: &str) -> Self {
        Self { name: format!("sentinelops state {scope}") }
    }

    /// Every record there is; none where they cannot be read.
    pub(super) fn read(&self) -> impl Future<Output = Vec<Vec<u8>>> + use<> {
        let name = self.name.clone();
        async move { read(&name).await.unwrap_or_default() }
    }

    /// Replaces the record of a channel; an empty one deletes it.
    pub(super) fn keep(&self, channel: Channel, bytes: Vec<u8>) -> impl Future<Output = ()> + use<> {
        let name = self.name.clone();
        async move {
            // A full disk, or a forbidden one: the record of before is shown, with its time.
            let _ = keep(&name, channel, &bytes).await;
        }
    }

    /// Deletes all.
    pub(super) fn wipe(&self) -> impl Future<Output = bool> + use<> {
        delete_database(self.name.clone())
    }
}

async fn open(name: &str) -> indexed_db_futures::OpenDbResult<Open> {
    let request = Database::open(name)
        .with_version(1_u32)
        .with_on_upgrade_needed(|_: VersionChangeEvent, database: Database| {
            let _ = database.create_object_store(STORE).build()?;
            Ok(())
        })
        .build()?;
    Ok(Open(request.await?))
}

async fn read(name: &str) -> Option<Vec<Vec<u8>>> {
    let open = open(name).await.ok()?;
    let transaction = open.0.transaction(STORE).with_mode(TransactionMode::Readonly).build().ok()?;
    let store = transaction.object_store(STORE).ok()?;
    let values = store.get_all::<JsValue>().primitive().ok()?.await.ok()?;
    let bytes = |value: JsValue| value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    Some(values.filter_map(|value| bytes(value.ok()?)).collect())
}

async fn keep(name: &str, channel: Channel, bytes: &[u8]) -> Option<()> {
    let open = open(name).await.ok()?;
    let transaction = open.0.transaction(STORE).with_mode(TransactionMode::Readwrite).build().ok()?;
    let store = transaction.object_store(STORE).ok()?;
    let key = JsValue::from_str(channel.as_str());
    let raw = store.as_sys();
    // The raw requests: their errors abort the transaction, which is all there is to know.
    let asked = match bytes {
        [] => raw.delete(&key),
        bytes => raw.put_with_key(&Uint8Array::from(bytes), &key),
    };
    asked.ok()?;
    transaction.commit().await.ok()
}
