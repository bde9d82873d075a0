//! Order, window, answers, capacity, hand-over.

use super::*;
use crate::StoreError;
use sentinelops_protocol::Code;

#[test]
fn a_message_is_sent_once_and_ends_by_its_ack() {
    let mut world = World::new();
    world.send_id("a");
    assert_eq!(*world.state("a"), DeliveryState::Queued);
    assert_eq!(world.durability("a"), Durability::Durable);
    assert!(world.frame().is_empty(), "not connected");
    world.connect(v1());
    assert_eq!(world.frame(), ["a"]);
    assert_eq!(*world.state("a"), DeliveryState::Sent);
    world.now += 60_000;
    assert!(world.frame().is_empty(), "never again on the same socket");
    assert_eq!(world.outbox.oldest_unacked(), Some(0));
    world.ack("a");
    assert_eq!(*world.state("a"), DeliveryState::Delivered);
    assert!(world.rows.is_empty());
    assert_eq!(world.outbox.oldest_unacked(), None);
    // Handed in again: answered, not sent.
    world.news.clear();
    world.send_id("a");
    assert_eq!(*world.state("a"), DeliveryState::Delivered);
    assert!(world.frame().is_empty());
}

#[test]
fn an_ack_for_what_was_never_sent_means_nothing() {
    let mut world = World::new();
    world.send_id("a");
    world.ack("a");
    assert_eq!(*world.state("a"), DeliveryState::Queued);
    world.connect(v1());
    world.frame();
    world.outbox.cause(world.now(), "a");
    world.drain();
    assert_eq!(*world.state("a"), DeliveryState::Delivered);
}

#[test]
fn a_key_keeps_its_order_and_takes_the_highest_priority_in_it() {
    let mut world = World::new();
    world.send(request("normal", Priority::Normal, None));
    world.send(request("k-low", Priority::Low, Some("k")));
    world.send(request("high", Priority::High, None));
    world.send(request("k-critical", Priority::Critical, Some("k")));
    world.send(request("k-after", Priority::Low, Some("k")));
    world.connect(v1());
    assert_eq!(world.frame(), ["k-low", "k-critical", "high", "normal", "k-after"]);
}

#[test]
fn eight_places_of_the_window_are_kept_for_critical_ones() {
    let mut world = World::new();
    for n in 0..100 {
        world.send(request(&format!("n{n}"), Priority::Normal, None));
    }
    world.connect(v1());
    assert_eq!(world.frame().len(), 56);
    for n in 0..10 {
        world.send(request(&format!("c{n}"), Priority::Critical, None));
    }
    assert_eq!(world.frame().len(), 8);
    assert!(world.frame().is_empty());
    world.ack("n0");
    assert_eq!(world.frame(), ["c8"]);
    // Ten go, nine critical ones fly: the reserve is theirs again.
    for n in 1..10 {
        world.ack(&format!("n{n}"));
    }
    assert_eq!(world.frame()[0], "c9");
    assert_eq!(world.outbox.counts().in_flight, 56);
}

#[test]
fn frames_hold_what_fits() {
    let mut world = World::new();
    for n in 0..10 {
        let payload = Json::from_value(&"x".repeat(30_000)).unwrap();
        world.send(SendRequest { payload, ..request(&format!("n{n}"), Priority::Normal, None) });
    }
    world.connect(v1());
    assert_eq!(world.frame().len(), 2);
    let one = world.outbox.next_frame(at(0), 30_000).unwrap();
    assert_eq!(one.count, 1, "two would be more than the buffer is to hold");
    assert_eq!(world.outbox.next_frame(at(0), 64 * 1024), None);
    for buffered in [64 * 1024 - 1, 40_000] {
        assert_eq!(world.outbox.next_frame(at(0), buffered), None, "nor does one fit above {buffered}");
    }
    let typing = SendRequest { ephemeral: true, ..request("typing", Priority::Low, None) };
    world.send(typing);
    assert_eq!(world.outbox.next_frame(at(0), 64 * 1024 - 1), None, "this neither");
    assert_eq!(world.outbox.next_frame(at(0), 60_000).map(|frame| frame.count), Some(1), "now it does");
}

#[test]
fn a_server_that_takes_more_gets_more_than_the_buffer_holds_when_that_is_empty() {
    let mut world = World::new();
    world.connect(Connection { max_message_bytes: 1024 * 1024, ..v1() });
    let payload = Json::from_value(&"x".repeat(100_000)).unwrap();
    world.send(SendRequest { payload, ..request("a", Priority::Normal, None) });
    assert_eq!(world.outbox.next_frame(at(0), 1), None);
    assert_eq!(world.outbox.next_frame(at(0), 0).map(|frame| frame.count), Some(1));
}

#[test]
fn too_big_a_message_never_leaves() {
    let mut world = World::new();
    let payload = Json::from_value(&"x".repeat(70_000)).unwrap();
    let big = |id: &str| SendRequest { payload: payload.clone(), ..request(id, Priority::Normal, None) };
    world.send(big("a"));
    world.send_id("b");
    world.connect(v1());
    assert_eq!(world.frame(), ["b"]);
    assert!(matches!(failed(world.state("a")), FailReason::TooBig { allowed: 65_536, .. }));
    assert!(world.failed.contains_key("a"));
    world.send(big("c"));
    assert!(matches!(failed(world.state("c")), FailReason::TooBig { .. }));
    assert!(!world.failed.contains_key("c"), "it was not taken");
    world.send(SendRequest { ephemeral: true, again: true, ..big("typing") });
    assert!(matches!(failed(world.state("typing")), FailReason::TooBig { found: 70_000.., allowed: 65_536 }));
    assert!(world.frame().is_empty(), "the server would close, and blame what flies beside it");
    world.connect(Connection { max_message_bytes: 100_000, ..v1() });
    world.send(SendRequest { ephemeral: true, ..big("allowed") });
    world.connect(v1());
    assert!(world.frame().is_empty(), "allowed when it was taken, and no more");
}

#[test]
fn nothing_gets_older_than_half_of_what_servers_remember() {
    let mut world =
        World::with(OutboxOptions { max_age_ms: 72 * 60 * 60 * 1_000, ..OutboxOptions::default() });
    world.connect(v1());
    world.outbox.set_server_time(world.now(), WALL);
    world.send_id("a");
    world.frame();
    world.disconnect();
    world.now += 24 * 60 * 60 * 1_000;
    world.outbox.timeout(world.now());
    world.drain();
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    world.now += 1;
    world.outbox.timeout(world.now());
    world.drain();
    assert_eq!(*world.state("a"), DeliveryState::Expired { may_have_arrived: true });
}

#[test]
fn what_flew_is_resent_on_the_next_connection_with_the_same_bytes_in_order() {
    let mut world = World::new();
    world.send(request("a", Priority::Normal, Some("k")));
    world.send(request("b", Priority::Critical, Some("k")));
    world.connect(v1());
    let first = world.outbox.next_frame(at(0), 0).unwrap();
    world.disconnect();
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    world.send(request("c", Priority::Critical, Some("k")));
    world.connect(v1());
    let again = world.outbox.next_frame(at(0), 0).unwrap();
    assert_eq!(again.count, 3);
    assert!(again.text.starts_with(first.text.trim_end_matches(']')));
}

#[test]
fn after_a_retryable_nack_nothing_of_the_key_passes() {
    let mut world = World::new();
    for id in ["a", "b", "c"] {
        world.send(request(id, Priority::Normal, Some("k")));
    }
    world.connect(v1());
    assert_eq!(world.frame(), ["a", "b", "c"]);
    world.nack("a", Some(100));
    assert_eq!(*world.state("a"), DeliveryState::Queued);
    world.send(request("d", Priority::Critical, Some("k")));
    world.send_id("other");
    assert_eq!(world.frame(), ["other"]);
    // Its time has come, but what was sent behind it is not back yet.
    world.pass(100);
    assert!(world.frame().is_empty());
    world.nack("b", Some(1));
    world.nack("c", Some(1));
    world.pass(1);
    assert_eq!(world.frame(), ["a", "b", "c", "d"]);
    let attempts: Vec<u32> = ["a", "b", "c"].iter().map(|id| world.rows[*id].attempts).collect();
    assert_eq!(attempts, [1, 0, 0], "the others were only turned away behind it");
}

#[test]
fn no_nack_holds_a_message_up_for_longer_than_an_hour() {
    let mut world = World::new();
    world.send_id("a");
    world.connect(v1());
    world.frame();
    world.nack("a", Some(u64::MAX));
    world.pass(3_600_000 - 1);
    assert!(world.frame().is_empty());
    world.pass(1);
    assert_eq!(world.frame(), ["a"]);
}

#[test]
fn retryable_nacks_are_counted_and_final_ones_end_it() {
    let mut world = World::new();
    world.send_id("a");
    world.send_id("b");
    world.connect(v1());
    world.frame();
    world.nack("b", None);
    assert!(matches!(failed(world.state("b")), FailReason::Refused { code: Code::Unavailable, .. }));
    for attempt in 1..=3 {
        assert_eq!(world.rows["a"].attempts, attempt - 1);
        world.nack("a", Some(10));
        world.pass(10);
        assert_eq!(world.frame().len(), usize::from(attempt < 3));
    }
    assert!(matches!(failed(world.state("a")), FailReason::TooManyAttempts { attempts: 3, .. }));
    assert!(world.rows.is_empty() && world.failed.len() == 2);
    // From the failed list with the same id, and its attempts forgotten.
    world.outbox.retry(world.now(), ME, "a", false, "unused".to_owned());
    world.drain();
    assert_eq!(world.frame(), ["a"]);
    assert!(!world.failed.contains_key("a"));
    assert!(world.outbox.server_error(world.now(), "a", Code::Invalid, "no".to_owned()));
    assert!(!world.outbox.server_error(world.now(), "zzz", Code::Invalid, "no".to_owned()));
}

#[test]
fn message_put_off_too_often_fails_with_the_last_reason_of_the_server() {
    let mut world = World::new();
    world.send_id("a");
    world.connect(v1());
    let full = (Code::Unavailable, "10000 are open already");
    let fast = (Code::RateLimited, "more than 10 messages a second");
    for (code, message) in [full.clone(), full, fast] {
        assert_eq!(world.frame(), ["a"]);
        world.outbox.nack(world.now(), "a", code, message.to_owned(), Some(10));
        world.drain();
        world.pass(10);
    }
    let expected = FailReason::TooManyAttempts {
        attempts: 3,
        code: Code::RateLimited,
        message: "more than 10 messages a second".to_owned(),
    };
    assert_eq!(*failed(world.state("a")), expected);
    assert_eq!(world.failed["a"].state, DeliveryState::Failed(expected), "kept with it in the store");
}

/// A row that lies, or may lie, in a store which cannot be written would be sent by the next life.
#[test]
fn what_may_lie_in_a_store_that_is_away_is_never_nacked_too_often() {
    let mut world = World::new();
    world.send_id("stored");
    world.store(StoreEvent::Closed(StoreError::Unavailable("gone".to_owned())));
    world.send(SendRequest { again: true, ..request("again", Priority::Normal, None) });
    world.send_id("here");
    world.connect(v1());
    assert_eq!(world.frame(), ["stored", "again", "here"]);
    for _ in 1..=3 {
        for id in ["stored", "again", "here"] {
            world.nack(id, Some(10));
        }
        world.pass(10);
        world.frame();
    }
    assert!(matches!(failed(world.state("here")), FailReason::TooManyAttempts { attempts: 3, .. }));
    assert_eq!(*world.state("stored"), DeliveryState::Queued);
    assert_eq!(*world.state("again"), DeliveryState::Queued);
    world.pass(80_000);
    assert_eq!(world.frame(), ["stored", "again"]);
    // Where the store takes it in, it can end.
    world.open();
    for id in ["stored", "again"] {
        world.nack(id, Some(10));
        assert!(matches!(failed(world.state(id)), FailReason::TooManyAttempts { attempts: 4, .. }));
    }
}

#[test]
fn the_bad_message_is_found_and_the_rest_goes_on() {
    let mut world = World::new();
    for id in ["a", "bad", "c"] {
        world.send_id(id);
    }
    world.connect(v1());
    assert_eq!(world.frame().len(), 3);
    let mut delivered = Vec::new();
    for _ in 0..20 {
        assert!(world.outbox.closed_on_us(world.now(), 4400, "bad frame"));
        world.drain();
        world.disconnect();
        world.connect(v1());
        let mut frame = world.frame();
        while let [one] = &frame[..]
            && one != "bad"
        {
            world.ack(one);
            delivered.push(one.clone());
            frame = world.frame();
        }
        if frame.is_empty() {
            break;
        }
        assert_eq!(frame, ["bad"], "one at a time");
    }
    assert_eq!(delivered, ["a", "c"]);
    let poison = FailReason::Poison { code: 4400, reason: "bad frame".to_owned() };
    assert_eq!(*failed(world.state("bad")), poison);
    // Back to the whole window.
    world.send_id("d");
    world.send_id("e");
    assert_eq!(world.frame().len(), 2);
    assert!(!world.outbox.closed_on_us(world.now(), 1006, ""));
    world.ack("d");
    world.ack("e");
    assert!(!world.outbox.closed_on_us(world.now(), 4400, ""), "nothing flew");
}

#[test]
fn the_window_opens_again_though_the_store_opened_while_a_message_was_suspected() {
    let mut world = World::closed(OutboxOptions::default());
    world.send_id("bad");
    world.send_id("other");
    world.store(StoreEvent::OpenFailed(StoreError::Silent));
    world.connect(v1());
    assert_eq!(world.frame().len(), 2, "the store is silent and not waited for");
    assert!(world.outbox.closed_on_us(world.now(), 4400, "bad frame"));
    world.disconnect();
    // Another tab has stored them meanwhile, under orders of its own.
    for (order, id) in [(1, "bad"), (2, "other")] {
        let row = row_of(&request(id, Priority::Normal, None), WALL, "tab").unwrap();
        world.rows.insert(id.to_owned(), Row { order, possibly_sent: true, ..row });
    }
    world.open();
    world.connect(v1());
    for id in ["bad", "other"] {
        assert_eq!(world.frame(), [id], "one at a time");
        world.ack(id);
    }
    world.send_id("c");
    world.send_id("d");
    assert_eq!(world.frame().len(), 2, "back to the whole window");
}

#[test]
fn basic_is_handed_over_by_a_pong_for_a_ping_sent_after_it() {
    let mut world = World::new();
    world.connect(basic());
    world.outbox.flush_ping_sent(world.now(), 1);
    world.outbox.pong(world.now(), Some(1));
    world.send_id("a");
    world.send_id("b");
    assert_eq!(world.frame(), ["a"], "one row, one frame");
    assert_eq!(world.frame(), ["b"]);
    world.outbox.written_out(world.now());
    assert!(!world.outbox.wants_flush_ping(at(999)) && world.outbox.wants_flush_ping(at(1_000)));
    assert_eq!(world.outbox.next_timeout().unwrap(), 1_000);
    world.now = 1_000;
    world.outbox.flush_ping_sent(world.now(), 2);
    world.send_id("c");
    world.frame();
    world.outbox.pong(world.now(), Some(2));
    world.drain();
    assert_eq!(*world.state("b"), DeliveryState::HandedOver);
    assert_eq!(*world.state("c"), DeliveryState::Sent);
    // Another socket: the pong of the old one is gone with it.
    world.outbox.flush_ping_sent(world.now(), 3);
    world.disconnect();
    world.connect(basic());
    assert_eq!(world.frame(), ["c"]);
    world.outbox.pong(world.now(), Some(3));
    world.drain();
    assert_eq!(*world.state("c"), DeliveryState::Sent);
}

#[test]
fn a_basic_server_that_never_ponged_gets_the_benefit_of_the_doubt() {
    let mut world = World::new();
    world.send_id("a");
    world.connect(basic());
    world.frame();
    assert!(!world.outbox.wants_flush_ping(at(9_999)));
    world.outbox.written_out(world.now());
    world.drain();
    assert_eq!(*world.state("a"), DeliveryState::HandedOver);
}

#[test]
fn a_basic_server_that_ponged_once_is_known_to_after_a_reload() {
    let mut world = World::new();
    world.connect(basic());
    world.outbox.pong(world.now(), None);
    world.drain();
    assert!(world.meta.pongs);
    world.restart();
    world.send_id("a");
    world.connect(basic());
    world.frame();
    world.outbox.written_out(world.now());
    world.drain();
    assert_eq!(*world.state("a"), DeliveryState::Sent, "no answer shows that it was read");
    assert!(world.outbox.wants_flush_ping(world.now()), "it is asked");
}

#[test]
fn discarding_takes_back_only_what_was_never_sent() {
    let mut world = World::new();
    world.send_id("sent");
    world.connect(v1());
    world.frame();
    world.outbox.options.window = 1;
    world.send_id("unsent");
    for id in ["sent", "unsent"] {
        world.outbox.discard(world.now(), ME, id);
        world.drain();
    }
    assert_eq!(*world.state("sent"), DeliveryState::Sent);
    assert_eq!(*failed(world.state("unsent")), FailReason::Discarded);
    world.nack("sent", None);
    assert_eq!(world.outbox.list().len(), 1);
    world.outbox.discard(world.now(), ME, "sent");
    world.drain();
    assert!(world.outbox.list().is_empty() && world.failed.is_empty());
}

#[test]
fn lists_show_everything_in_order() {
    let mut world = World::new();
    world.send(request("b", Priority::Low, None));
    world.send(request("a", Priority::High, None));
    let list = world.outbox.list();
    assert_eq!(list.iter().map(|info| info.update.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(list[0].payload.as_str(), "{}");
    assert_eq!(world.outbox.counts().queued, [0, 1, 0, 1]);
}
