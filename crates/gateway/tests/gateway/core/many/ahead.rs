//! A client comes from a gateway that has read more of the log.

use super::{Node, World, sent};
use sentinelops_gateway::ConnId;
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::{Continuity, ServerSystem};

const SAY: &str =
    r#"{"id":"m","type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"x"}}"#;

/// How the subscription began, and the seqs of the events since.
fn begun(world: &mut World, at: usize, conn: ConnId) -> (Option<Continuity>, Vec<u64>) {
    let (mut continuity, mut seqs) = (None, Vec::new());
    for message in sent(&mut world.nodes[at], conn) {
        match message {
            ServerMessage::System(ServerSystem::Subscribed(answer)) => continuity = Some(answer.continuity),
            ServerMessage::Event(event) => seqs.extend(event.seq),
            ServerMessage::System(_) => {}
        }
    }
    (continuity, seqs)
}

/// Two gateways; the second one does not read, and a client comes to it with the newest cursor of the first.
fn ahead() -> (World, ConnId) {
    let mut world = World::new(2);
    world.nodes[1].is_cut_off = true;
    let writer = world.connect(0, "ann");
    world.receive(0, writer, SAY);
    let conn = world.connect(1, "bob");
    let (epoch, seq) = (world.nodes[0].gateway.epoch().to_owned(), world.nodes[0].gateway.seq());
    let since = format!(r#"{{"epoch":"{epoch}","seq":{seq}}}"#);
    world.receive(
        1,
        conn,
        &format!(
            r#"{{"type":"subscribe","channel":"system","payload":{{"channels":[{{"channel":"chat","since":{since}}}]}}}}"#
        ),
    );
    world.pass(100);
    (world, conn)
}

#[test]
fn it_is_answered_exactly_when_the_gateway_has_read_as_far() {
    let (mut world, conn) = ahead();
    assert_eq!(begun(&mut world, 1, conn), (None, vec![]));
    world.nodes[1].is_cut_off = false;
    world.pass(100);
    // What the cursor covers is not sent again.
    assert_eq!(begun(&mut world, 1, conn), (Some(Continuity::Exact), vec![]));
    let writer = world.connect(0, "ann");
    world.receive(0, writer, &SAY.replace(r#""m""#, r#""n""#));
    world.pass(100);
    assert_eq!(begun(&mut world, 1, conn), (None, vec![2]));
}

#[test]
fn after_5_s_it_is_shown_what_there_is() {
    let (mut world, conn) = ahead();
    world.pass(4_000);
    assert_eq!(begun(&mut world, 1, conn), (None, vec![]));
    world.pass(1_500);
    assert_eq!(begun(&mut world, 1, conn), (Some(Continuity::Gap), vec![]));
}

#[test]
fn a_subscription_that_is_ended_meanwhile_never_begins() {
    let (mut world, conn) = ahead();
    world.receive(
        1,
        conn,
        r#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#,
    );
    world.nodes[1].is_cut_off = false;
    world.pass(10_000);
    assert_eq!(begun(&mut world, 1, conn), (None, vec![]));
}

#[test]
fn a_message_that_is_no_record_counts_as_read() {
    let (mut world, conn) = ahead();
    let now = world.now();
    world.nodes[1].gateway.passed(now, 1);
    assert_eq!(begun(&mut world, 1, conn), (Some(Continuity::Exact), vec![]));
}

#[test]
fn a_command_that_lost_to_a_message_that_is_no_record_is_judged_again_when_that_is_read() {
    let mut world = World::new(1);
    let conn = world.connect(0, "ann");
    let now = world.now();
    let node = &mut world.nodes[0];
    node.gateway.receive(now, conn, SAY.as_bytes());
    let proposals = |node: &mut Node| std::mem::take(&mut node.outbox.lock().proposals);
    let first = proposals(node);
    assert_eq!((first.len(), first[0].after), (1, 0));
    node.gateway.stale(now, first[0].number, 1);
    assert_eq!(proposals(node), []);
    node.gateway.passed(now, 1);
    assert_eq!(proposals(node)[0].after, 1);
}
