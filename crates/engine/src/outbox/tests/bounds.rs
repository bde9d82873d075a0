//! Rate, room and age.

use super::*;
use crate::StoreError;

#[test]
fn the_rate_of_the_server_is_kept() {
    let mut world = World::new();
    for n in 0..10 {
        world.send_id(&n.to_string());
    }
    world.connect(Connection { rate: Some(2.0), ..v1() });
    assert_eq!(world.frame().len(), 2);
    assert!(world.frame().is_empty());
    assert_eq!(world.outbox.next_timeout(), Some(500));
    world.pass(500);
    assert_eq!(world.frame().len(), 1);
}

#[test]
fn an_array_holds_at_most_512_however_wide_the_window() {
    let wide =
        OutboxOptions { window: 1_024, critical_reserve: 0, capacity: 2_000, ..OutboxOptions::default() };
    let mut world = World::with(wide);
    (0..1_500).for_each(|n| world.send_id(&n.to_string()));
    world.connect(Connection { max_in_flight: 2_000, ..v1() });
    let frames: Vec<usize> = (0..3).map(|_| world.frame().len()).collect();
    assert_eq!(frames, [512, 512, 0]);
    // A place that becomes free is taken.
    world.ack("0");
    assert_eq!(world.frame(), ["1024"]);
}

#[test]
fn a_rate_wakes_nobody_for_what_waits_for_an_ack() {
    let mut world = World::new();
    (0..3).for_each(|n| world.send_id(&n.to_string()));
    world.connect(Connection { rate: Some(1.0), max_in_flight: 1, ..v1() });
    assert_eq!(world.frame().len(), 1);
    world.now += 1_500;
    world.outbox.timeout(world.now());
    assert!(world.outbox.next_timeout().is_none_or(|at| at > world.now));
}

#[test]
fn full_means_the_oldest_of_the_lowest_below_the_newcomer_goes() {
    let mut world = World::with(OutboxOptions { capacity: 3, ..OutboxOptions::default() });
    world.send(request("normal", Priority::Normal, None));
    world.send(request("low1", Priority::Low, None));
    world.send(request("low2", Priority::Low, None));
    world.send(request("low3", Priority::Low, None));
    assert_eq!(*failed(world.state("low3")), FailReason::QueueFull { capacity: 3 });
    world.send(request("high", Priority::High, None));
    assert_eq!(*world.state("low1"), DeliveryState::Evicted);
    assert!(world.failed.contains_key("low1"));
    // What may have been sent stays.
    world.connect(v1());
    world.frame();
    world.send(request("critical", Priority::Critical, None));
    assert_eq!(*world.state("low2"), DeliveryState::Sent);
    assert_eq!(*world.state("critical"), DeliveryState::Queued);
    assert_eq!(world.outbox.counts().queued, [1, 1, 1, 1], "critical ones may stand above it");
    world.send(request("high2", Priority::High, None));
    assert_eq!(*failed(world.state("high2")), FailReason::QueueFull { capacity: 3 });
}

#[test]
fn bytes_are_a_bound_for_critical_ones_too() {
    let mut world = World::with(OutboxOptions { max_bytes: 1_000, ..OutboxOptions::default() });
    let payload = Json::from_value(&"x".repeat(300)).unwrap();
    let big = |id: &str, priority| SendRequest { payload: payload.clone(), ..request(id, priority, None) };
    world.send(big("l", Priority::Low));
    world.send(big("c1", Priority::Critical));
    world.send(big("c2", Priority::Critical));
    assert_eq!(*world.state("l"), DeliveryState::Evicted);
    world.send(big("c3", Priority::Critical));
    assert!(matches!(failed(world.state("c3")), FailReason::QueueFull { .. }));
}

#[test]
fn what_is_refused_drops_nothing_before() {
    let mut world = World::with(OutboxOptions { max_bytes: 1_500, ..OutboxOptions::default() });
    let big = |id: &str, bytes: usize| {
        let payload = Json::from_value(&"x".repeat(bytes)).unwrap();
        SendRequest { payload, ..request(id, Priority::Low, None) }
    };
    world.send(big("saved", 600));
    // What the store holds cannot be dropped while the store is away.
    world.store(StoreEvent::Closed(StoreError::Unavailable("gone".to_owned())));
    let presence = |id: &str, bytes: usize| SendRequest {
        coalesce: Some("presence".to_owned()),
        priority: Priority::Normal,
        ..big(id, bytes)
    };
    world.send(presence("old", 100));
    world.send(presence("new", 900));
    assert!(matches!(failed(world.state("new")), FailReason::QueueFull { .. }));
    assert_eq!(*world.state("old"), DeliveryState::Queued, "it was to be replaced, and was not");
}

#[test]
fn unqueued_ones_are_refused_rather_than_kept() {
    let mut world = World::new();
    let direct = |id: &str| SendRequest { queue: false, ..request(id, Priority::Normal, None) };
    world.send(direct("early"));
    assert_eq!(*failed(world.state("early")), FailReason::NotConnected);
    world.connect(v1());
    // Handed in again by a page whose worker was lost with the answer.
    world.send(SendRequest { again: true, ..direct("early") });
    assert_eq!(*failed(world.state("early")), FailReason::NotConnected, "it stays refused");
    world.send(direct("a"));
    assert_eq!(world.frame(), ["a"]);
    assert_eq!(world.durability("a"), Durability::MemoryOnly);
    world.outbox.options.window = 1;
    world.send(direct("b"));
    assert!(world.frame().is_empty());
    world.disconnect();
    assert_eq!(*failed(world.state("b")), FailReason::NotConnected);
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed, "it may have arrived");
    assert!(world.rows.is_empty() && world.failed.is_empty());
    world.connect(v1());
    assert_eq!(world.frame(), ["a"]);
}

#[test]
fn ephemeral_ones_leave_at_once_or_never() {
    let mut world = World::new();
    let typing = |id: &str| SendRequest { ephemeral: true, ..request(id, Priority::Low, None) };
    world.send(typing("a"));
    world.connect(v1());
    assert!(world.frame().is_empty());
    world.send(typing("b"));
    assert_eq!(world.frame(), ["b"]);
    world.send(typing("c"));
    world.now += 1_000;
    assert!(world.frame().is_empty());
    assert!(world.news.is_empty() && world.rows.is_empty());
}

#[test]
fn a_row_is_over_its_age_when_both_clocks_say_so() {
    let day = 24 * 60 * 60 * 1_000;
    let mut world = World::new();
    world.send_id("waits");
    // One of the two clocks is two days off: right after the welcome nothing is old, and nothing stored is rewritten.
    for server_now in [WALL + 2 * day, WALL - 2 * day] {
        world.outbox.set_server_time(world.now(), server_now);
        assert_eq!(world.rows["waits"].created_at, WALL);
        assert!(!world.state("waits").is_final());
    }
    world.outbox.set_server_time(world.now(), WALL);
    world.connect(v1());
    world.outbox.options.window = 1;
    assert_eq!(world.frame(), ["waits"]);
    world.send_id("unsent");
    world.disconnect();
    world.pass(day + 1);
    assert_eq!(*world.state("waits"), DeliveryState::Expired { may_have_arrived: true });
    assert_eq!(*world.state("unsent"), DeliveryState::Expired { may_have_arrived: false });
    // Again only when somebody confirms, and as a new message.
    world.outbox.retry(world.now(), ME, "waits", false, "new".to_owned());
    world.drain();
    assert!(matches!(world.state("waits"), DeliveryState::Expired { .. }));
    world.outbox.retry(world.now(), ME, "waits", true, "new".to_owned());
    world.drain();
    world.connect(v1());
    assert_eq!(world.frame(), ["new"]);
}
