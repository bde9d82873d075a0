//! The store, in a real dedicated worker with the browser's real IndexedDB.
#![cfg(target_arch = "wasm32")]

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use sentinelops::worker::store::{Store, record};
use sentinelops_engine::{
    DeliveryState, FailReason, FailedRow, Meta, Row, StoreError, StoreEvent, StoreGroup, StoreOp,
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
        let scope = self.name.trim_start_matches("sentinelops ").to_owned();
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

#[wasm_bindgen_test]
async fn what_cannot_be_read_is_set_aside_and_counted() {
    let mut rig = Rig::fresh("unreadable");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    let key = js_sys::Array::of2(&2.into(), &2.into());
    plant(&rig.name, "outbox", key.into(), &[200, 1, 2, 3]).await.unwrap();
    plant(&rig.name, "meta", "meta".into(), &[]).await.unwrap();

    let (rig, snapshot) = rig.reopened().await;
    assert_eq!(snapshot.unreadable, 2);
    assert_eq!(snapshot.rows, [row("a", Priority::Normal, 1)]);
    assert_eq!(snapshot.meta, Meta::default());
    // Still counted, no longer in the way.
    let (mut rig, snapshot) = rig.reopened().await;
    assert_eq!((snapshot.unreadable, snapshot.rows.len()), (2, 1));
    rig.store.rescan();
    assert!(matches!(rig.next().await, StoreEvent::Found(rows) if rows.len() == 1));
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

    let (send, mut events) = unbounded();
    let scope = older.name.trim_start_matches("sentinelops ");
    let newer = Store::of_version(scope, 2, Rc::new(move |event| send.unbounded_send(event).unwrap()));
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
    let (send, mut events) = unbounded();
    let scope = rig.name.trim_start_matches("sentinelops ");
    let newer = Store::of_version(scope, 2, Rc::new(move |event| send.unbounded_send(event).unwrap()));
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
    let mut other = Rig::new(rig.name.trim_start_matches("sentinelops "));
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
