//! The store, in a real dedicated worker with the browser's real IndexedDB.
#![cfg(target_arch = "wasm32")]

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use sentinelops::worker::store::Store;
use sentinelops::worker::store::record::{self, Older};
use sentinelops_engine::{
    DeliveryState, FailReason, FailedRow, Meta, Row, StoreError, StoreEvent, StoreGroup, StoreName, StoreOp,
    StoreSnapshot,
};
use sentinelops_protocol::{Channel, Code, Priority};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = r#"
    // Keeps the durability of every readwrite transaction from here on.
    const seen = [], databases = [];
    const original = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...args) {
        const made = original.apply(this, args);
        databases.push(this);
        if (made.mode === "readwrite") seen.push(made.durability);
        return made;
    };
    // The next transaction is aborted where it wanted to commit.
    const commit = IDBTransaction.prototype.commit;
    export function abort_next() {
        IDBTransaction.prototype.commit = function () {
            IDBTransaction.prototype.commit = commit;
            this.abort();
        };
    }
    export function durabilities() { return seen.splice(0).join(" "); }

    const opened = (name, version, upgrade) => new Promise((resolve, reject) => {
        const request = indexedDB.open(name, version);
        request.onupgradeneeded = () => upgrade?.(request.result);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    // Counts how often everything is read.
    let reads = 0;
    const { getAll } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.getAll = function (...args) {
        reads += 1;
        return getAll.apply(this, args);
    };
    export function reads_of_all() { return reads; }
    // Puts bytes of our choice into a store of ours.
    export async function plant(name, store, key, bytes) {
        const db = await opened(name);
        const tx = db.transaction(store, "readwrite");
        tx.objectStore(store).put(bytes, key);
        await new Promise((resolve) => { tx.oncomplete = resolve; });
        db.close();
    }
    // An older tab that does not let go when asked.
    let held;
    export async function hold(name) { held = await opened(name, 1, (db) => db.createObjectStore("outbox")); }
    export function let_go() { held.close(); }
    // Closes every database under its owner, as a browser in trouble does.
    export function close_all() { for (const db of databases.splice(0)) db.close(); }
    // As in some private windows.
    const factory = Object.getOwnPropertyDescriptor(WorkerGlobalScope.prototype, "indexedDB");
    export function no_storage(on) {
        Object.defineProperty(self, "indexedDB", on ? { value: null, configurable: true } : { ...factory });
    }
    // The next transaction meets a full disk, which shows at commit and only in `transaction.error`.
    export function fill_disk() {
        IDBTransaction.prototype.commit = function () {
            IDBTransaction.prototype.commit = commit;
            Object.defineProperty(this, "error", { value: new DOMException("full", "QuotaExceededError") });
            this.abort();
        };
    }
    // The first byte of every record, as it lies there.
    export async function layouts(name) {
        const db = await opened(name);
        const names = ["outbox", "failed", "meta"];
        const tx = db.transaction(names);
        const all = names.map((store) => tx.objectStore(store).getAll());
        await new Promise((resolve) => { tx.oncomplete = resolve; });
        db.close();
        return all.flatMap((request) => request.result.map((bytes) => bytes[0])).join(" ");
    }
    // The second put from here on fails, as on a full disk.
    export function fail_second_put() {
        const put = IDBObjectStore.prototype.put;
        let count = 0;
        IDBObjectStore.prototype.put = function (...args) {
            count += 1;
            if (count < 2) return put.apply(this, args);
            IDBObjectStore.prototype.put = put;
            throw new DOMException("full", "QuotaExceededError");
        };
    }
    // What another tab of a newer build does.
    export async function upgrade(name, version) { (await opened(name, version)).close(); }
"#)]
extern "C" {
    fn durabilities() -> String;
    fn abort_next();
    fn reads_of_all() -> u32;
    fn fill_disk();
    fn close_all();
    fn no_storage(on: bool);
    fn let_go();
    #[wasm_bindgen(catch)]
    async fn hold(name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn plant(name: &str, store: &str, key: JsValue, bytes: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn upgrade(name: &str, version: u32) -> Result<JsValue, JsValue>;
    fn fail_second_put();
    #[wasm_bindgen(js_name = layouts, catch)]
    async fn layouts_of(name: &str) -> Result<JsValue, JsValue>;
}

async fn layouts(name: &str) -> String {
    layouts_of(name).await.unwrap().as_string().unwrap()
}

struct Rig {
    store: Store,
    events: UnboundedReceiver<StoreEvent>,
    name: String,
}

impl Rig {
    fn new(scope: &str) -> Self {
        let (send, events) = unbounded();
        let listener = Rc::new(move |event| send.unbounded_send(event).unwrap());
        Self { store: Store::new(scope, listener), events, name: format!("sentinelops {scope}") }
    }

    /// Of a test's own name, so that no test sees another's rows.
    fn fresh(test: &str) -> Self {
        Self::new(&format!("{test} {}", js_sys::Math::random()))
    }

    fn scope(&self) -> &str {
        self.name.trim_start_matches("sentinelops ")
    }

    async fn next(&mut self) -> StoreEvent {
        self.events.next().await.unwrap()
    }

    async fn opened(&mut self) -> StoreSnapshot {
        self.store.open();
        match self.next().await {
            StoreEvent::Opened(snapshot) => *snapshot,
            other => panic!("{other:?}"),
        }
    }

    async fn written(&mut self, number: u64, ops: Vec<StoreOp>) {
        self.store.write(StoreGroup { number, ops, strict: true });
        assert_eq!(self.next().await, StoreEvent::Committed { number });
    }

    /// The same database in a new store, as after a reload.
    async fn reopened(self) -> (Self, StoreSnapshot) {
        let scope = self.scope().to_owned();
        drop(self);
        let mut rig = Self::new(&scope);
        let snapshot = rig.opened().await;
        (rig, snapshot)
    }
}

fn row(id: &str, priority: Priority, order: u64) -> Row {
    Row {
        id: id.to_owned(),
        order,
        priority,
        bytes: format!(r#"{{"id":"{id}"}}"#),
        kind: "incident.update".to_owned(),
        channel: Channel::Incidents,
        ordering_key: Some("incident:7".to_owned()),
        coalesce: None,
        created_at: 1_700_000_000_000,
        attempts: 0,
        possibly_sent: false,
        owner: "tab".to_owned(),
    }
}

fn failed(id: &str) -> FailedRow {
    FailedRow {
        row: row(id, Priority::Normal, 9),
        state: DeliveryState::Failed(FailReason::Refused {
            code: Code::Forbidden,
            message: "not yours".to_owned(),
        }),
        ended_at: 1_700_000_000_001,
    }
}

#[wasm_bindgen_test]
async fn what_was_committed_is_there_after_reopening_in_order() {
    let mut rig = Rig::fresh("order");
    assert_eq!(rig.opened().await, StoreSnapshot::default());
    // Orders beyond 32 bits, to see that keys are numbers and not texts.
    let rows = [
        row("d", Priority::Low, 1),
        row("b", Priority::Normal, 10),
        row("c", Priority::Normal, 5_000_000_000),
        row("a", Priority::Critical, 70),
    ];
    rig.written(1, rows.iter().cloned().map(StoreOp::Put).collect()).await;
    let meta = Meta { not_before: 5, term: 3, socket_open: true, ..Meta::default() };
    rig.written(2, vec![StoreOp::PutFailed(failed("f")), StoreOp::PutMeta(meta.clone())]).await;

    let (mut rig, snapshot) = rig.reopened().await;
    let ids: Vec<_> = snapshot.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
    assert_eq!(snapshot.rows[1], rows[1]);
    assert_eq!(snapshot.failed, [failed("f")]);
    assert_eq!(snapshot.meta, meta);

    let delete = StoreOp::Delete { priority: Priority::Normal, order: 10, id: "b".to_owned() };
    rig.written(3, vec![delete, StoreOp::DeleteFailed { id: "f".to_owned() }]).await;
    rig.store.rescan();
    match rig.next().await {
        StoreEvent::Found(rows) => assert_eq!(rows.len(), 3),
        other => panic!("{other:?}"),
    }
    let (_, snapshot) = rig.reopened().await;
    assert_eq!((snapshot.rows.len(), snapshot.failed.len()), (3, 0));
}

#[wasm_bindgen_test]
async fn promises_are_strict_and_the_rest_relaxed() {
    let mut rig = Rig::fresh("durability");
    rig.opened().await;
    durabilities();
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    let ops = vec![StoreOp::Delete { priority: Priority::Normal, order: 1, id: "a".to_owned() }];
    rig.store.write(StoreGroup { number: 2, ops, strict: false });
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 2 });
    assert_eq!(durabilities(), "strict relaxed");
}

#[wasm_bindgen_test]
async fn of_an_aborted_group_nothing_is_stored() {
    let mut rig = Rig::fresh("abort");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("kept", Priority::Normal, 1))]).await;
    abort_next();
    let ops = vec![
        StoreOp::Delete { priority: Priority::Normal, order: 1, id: "kept".to_owned() },
        StoreOp::Put(row("lost", Priority::Normal, 2)),
    ];
    rig.store.write(StoreGroup { number: 2, ops, strict: true });
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 2, error: StoreError::Dead(_) }));
    let (_, snapshot) = rig.reopened().await;
    assert_eq!(snapshot.rows, [row("kept", Priority::Normal, 1)]);
}

#[wasm_bindgen_test]
async fn groups_end_in_the_order_they_were_given() {
    let mut rig = Rig::fresh("groups");
    rig.opened().await;
    for number in 1..=20 {
        let ops = vec![StoreOp::Put(row(&number.to_string(), Priority::Normal, number))];
        rig.store.write(StoreGroup { number, ops, strict: true });
    }
    for number in 1..=20 {
        assert_eq!(rig.next().await, StoreEvent::Committed { number });
    }
}

async fn rows_of(rig: &mut Rig) -> Vec<(String, u64)> {
    rig.store.rescan();
    match rig.next().await {
        StoreEvent::Found(rows) => rows.into_iter().map(|row| (row.id, row.order)).collect(),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn appended_rows_come_behind_all_others_without_these_being_read() {
    let mut rig = Rig::fresh("append");
    rig.opened().await;
    let there =
        [row("a", Priority::Critical, 10), row("b", Priority::Low, 40), row("c", Priority::Normal, 20)];
    rig.written(1, there.map(StoreOp::Put).to_vec()).await;
    // Of a layout nobody here can read; its place is taken all the same.
    let key = js_sys::Array::of2(&1.into(), &60.into());
    plant(&rig.name, "outbox", key.into(), &[200]).await.unwrap();

    let before = reads_of_all();
    rig.store.append(7, vec![row("d", Priority::Critical, 1), row("e", Priority::Normal, 1_001)]);
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 7 });
    rig.store.append(8, vec![row("f", Priority::Low, 2)]);
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 8 });
    assert_eq!(reads_of_all(), before);

    let found = rows_of(&mut rig).await;
    let order = |id: &str| found.iter().find(|row| row.0 == id).unwrap().1;
    assert_eq!(["d", "e", "f"].map(order), [61, 1_001, 1_003]);
    assert_eq!(found.len(), 6);
}

#[wasm_bindgen_test]
async fn what_may_have_been_appended_before_is_not_appended_twice() {
    let mut rig = Rig::fresh("append-again");
    rig.opened().await;
    rig.store.append(1, vec![row("a", Priority::Normal, 3)]);
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 1 });
    // Handed in again by a page whose worker died, with one that is new.
    let again = Row { possibly_sent: true, ..row("a", Priority::Normal, 5) };
    rig.store.append(2, vec![again, row("b", Priority::Normal, 7)]);
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 2 });
    // The handle dies: nobody says whether that append got through.
    close_all();
    rig.store.append(3, vec![row("b", Priority::Normal, 9)]);
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 3, error: StoreError::Dead(_) }));
    rig.opened().await;
    rig.store.append(4, vec![row("b", Priority::Normal, 11), row("c", Priority::Normal, 13)]);
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 4 });
    let ids: Vec<String> = rows_of(&mut rig).await.into_iter().map(|row| row.0).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[wasm_bindgen_test]
async fn writing_to_a_store_that_is_not_open_is_dead() {
    let mut rig = Rig::fresh("closed");
    let ops = vec![StoreOp::Put(row("a", Priority::Normal, 1))];
    rig.store.write(StoreGroup { number: 1, ops, strict: true });
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 1, error: StoreError::Dead(_) }));
}

fn key(rank: u32, order: u32) -> JsValue {
    js_sys::Array::of2(&rank.into(), &order.into()).into()
}

#[wasm_bindgen_test]
async fn what_cannot_be_read_is_counted_by_all_set_aside_by_one_exported_and_deleted() {
    let mut rig = Rig::fresh("unreadable");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    plant(&rig.name, "outbox", key(2, 2), &[200, 1, 2, 3]).await.unwrap();
    plant(&rig.name, "failed", "f".into(), &[]).await.unwrap();
    plant(&rig.name, "meta", "meta".into(), &[0]).await.unwrap();

    // Whoever opens it sees them, and leaves them where they are.
    let mut other = Rig::new(rig.scope());
    let found = other.opened().await.unreadable;
    assert_eq!(rig.opened().await.unreadable, found);
    assert!(found.iter().all(|record| record.set_aside_at.is_none()));
    let seen: Vec<_> = found.iter().map(|it| (it.store, it.key.as_str(), it.bytes.as_slice())).collect();
    let expected: [(StoreName, &str, &[u8]); 3] = [
        (StoreName::Outbox, "[2,2]", &[200, 1, 2, 3]),
        (StoreName::Failed, "\"f\"", &[]),
        (StoreName::Meta, "\"meta\"", &[0]),
    ];
    assert_eq!(seen, expected);
    assert!(rig.store.meta().await.is_none(), "not taken for those of a new store");

    // Two leaders for a moment, and one has written good small facts since they were found.
    let meta = Meta { term: 7, ..Meta::default() };
    rig.written(2, vec![StoreOp::PutMeta(meta.clone())]).await;
    durabilities();
    rig.store.set_aside_unreadable();
    other.store.set_aside_unreadable();
    assert_eq!(rig.next().await, StoreEvent::Unreadable(2));
    assert_eq!(other.next().await, StoreEvent::Unreadable(2));
    assert_eq!(durabilities(), "strict strict");
    assert_eq!(rig.store.meta().await, Some(meta.clone()));

    let (mut rig, snapshot) = rig.reopened().await;
    assert_eq!((snapshot.rows, snapshot.meta), (vec![row("a", Priority::Normal, 1)], meta));
    assert!(snapshot.unreadable.iter().all(|record| record.set_aside_at.is_some()));
    let exported = rig.store.unreadable().await.unwrap();
    assert_eq!(exported, snapshot.unreadable);
    assert_eq!(exported[0].bytes, [200, 1, 2, 3]);
    assert_eq!(exported.len(), 2);

    // Deleted in one tab; the one that leads finds out when it looks.
    assert_eq!(other.store.discard_unreadable().await, Ok(Vec::new()));
    assert_eq!(other.next().await, StoreEvent::Unreadable(0));
    rig.store.rescan();
    assert!(matches!(rig.next().await, StoreEvent::Found(rows) if rows.len() == 1));
    assert_eq!(rig.next().await, StoreEvent::Unreadable(0));
    let (_, snapshot) = rig.reopened().await;
    assert_eq!((snapshot.unreadable.len(), snapshot.rows.len()), (0, 1));
}

#[wasm_bindgen_test]
async fn what_cannot_be_set_aside_stays_and_is_still_counted_exported_and_deleted() {
    let mut rig = Rig::fresh("aside");
    rig.opened().await;
    plant(&rig.name, "outbox", key(2, 2), &[200]).await.unwrap();
    assert_eq!(rig.opened().await.unreadable.len(), 1);
    fill_disk();
    rig.store.set_aside_unreadable();
    rig.store.rescan();
    assert_eq!(rig.next().await, StoreEvent::Found(Vec::new()));
    let there = rig.store.unreadable().await.unwrap();
    assert_eq!((there.len(), there[0].set_aside_at), (1, None));
    assert_eq!(rig.store.discard_unreadable().await, Ok(Vec::new()));
    assert_eq!(rig.next().await, StoreEvent::Unreadable(0));
    let (rig, snapshot) = rig.reopened().await;
    assert_eq!(snapshot, StoreSnapshot::default());
    let closed = Store::new(rig.scope(), Rc::new(|_| {}));
    assert!(matches!(closed.unreadable().await, Err(StoreError::Dead(_))));
}

#[wasm_bindgen_test]
async fn what_a_follower_appends_is_strict_and_behind_all() {
    let mut rig = Rig::fresh("append");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("leader", Priority::Critical, 40))]).await;
    // A record nobody can read has its place all the same.
    plant(&rig.name, "outbox", key(3, 50), &[200]).await.unwrap();
    durabilities();
    rig.store.append(7, vec![row("a", Priority::Low, 0), row("b", Priority::High, 99)]);
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 7 });
    assert_eq!(durabilities(), "strict");
    let (_, snapshot) = rig.reopened().await;
    let mut rows: Vec<_> = snapshot.rows.iter().map(|row| (row.id.as_str(), row.order)).collect();
    rows.sort_unstable();
    // Odd and above every order of all priorities, or as high as was asked for.
    assert_eq!(rows, [("a", 51), ("b", 99), ("leader", 40)]);
}

#[wasm_bindgen_test]
async fn an_append_that_does_not_fit_stores_nothing_and_fits_later() {
    let mut rig = Rig::fresh("append-quota");
    let rows = || vec![row("a", Priority::Normal, 0), row("b", Priority::Normal, 0)];
    rig.store.append(1, rows());
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 1, error: StoreError::Dead(_) }));
    rig.opened().await;
    fill_disk();
    rig.store.append(2, rows());
    assert_eq!(rig.next().await, StoreEvent::Aborted { number: 2, error: StoreError::Quota });
    rig.store.rescan();
    assert_eq!(rig.next().await, StoreEvent::Found(Vec::new()));
    rig.store.append(3, rows());
    assert_eq!(rig.next().await, StoreEvent::Committed { number: 3 });
    let (_, snapshot) = rig.reopened().await;
    let ids: Vec<_> = snapshot.rows.iter().map(|row| (row.id.as_str(), row.order)).collect();
    assert_eq!(ids, [("a", 1), ("b", 3)]);
}

#[wasm_bindgen_test]
async fn the_small_facts_are_read_as_they_are_now() {
    let mut rig = Rig::fresh("facts");
    assert_eq!(rig.store.meta().await, None, "not open");
    rig.opened().await;
    assert_eq!(rig.store.meta().await, Some(Meta::default()));
    // Written by another tab.
    let mut other = Rig::new(rig.scope());
    other.opened().await;
    let meta = Meta { term: 9, ..Meta::default() };
    other.written(1, vec![StoreOp::PutMeta(meta.clone())]).await;
    assert_eq!(rig.store.meta().await, Some(meta));
}

/// A layout that no build ever wrote: messages without an owner, small facts that only count.
const OLDER: &[Older] = &[Older {
    layout: 0,
    row: |body| {
        let (id, order, priority, bytes): (String, u64, Priority, String) = record::whole(body)?;
        Some(Row { bytes, owner: String::new(), ..row(&id, priority, order) })
    },
    failed: |body| {
        let (id, ended_at): (String, u64) = record::whole(body)?;
        Some(FailedRow { ended_at, ..failed(&id) })
    },
    meta: |body| Some(Meta { term: record::whole(body)?, ..Meta::default() }),
}];

fn of_layout_0(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_extend(value, vec![0]).unwrap()
}

/// As a build before this one left it, one damaged record included.
async fn older_database(name: &str) {
    let put = async |store: &str, key: JsValue, bytes: &[u8]| plant(name, store, key, bytes).await.unwrap();
    for (id, rank, priority, order) in [("a", 0, Priority::Critical, 70), ("b", 2, Priority::Normal, 10)] {
        let bytes = of_layout_0(&(id, u64::from(order), priority, format!("bytes of {id}")));
        put("outbox", key(rank, order), &bytes).await;
    }
    put("outbox", key(2, 12), &[0, 9, 9]).await;
    put("failed", "f".into(), &of_layout_0(&("f", 5_u64))).await;
    put("meta", "meta".into(), &of_layout_0(&41_u64)).await;
}

/// A store of a build whose database has version 2.
fn newer(scope: &str) -> (Store, UnboundedReceiver<StoreEvent>) {
    let (send, events) = unbounded();
    let listener = Rc::new(move |event| send.unbounded_send(event).unwrap());
    (Store::of_build(scope, 2, OLDER, listener), events)
}

async fn opened(store: &Store, events: &mut UnboundedReceiver<StoreEvent>) -> StoreSnapshot {
    store.open();
    match events.next().await {
        Some(StoreEvent::Opened(snapshot)) => *snapshot,
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn a_newer_build_rewrites_the_records_of_an_older_one_once() {
    let mut rig = Rig::fresh("layouts");
    rig.opened().await;
    older_database(&rig.name).await;
    let (store, mut events) = newer(rig.scope());
    let snapshot = opened(&store, &mut events).await;
    assert_eq!(rig.next().await, StoreEvent::Closed(StoreError::NewerSchema));

    let rows: Vec<_> =
        snapshot.rows.iter().map(|row| (row.id.as_str(), row.order, row.bytes.as_str())).collect();
    assert_eq!(rows, [("a", 70, "bytes of a"), ("b", 10, "bytes of b")]);
    assert_eq!(snapshot.failed, [FailedRow { ended_at: 5, ..failed("f") }]);
    assert_eq!(snapshot.meta.term, 41);
    assert_eq!(snapshot.unreadable.len(), 1, "the damaged one");
    assert_eq!(layouts(&rig.name).await, "1 1 0 1 1", "as they lie there now");

    // Afterwards only the present layout is read: nothing else can be met.
    drop(store);
    plant(&rig.name, "outbox", key(2, 14), &of_layout_0(&("c", 14_u64, Priority::Normal, ""))).await.unwrap();
    let (store, mut events) = newer(rig.scope());
    let snapshot = opened(&store, &mut events).await;
    assert_eq!((snapshot.rows.len(), snapshot.unreadable.len()), (2, 2));
    assert_eq!(layouts(&rig.name).await, "1 1 0 0 1 1");
}

#[wasm_bindgen_test]
async fn an_upgrade_that_fails_leaves_everything_as_it_was() {
    let mut rig = Rig::fresh("half");
    rig.opened().await;
    older_database(&rig.name).await;
    let scope = rig.scope().to_owned();
    drop(rig);
    let (store, mut events) = newer(&scope);
    fail_second_put();
    store.open();
    let event = events.next().await;
    assert!(matches!(event, Some(StoreEvent::OpenFailed(_))), "{event:?}");
    assert_eq!(layouts(&format!("sentinelops {scope}")).await, "0 0 0 0 0");
    assert_eq!(opened(&store, &mut events).await.rows.len(), 2, "and heals");
}

#[wasm_bindgen_test]
async fn a_newer_build_takes_over_and_the_older_one_is_told() {
    let mut rig = Rig::fresh("newer");
    rig.opened().await;
    // Ends only because our store lets go at once.
    upgrade(&rig.name, 2).await.unwrap();
    assert_eq!(rig.next().await, StoreEvent::Closed(StoreError::NewerSchema));
    rig.store.open();
    assert_eq!(rig.next().await, StoreEvent::OpenFailed(StoreError::NewerSchema));
    let ops = vec![StoreOp::Put(row("a", Priority::Normal, 1))];
    rig.store.write(StoreGroup { number: 1, ops, strict: true });
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 1, error: StoreError::Dead(_) }));
}

#[wasm_bindgen_test]
async fn a_newer_build_reads_the_rows_of_an_older_one() {
    let mut older = Rig::fresh("upgrade");
    older.opened().await;
    older.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;

    let (newer, mut events) = newer(older.scope());
    newer.open();
    assert_eq!(older.next().await, StoreEvent::Closed(StoreError::NewerSchema));
    match events.next().await {
        Some(StoreEvent::Opened(snapshot)) => assert_eq!(snapshot.rows, [row("a", Priority::Normal, 1)]),
        other => panic!("{other:?}"),
    }
    newer.write(StoreGroup { number: 1, ops: vec![StoreOp::PutMeta(Meta::default())], strict: true });
    assert_eq!(events.next().await, Some(StoreEvent::Committed { number: 1 }));
}

#[wasm_bindgen_test]
async fn an_older_tab_that_does_not_let_go_blocks_until_it_does() {
    let mut rig = Rig::fresh("blocked");
    hold(&rig.name).await.unwrap();
    let (newer, mut events) = newer(rig.scope());
    newer.open();
    assert_eq!(events.next().await, Some(StoreEvent::OpenFailed(StoreError::Blocked)));
    // Asked again while the first try still waits: it is the same try.
    newer.open();
    let_go();
    // The database it left lacks most stores; the upgrade makes them.
    assert!(matches!(events.next().await, Some(StoreEvent::Opened(_))));
    rig.store.open();
    assert_eq!(rig.next().await, StoreEvent::OpenFailed(StoreError::NewerSchema));
}

#[wasm_bindgen_test]
async fn a_handle_that_died_is_told_and_opens_again() {
    let mut rig = Rig::fresh("dead");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    close_all();
    let ops = vec![StoreOp::Put(row("b", Priority::Normal, 2))];
    rig.store.write(StoreGroup { number: 2, ops: ops.clone(), strict: true });
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 2, error: StoreError::Dead(_) }));
    assert_eq!(rig.opened().await.rows.len(), 1);
    rig.written(3, ops).await;
}

#[wasm_bindgen_test]
async fn a_browser_without_storage_is_unavailable() {
    let mut rig = Rig::fresh("private");
    no_storage(true);
    rig.store.open();
    let event = rig.next().await;
    no_storage(false);
    assert!(matches!(event, StoreEvent::OpenFailed(StoreError::Unavailable(_))), "{event:?}");
    rig.opened().await;
}

#[wasm_bindgen_test]
async fn a_full_disk_is_told_as_such() {
    let mut rig = Rig::fresh("quota");
    rig.opened().await;
    fill_disk();
    let ops = vec![StoreOp::Put(row("a", Priority::Normal, 1))];
    rig.store.write(StoreGroup { number: 1, ops: ops.clone(), strict: true });
    assert_eq!(rig.next().await, StoreEvent::Aborted { number: 1, error: StoreError::Quota });
    rig.written(2, ops).await;
}

#[wasm_bindgen_test]
async fn a_wipe_leaves_nothing_and_other_tabs_let_go() {
    let mut rig = Rig::fresh("wipe");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    let mut other = Rig::new(rig.scope());
    other.opened().await;
    rig.store.wipe().await;
    assert!(matches!(other.next().await, StoreEvent::Closed(StoreError::Dead(_))));
    assert_eq!(other.opened().await, StoreSnapshot::default());
}

#[wasm_bindgen_test]
fn the_bytes_on_disk_are_those_of_this_link_version() {
    // Fails when a stored type changes: then raise LINK_VERSION and keep reading what this says.
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        [
            hex(record::encode(&row("a", Priority::High, 300)).unwrap()),
            hex(record::encode(&failed("a")).unwrap()),
            hex(record::encode(&Meta { user: Some("u".to_owned()), ..Meta::default() }).unwrap()),
        ],
        [
            concat!(
                "010161ac02010a7b226964223a2261227d0f696e636964656e742e75706461746500010a696e636964656e743a37",
                "0080d095ffbc31000003746162",
            ),
            concat!(
                "01016109020a7b226964223a2261227d0f696e636964656e742e75706461746500010a696e636964656e743a37",
                "0080d095ffbc31000003746162050003096e6f7420796f75727381d095ffbc31",
            ),
            "0100000000000000010175",
        ]
    );
}

#[wasm_bindgen_test]
fn records_of_other_versions_or_cut_short_are_not_read() {
    let bytes = record::encode(&row("a", Priority::High, 300)).unwrap();
    assert_eq!(record::decode(&bytes), Some(row("a", Priority::High, 300)));
    let mut newer = bytes.clone();
    newer[0] += 1;
    assert_eq!(record::decode::<Row>(&newer), None);
    assert_eq!(record::decode::<Row>(&bytes[..bytes.len() - 1]), None);
    assert_eq!(record::decode::<Row>(&[bytes.clone(), vec![0]].concat()), None);
    assert_eq!(record::decode::<Row>(&[]), None);
}
