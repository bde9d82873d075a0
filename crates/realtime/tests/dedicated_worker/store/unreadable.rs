//! Records that cannot be read.

use super::*;

#[wasm_bindgen_test]
async fn what_cannot_be_read_is_counted_by_all_set_aside_by_one_exported_and_deleted() {
    let mut rig = Rig::fresh("unreadable");
    rig.opened().await;
    rig.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    plant(&rig.name, "outbox", key(2, 2), &[200, 1, 2, 3]).await.unwrap();
    plant(&rig.name, "failed", "f".into(), &[]).await.unwrap();
    plant(&rig.name, "meta", "meta".into(), &[0]).await.unwrap();

    // Who opens it sees them, and leaves them where they are.
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

    // Two leaders for a moment, and one has written a good metadata record since they were found.
    let meta = Meta { term: 7, ..Meta::default() };
    rig.written(2, vec![StoreOp::PutMeta(meta.clone())]).await;
    durabilities();
    rig.store.set_aside_unreadable();
    other.store.set_aside_unreadable();
    assert_eq!(rig.next().await, StoreEvent::Unreadable(2));
    assert_eq!(other.next().await, StoreEvent::Unreadable(2));
    assert_eq!(durabilities(), "strict strict");
    assert_eq!(rig.store.meta().await, Some(meta.clone()));

    let (rig, snapshot) = rig.reopened().await;
    assert_eq!((snapshot.rows, snapshot.meta), (vec![row("a", Priority::Normal, 1)], meta));
    assert!(snapshot.unreadable.iter().all(|record| record.set_aside_at.is_some()));
    let exported = rig.store.unreadable().await.unwrap();
    assert_eq!(exported, snapshot.unreadable);
    assert_eq!(exported[0].bytes, [200, 1, 2, 3]);
    assert_eq!(exported.len(), 2);

    // Deleted in a tab that does not lead.
    assert_eq!(other.store.discard_unreadable().await, Ok(Vec::new()));
    assert_eq!(other.next().await, StoreEvent::Unreadable(0));
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
    let there = rig.store.unreadable().await.unwrap();
    assert_eq!((there.len(), there[0].set_aside_at), (1, None));
    assert_eq!(rig.store.discard_unreadable().await, Ok(Vec::new()));
    assert_eq!(rig.next().await, StoreEvent::Unreadable(0));
    let (rig, snapshot) = rig.reopened().await;
    assert_eq!(snapshot, StoreSnapshot::default());
    let closed = Store::new(rig.scope(), Rc::new(|_| {}));
    assert_eq!(closed.unreadable().await, Ok(Vec::new()), "any tab may look");
    let mut never_opened = Rig::new(rig.scope());
    assert_eq!(never_opened.store.discard_unreadable().await, Ok(Vec::new()));
    assert_eq!(never_opened.next().await, StoreEvent::Unreadable(0), "the leader counts them");
}
