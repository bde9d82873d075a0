//! Agents of gateways that died, and what clients are told when there is no log.

use super::{Node, World, sent};
use sentinelops_gateway::ConnId;
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::domain::Presence;
use sentinelops_protocol::system::ServerSystem;

/// What was told of the store to a connection.
fn told(node: &mut Node, conn: ConnId) -> Vec<bool> {
    let is_stored = |message| match message {
        ServerMessage::System(ServerSystem::Storage { available, .. }) => Some(available),
        _ => None,
    };
    sent(node, conn).into_iter().filter_map(is_stored).collect()
}

#[test]
fn agents_of_a_gateway_that_died_go_offline_once_after_15_s() {
    let mut world = World::new(3);
    let conn = world.connect(0, "ann");
    world.status(0, conn, "a", "online");
    world.pass(10_000);
    world.nodes[0].is_dead = true;
    // The last sign of life is at most 5 s old.
    world.pass(9_500);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Online), 0));
    world.pass(6_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Offline), 1));
    world.pass(60_000);
    assert_eq!(world.agent(2, "ann"), (Some(Presence::Offline), 1));
}

#[test]
fn agents_who_are_connected_elsewhere_stay_as_they_are() {
    let mut world = World::new(3);
    for (id, user, status) in [("a", "ann", "busy"), ("b", "bob", "online")] {
        let conn = world.connect(0, user);
        world.status(0, conn, id, status);
    }
    world.connect(1, "bob");
    world.nodes[0].is_dead = true;
    world.pass(9_000);
    world.connect(2, "ann");
    world.pass(60_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Busy), 0));
    assert_eq!(world.agent(2, "bob"), (Some(Presence::Online), 0));
}

#[test]
fn a_gateway_that_starts_later_knows_whose_agents_the_others_have() {
    let mut world = World::new(2);
    world.nodes[1].is_cut_off = true;
    let conn = world.connect(0, "ann");
    world.status(0, conn, "a", "online");
    world.nodes[1].is_cut_off = false;
    world.pass(10_500);
    world.nodes[0].is_dead = true;
    world.pass(20_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Offline), 1));
}

#[test]
fn agents_of_a_gateway_that_was_cut_off_come_back_with_it() {
    let mut world = World::new(3);
    let conn = world.connect(0, "ann");
    world.status(0, conn, "a", "away");
    world.cut_off(0, true);
    world.pass(30_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Offline), 1));
    world.cut_off(0, false);
    world.pass(60_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Away), 1));
}

#[test]
fn an_agent_who_goes_offline_elsewhere_is_left_so() {
    let mut world = World::new(2);
    let conn = world.connect(0, "ann");
    world.status(0, conn, "a", "online");
    world.pass(1_000);
    let other = world.connect(1, "ann");
    world.status(1, other, "b", "offline");
    world.pass(60_000);
    assert_eq!(world.agent(0, "ann"), (Some(Presence::Offline), 1));
}

#[test]
fn without_a_log_nobody_counts_as_dead() {
    let mut world = World::new(2);
    let conn = world.connect(0, "ann");
    world.status(0, conn, "a", "online");
    for at in 0..2 {
        world.cut_off(at, true);
    }
    world.pass(60_000);
    for at in 0..2 {
        world.cut_off(at, false);
    }
    world.pass(60_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Online), 0));
}

#[test]
fn a_gateway_that_stood_still_blames_nobody_for_it() {
    let mut world = World::new(2);
    let conn = world.connect(0, "ann");
    world.status(0, conn, "a", "online");
    // As a machine that was suspended: nothing was read meanwhile.
    world.mono += 60_000;
    let now = world.now();
    world.nodes[1].gateway.timeout(now);
    world.pass(60_000);
    assert_eq!(world.agent(1, "ann"), (Some(Presence::Online), 0));
}

#[test]
fn clients_are_told_once_when_nothing_can_be_stored_and_once_when_it_can_again() {
    let mut world = World::new(1);
    let conn = world.connect(0, "ann");
    world.cut_off(0, true);
    let now = world.now();
    world.nodes[0].gateway.set_unavailable(now, Some(2_000));
    world.pass(100);
    assert_eq!(told(&mut world.nodes[0], conn), [false]);
    let late = world.connect(0, "bob");
    world.pass(100);
    assert_eq!(told(&mut world.nodes[0], late), [false]);
    world.cut_off(0, false);
    world.pass(100);
    assert_eq!(told(&mut world.nodes[0], late), [true]);
}
