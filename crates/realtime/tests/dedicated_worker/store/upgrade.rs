//! Two builds on one database.

use super::*;
use sentinelops_realtime::worker::store::LINK_VERSION;

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

/// A store of the build after this one.
fn newer(scope: &str) -> (Store, UnboundedReceiver<StoreEvent>) {
    let (send, events) = unbounded();
    let listener = Rc::new(move |event| send.unbounded_send(event).unwrap());
    (Store::of_build(scope, LINK_VERSION + 1, OLDER, listener), events)
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
    upgrade(&rig.name, LINK_VERSION + 1).await.unwrap();
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
