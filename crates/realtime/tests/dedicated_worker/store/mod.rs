//! The store, in a real dedicated worker with the browser's real IndexedDB.

mod layout;
mod unreadable;
mod upgrade;
mod writer;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use sentinelops_engine::{
    DeliveryState, FailReason, FailedRow, Meta, Row, StoreError, StoreEvent, StoreGroup, StoreName, StoreOp,
    StoreSnapshot,
};
use sentinelops_protocol::{Channel, Code, Priority};
use sentinelops_realtime::worker::store::Store;
use sentinelops_realtime::worker::store::record::{self, Older};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

#[wasm_bindgen(module = "/tests/dedicated_worker/browser.js")]
extern "C" {
    fn watch(name: &str);
    fn durabilities() -> String;
    fn abort_next();
    fn reads_of_all() -> u32;
    fn uncommitted_reads() -> i32;
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
        let name = format!("sentinelops {scope}");
        watch(&name);
        Self { store: Store::new(scope, listener), events, name }
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

fn key(rank: u32, order: u32) -> JsValue {
    js_sys::Array::of2(&rank.into(), &order.into()).into()
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

/// Else a worker that is frozen over an answer keeps every other tab from writing.
#[wasm_bindgen_test]
async fn what_reads_asks_for_all_it_wants_and_ends_without_its_worker() {
    let mut rig = Rig::fresh("reads");
    let before = uncommitted_reads();
    rig.opened().await;
    rig.store.probe();
    assert!(matches!(rig.next().await, StoreEvent::Opened(_)));
    rig.store.meta().await.unwrap();
    rig.store.unreadable().await.unwrap();
    assert_eq!(uncommitted_reads(), before);
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
    assert!(rig.store.wipe().await);
    assert!(matches!(other.next().await, StoreEvent::Closed(StoreError::Dead(_))));
    assert_eq!(other.opened().await, StoreSnapshot::default());
}

#[wasm_bindgen_test]
async fn a_wipe_empties_what_another_tab_does_not_let_go_of() {
    let mut rig = Rig::fresh("wipe held");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    hold(&rig.name).await.unwrap();
    assert!(rig.store.wipe().await, "emptied, though the database stays");
    let_go();
    assert_eq!(Rig::new(rig.scope()).opened().await, StoreSnapshot::default());
}
