//! One sequence for all channels, one record per accepted command, and nothing leaves before its record is committed.

use super::common::{SlowStore, World, chain, chat};
use sentinelops_protocol::{Channel, Subject};

const SAY: &str = r#"{"conversationId":"c","content":"x"}"#;
const RESOLVE: &str = r#"{"id":"a","status":"resolved"}"#;

#[test]
fn one_sequence_counts_the_records_of_all_channels() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Chat]);
    assert_eq!(world.incident("a"), 1);
    assert_eq!(world.publish(chat("m1", "c", "x", 1)), 2);
    assert_eq!(world.incident("b"), 3);
    assert_eq!(world.publish(chat("m2", "c", "y", 2)), 4);
    let inbox = world.look(conn);
    assert_eq!(chain(&inbox.events()), [(0, 2), (2, 4)], "the chain skips what other channels took");
    world.subscribe(conn, Subject::channel(Channel::Alerts), None);
    assert_eq!(world.look(conn).subscribed().seq, 4, "the newest of the sequence");
}

#[test]
fn a_cursor_of_the_sequence_resumes_exactly_in_any_channel() {
    let mut world = World::new();
    world.publish(chat("m1", "c", "x", 1));
    let seq = world.incident("a");
    let epoch = world.gateway.epoch().to_owned();
    world.publish(chat("m2", "c", "y", 2));
    let conn = world.client("u");
    world.subscribe(conn, Subject::channel(Channel::Chat), Some((&epoch, seq)));
    let inbox = world.look(conn);
    assert_eq!(inbox.subscribed().seq, seq);
    assert_eq!(chain(&inbox.events()), [(2, 3)]);
}

#[test]
fn an_accepted_command_is_one_record_with_all_its_events() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    world.incident("a");
    store.commit_all();
    let conn = world.client("u");
    world.send(conn, "m1", "incident.update", RESOLVE);
    let records = store.records();
    assert_eq!(records.len(), 2);
    let record = &records[1];
    assert_eq!((record.v, record.at), (1, world.now().wall));
    let accepted = record.accepted.as_ref().expect("the command");
    assert_eq!((accepted.user.as_str(), accepted.id.as_str()), ("u", "m1"));
    let events: Vec<_> = record.events.iter().map(|event| (event.channel, event.cause.as_deref())).collect();
    assert_eq!(
        events,
        [(Channel::Incidents, Some("m1")), (Channel::Activity, None), (Channel::Timeline, None)]
    );
    let merged = record.events[0].merged.as_ref().expect("the state of its key").as_str();
    assert!(merged.contains("title of a") && merged.contains("resolved"), "{merged}");
}

#[test]
fn nothing_leaves_before_its_record_is_committed() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    let (sender, listener) = (world.client("u"), world.subscriber("v", &[Channel::Chat]));
    let late = world.client("w");
    world.send(sender, "m1", "chat.message", SAY);
    world.subscribe(late, Subject::channel(Channel::Chat), None);
    assert_eq!(world.look(sender).messages.len(), 0, "no ack");
    assert_eq!(world.look(listener).messages.len(), 0, "no event");
    assert_eq!(world.look(late).messages.len(), 0, "no snapshot that holds it");
    store.commit_all();
    assert_eq!(world.look(sender).acks(), ["m1"]);
    assert_eq!(world.look(listener).events().len(), 1);
    assert_eq!(world.look(late).snapshots()[0].items.len(), 1);
}

#[test]
fn what_is_committed_leaves_while_later_records_wait() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    let conn = world.client("u");
    world.send(conn, "m1", "chat.message", SAY);
    world.pass(10);
    world.send(conn, "m2", "chat.message", SAY);
    world.pass(10);
    store.commit(1);
    assert_eq!(world.look(conn).acks(), ["m1"]);
    store.commit(2);
    assert_eq!(world.look(conn).acks(), ["m2"]);
}

#[test]
fn acks_of_a_batch_leave_in_one_frame_at_its_end() {
    let mut world = World::new();
    let conn = world.client("u");
    world.gateway.begin_batch();
    for id in ["m1", "m2", "m3"] {
        world.send(conn, id, "chat.message", SAY);
    }
    world.gateway.end_batch(world.now());
    world.carry_out();
    // No time has passed since.
    let inbox = world.taken(conn);
    assert_eq!((inbox.acks().len(), inbox.frames.len()), (3, 1));
}

#[test]
fn while_nothing_can_be_stored_events_are_refused_and_commands_deferred() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    let conn = world.client("u");
    world.send(conn, "m1", "chat.message", SAY);
    world.gateway.set_unavailable(world.now(), Some(2_000));
    world.send(conn, "m2", "chat.message", r#"{"conversationId":"d","content":"x"}"#);
    assert_eq!(world.incident("a"), 0, "not published");
    let inbox = world.look(conn);
    assert_eq!((inbox.acks().len(), inbox.deferred()), (0, vec!["m2".to_owned()]));
    store.commit_all();
    world.gateway.set_unavailable(world.now(), None);
    assert_eq!(world.look(conn).acks(), ["m1"]);
    assert_eq!(store.records().len(), 1);
}
