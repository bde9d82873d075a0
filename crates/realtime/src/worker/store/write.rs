//! One transaction.

use super::{errors, record, stores, writer};
use futures::channel::oneshot;
use gloo::events::EventListener;
use indexed_db_futures::database::Database;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{
    Transaction, TransactionDurability, TransactionMode, TransactionOptions,
};
use js_sys::{Array, Uint8Array};
use sentinelops_engine::{StoreError, StoreGroup, StoreName, StoreOp};
use sentinelops_protocol::Priority;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventTarget, IdbObjectStore, IdbTransaction};

/// Writes a group and waits until it is `complete`, which with strict durability means: on the
/// disk.
pub(super) async fn group(
    database: &Database,
    writer: &str,
    commits: Commits,
    group: &StoreGroup,
) -> Result<(), StoreError> {
    // Everything is made into bytes before the transaction exists: it lives for this task only.
    let requests = group.ops.iter().map(Request::of).collect::<Option<Vec<_>>>();
    let requests = requests.ok_or_else(unwritable)?;
    let mut names = Vec::new();
    for name in requests.iter().map(|request| request.store.as_str()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let proves = requests.iter().any(|request| request.value.is_some());
    if proves {
        names.push(writer::STORE);
    }

    let transaction = begin(database, &names, group.strict)?;
    if proves {
        writer::prove(&transaction, writer)?;
    }
    for request in &requests {
        request.make(&transaction)?;
    }
    if commits == Commits::ByItself {
        return ended(&transaction, || Ok(())).await;
    }
    finish(transaction).await
}

/// How a transaction whose requests may fail is to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commits {
    /// At once, in the task of its last request: it ends although its worker freezes.
    AtOnce,
    /// When its requests have succeeded. Firefox commits what it was asked to commit although a request has failed.
    ByItself,
}

impl Commits {
    /// Finds out what this browser does with a transaction that it is asked to commit and of which a request fails: `writer`
    /// is added although it, or another, is there.
    pub(super) async fn of_browser(database: &Database, writer: &str) -> Self {
        let try_it = async {
            let transaction = begin(database, &[writer::STORE], false)?;
            writer::add_again(&transaction, writer)?;
            finish(transaction).await
        };
        if try_it.await.is_ok() { Self::ByItself } else { Self::AtOnce }
    }
}

/// Deletes every record there is, and becomes the writer: a tab that hangs meanwhile writes nothing back.
pub(super) async fn empty(database: &Database, writer: &str) -> Result<(), StoreError> {
    match empty_as(database, Some(writer)).await {
        Err(StoreError::Quota) => empty_as(database, None).await,
        emptied => emptied,
    }
}

async fn empty_as(database: &Database, writer: Option<&str>) -> Result<(), StoreError> {
    let all = [&stores::ALL[..], &[writer::STORE]].concat();
    let transaction = begin(database, &all, true)?;
    writer::take_over(&transaction, writer)?;
    for name in stores::ALL {
        let store = transaction.object_store(name).map_err(errors::from_error)?;
        store.as_sys().clear().map_err(|error| errors::from_error(error.into()))?;
    }
    finish(transaction).await
}

/// A readwrite transaction of explicit durability: a browser's default may be either.
pub(super) fn begin<'a>(
    database: &'a Database,
    names: &[&str],
    strict: bool,
) -> Result<Transaction<'a>, StoreError> {
    let durability = if strict { TransactionDurability::Strict } else { TransactionDurability::Relaxed };
    let transaction = database
        .transaction(names.to_vec())
        .with_mode(TransactionMode::Readwrite)
        .with_options(TransactionOptions::new().with_durability(durability))
        .build()
        .map_err(errors::from_error)?;
    silence(&transaction);
    Ok(transaction)
}

/// Takes the wrapper's own listeners off. The one for errors may run once (`indexed_db_futures` 0.6.4), but each
/// request of a transaction that aborts ends with an error: the second one would throw in this worker, which
/// looks like a crash. Nothing here waits for these listeners; see [`finish`].
pub(super) fn silence(transaction: &Transaction<'_>) {
    let raw: &IdbTransaction = transaction.as_sys();
    raw.set_onerror(None);
    raw.set_oncomplete(None);
    raw.set_onabort(None);
}

/// Nothing more will be asked: it ends without this worker, even if that is frozen from here on.
pub(super) fn commit(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let raw: &IdbTransaction = transaction.as_sys();
    #[expect(deprecated, reason = "web-sys follows an old draft here; the standard has it and every browser")]
    let asked = raw.commit();
    asked.map_err(|error| errors::from_error(error.into()))
}

/// Commits and waits. The commit is asked for in the task of the last request, because a
/// transaction left open blocks every tab for as long as this worker hangs. The wrapper's own
/// `commit` would hide why a transaction was aborted, above all that the disk is full.
pub(super) async fn finish(transaction: Transaction<'_>) -> Result<(), StoreError> {
    ended(&transaction, || commit(&transaction)).await
}

/// Waits until it is over, after `last` in the task of the last request.
async fn ended(
    transaction: &Transaction<'_>,
    last: impl FnOnce() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let raw: &IdbTransaction = transaction.as_sys();
    let (send, ended) = oneshot::channel();
    let send = Rc::new(RefCell::new(Some(send)));
    let target: &EventTarget = raw.unchecked_ref();
    let listener = |name: &'static str, completed: bool| {
        let send = send.clone();
        EventListener::once(target, name, move |_| {
            if let Some(send) = send.borrow_mut().take() {
                let _ = send.send(completed);
            }
        })
    };
    let _listeners = [listener("complete", true), listener("abort", false)];
    last()?;
    match ended.await {
        Ok(true) => Ok(()),
        _ => Err(errors::from_abort(raw.error())),
    }
}

/// An operation made ready.
struct Request {
    store: StoreName,
    key: JsValue,
    /// `None` deletes.
    value: Option<JsValue>,
}

impl Request {
    fn of(op: &StoreOp) -> Option<Self> {
        Some(match op {
            StoreOp::Put(row) => Self {
                store: StoreName::Outbox,
                key: row_key(row.priority, row.order),
                value: Some(value(&record::encode(row)?)),
            },
            StoreOp::Delete { priority, order, .. } => {
                Self { store: StoreName::Outbox, key: row_key(*priority, *order), value: None }
            }
            StoreOp::PutFailed(failed) => Self {
                store: StoreName::Failed,
                key: JsValue::from_str(&failed.row.id),
                value: Some(value(&record::encode(failed)?)),
            },
            StoreOp::DeleteFailed { id } => {
                Self { store: StoreName::Failed, key: JsValue::from_str(id), value: None }
            }
            StoreOp::PutMeta(meta) => Self {
                store: StoreName::Meta,
                key: JsValue::from_str(StoreName::Meta.as_str()),
                value: Some(value(&record::encode(meta)?)),
            },
        })
    }

    fn make(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let store = transaction.object_store(self.store.as_str()).map_err(errors::from_error)?;
        // The raw store: the wrapper would make two closures a request, only to drop them; what
        // goes wrong with a request aborts the transaction, and that event arrives.
        let store: &IdbObjectStore = store.as_sys();
        let made = match &self.value {
            Some(value) => store.put_with_key(value, &self.key),
            None => store.delete(&self.key),
        };
        made.map(drop).map_err(|error| errors::from_error(error.into()))
    }
}

/// The key of a row: numbers, because a BigInt is no key. Orders stay below 2^53.
fn row_key(priority: Priority, order: u64) -> JsValue {
    Array::of2(&JsValue::from_f64(f64::from(priority.rank())), &JsValue::from_f64(order as f64)).into()
}

fn value(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn unwritable() -> StoreError {
    StoreError::Other("a record could not be written".to_owned())
}
