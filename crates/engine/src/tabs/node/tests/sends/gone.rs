//! What is left of a tab that goes away, and of a leader that ends.

use super::*;

/// Ids of the rows that a group stores, and the tabs they belong to.
fn put_by(group: &crate::StoreGroup) -> Vec<(&str, &str)> {
    let rows = group.ops.iter().filter_map(|op| match op {
        crate::StoreOp::Put(row) => Some((row.id.as_str(), row.owner.as_str())),
        _ => None,
    });
    rows.collect()
}

#[test]
fn message_of_a_tab_stays_that_of_the_tab_when_it_goes() {
    let mut node = leader(5);
    node.handle_link(at(20), attach(1));
    let requests = vec![request("m")];
    node.handle_link(at(21), LinkMessage::Send { tab: "other".to_owned(), saved: Vec::new(), requests });
    node.handle_link(at(22), LinkMessage::Detach { tab: "other".to_owned() });
    assert_eq!(held(&node), ["m"]);
    node.handle_page(at(24), PageCommand::PageHide);
    let written = groups(&drain(&mut node));
    let rows: Vec<_> = written.iter().flat_map(put_by).collect();
    assert_eq!(rows, [("m", "other")], "the leader's page did not send it, and would not get its end");
}

/// The disk may be full for the group under way, and take a later one.
#[test]
fn leader_that_ends_stores_no_message_without_the_one_before_it() {
    let mut node = node();
    node.handle_lock(at(10), &LockEvent::Granted);
    node.handle_store(at(11), StoreEvent::Opened(Box::default()));
    for group in groups(&drain(&mut node)) {
        node.handle_store(at(12), StoreEvent::Committed { number: group.number });
    }
    node.handle_page(at(13), send_all(vec![keyed("first")]));
    let under_way = groups(&drain(&mut node));
    assert_eq!(under_way.iter().flat_map(put_by).collect::<Vec<_>>(), [("first", "t")]);
    node.handle_page(at(14), send_all(vec![keyed("second")]));
    assert_eq!(groups(&drain(&mut node)), [], "one group at a time");
    node.handle_page(at(15), PageCommand::PageHide);
    let last = groups(&drain(&mut node));
    let rows: Vec<_> = last.iter().map(put_by).collect();
    assert_eq!(rows, [[("first", "t"), ("second", "t")]]);
}
