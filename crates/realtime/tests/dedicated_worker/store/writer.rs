//! Only the tab that opened the store last as its writer changes anything.

use super::*;

fn put(id: &str, order: u64) -> StoreGroup {
    StoreGroup { number: order, ops: vec![StoreOp::Put(row(id, Priority::Normal, order))], strict: true }
}

fn ids(snapshot: &StoreSnapshot) -> Vec<&str> {
    snapshot.rows.iter().map(|row| row.id.as_str()).collect()
}

#[wasm_bindgen_test]
async fn what_an_earlier_writer_still_writes_is_refused_as_a_whole() {
    let mut before = Rig::fresh("writer");
    before.opened().await;
    before.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    let mut after = Rig::new(before.scope());
    assert_eq!(ids(&after.opened().await), ["a"]);

    let delete = StoreOp::Delete { priority: Priority::Normal, order: 1, id: "a".to_owned() };
    let ops = vec![delete, StoreOp::Put(row("late", Priority::Normal, 2))];
    before.store.write(StoreGroup { number: 2, ops, strict: true });
    assert_eq!(before.next().await, StoreEvent::Aborted { number: 2, error: StoreError::TakenOver });
    after.store.write(put("b", 3));
    assert_eq!(after.next().await, StoreEvent::Committed { number: 3 });
    assert_eq!(ids(&after.opened().await), ["a", "b"]);
    // Once it leads again it may.
    assert_eq!(ids(&before.opened().await), ["a", "b"]);
    before.store.write(put("c", 4));
    assert_eq!(before.next().await, StoreEvent::Committed { number: 4 });
}

/// The transaction that begins first is the first.
#[wasm_bindgen_test]
async fn what_the_earlier_writer_began_before_is_read() {
    let mut before = Rig::fresh("writer-first");
    before.opened().await;
    let mut after = Rig::new(before.scope());
    after.store.probe();
    assert!(matches!(after.next().await, StoreEvent::Opened(_)));
    before.store.write(put("a", 1));
    assert_eq!(ids(&after.opened().await), ["a"]);
    assert_eq!(before.next().await, StoreEvent::Committed { number: 1 });
}

#[wasm_bindgen_test]
async fn tab_that_only_probes_or_looks_at_unreadable_records_changes_no_writer() {
    let mut writer = Rig::fresh("writer-probe");
    writer.opened().await;
    let mut other = Rig::new(writer.scope());
    other.store.probe();
    assert!(matches!(other.next().await, StoreEvent::Opened(_)));
    assert_eq!(other.store.unreadable().await, Ok(Vec::new()));
    writer.store.write(put("a", 1));
    assert_eq!(writer.next().await, StoreEvent::Committed { number: 1 });
    other.store.write(put("b", 2));
    assert_eq!(other.next().await, StoreEvent::Aborted { number: 2, error: StoreError::TakenOver });
}

#[wasm_bindgen_test]
async fn writing_to_a_store_that_is_not_open_is_dead() {
    let mut rig = Rig::fresh("closed");
    rig.store.write(put("a", 1));
    assert!(matches!(rig.next().await, StoreEvent::Aborted { number: 1, error: StoreError::Dead(_) }));
}

/// It reads all the same, and its messages count as not saved for want of space.
#[wasm_bindgen_test]
async fn on_a_full_disk_a_new_writer_reads_and_the_first_that_can_write_again_is_the_writer() {
    let mut before = Rig::fresh("writer-full");
    before.opened().await;
    before.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    let mut after = Rig::new(before.scope());
    fill_disk();
    assert_eq!(ids(&after.opened().await), ["a"]);
    fill_disk();
    after.store.write(put("b", 2));
    assert_eq!(after.next().await, StoreEvent::Aborted { number: 2, error: StoreError::Quota });
    let ops = vec![StoreOp::Delete { priority: Priority::Normal, order: 1, id: "a".to_owned() }];
    after.store.write(StoreGroup { number: 3, ops, strict: false });
    assert_eq!(after.next().await, StoreEvent::Committed { number: 3 });
    after.store.write(put("b", 4));
    assert_eq!(after.next().await, StoreEvent::Committed { number: 4 });
    before.store.write(put("late", 5));
    assert_eq!(before.next().await, StoreEvent::Aborted { number: 5, error: StoreError::TakenOver });
}

#[wasm_bindgen_test]
async fn tab_that_leads_no_longer_does_not_become_the_writer_by_an_opening_under_way() {
    let mut writer = Rig::fresh("writer-late");
    writer.opened().await;
    let mut other = Rig::new(writer.scope());
    other.store.open();
    other.store.stop_writing();
    assert!(matches!(other.next().await, StoreEvent::Opened(_)));
    writer.store.write(put("a", 1));
    assert_eq!(writer.next().await, StoreEvent::Committed { number: 1 });
}

#[wasm_bindgen_test]
async fn wipe_by_a_tab_that_never_opened_it_empties_the_store_and_stops_its_writer() {
    let mut writer = Rig::fresh("writer-wipe");
    writer.opened().await;
    writer.written(1, vec![StoreOp::Put(row("a", Priority::Normal, 1))]).await;
    hold(&writer.name).await.unwrap();
    let other = Rig::new(writer.scope());
    assert!(other.store.wipe().await, "emptied, though the database stays");
    let_go();
    drop(other);
    assert_eq!(Rig::new(writer.scope()).opened().await, StoreSnapshot::default());
}
