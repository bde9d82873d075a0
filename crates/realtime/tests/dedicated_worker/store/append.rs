//! Rows a follower writes behind all others.

use super::*;

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
