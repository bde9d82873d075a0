//! Commands of backends: the same judge as over a socket.

use super::common::{SlowStore, World};
use sentinelops_gateway::{Answer, GatewayConfig, Identity, Rights, Verdict};
use sentinelops_protocol::domain::IncidentStatus;
use sentinelops_protocol::{Channel, Code, Command, Json, Priority};

fn command(id: &str, kind: &str, payload: &str) -> Command {
    let channel = if kind.starts_with("chat") { Channel::Chat } else { Channel::Incidents };
    Command {
        id: id.into(),
        kind: kind.into(),
        channel,
        payload: Json::parse(payload).expect("JSON in the test"),
        timestamp: None,
        priority: Priority::Normal,
    }
}

fn create(id: &str, incident: &str) -> Command {
    command(id, "incident.create", &format!(r#"{{"id":"{incident}","title":"t"}}"#))
}

fn publish(world: &mut World, identity: &Identity, commands: &[Command]) -> Vec<Verdict> {
    world.gateway.publish_as(world.now(), 5, identity, commands);
    world.carry_out();
    match world.answers.pop() {
        Some((5, Answer::Judged(verdicts))) => verdicts,
        other => panic!("no verdicts: {other:?}"),
    }
}

fn code(verdict: &Verdict) -> &Code {
    match verdict {
        Verdict::Refused { code, .. } | Verdict::Deferred { code, .. } => code,
        other => panic!("taken: {other:?}"),
    }
}

#[test]
fn command_takes_effect_once_and_is_sent_with_its_cause() {
    let mut world = World::new();
    let ann = world.subscriber("ann", &[Channel::Incidents]);
    let backend = Identity::open("ci");
    assert_eq!(publish(&mut world, &backend, &[create("k", "inc-1")]), [Verdict::Accepted]);
    let inbox = world.look(ann);
    assert_eq!(inbox.events()[0].cause.as_deref(), Some("k"));
    assert_eq!(publish(&mut world, &backend, &[create("k", "inc-1")]), [Verdict::Repeated]);
    world.restart(8, |durable| durable);
    assert_eq!(publish(&mut world, &backend, &[create("k", "inc-1")]), [Verdict::Repeated]);
    assert_eq!(code(&publish(&mut world, &backend, &[create("k", "inc-2")])[0]), &Code::DuplicateId);
    assert_eq!(code(&publish(&mut world, &backend, &[create("k2", "inc-1")])[0]), &Code::Conflict);
    // Ids are of a user.
    assert_eq!(publish(&mut world, &Identity::open("other"), &[create("k", "inc-3")]), [Verdict::Accepted]);
}

#[test]
fn rights_are_those_of_the_user() {
    let mut world = World::new();
    let rights = Rights::of(Vec::<String>::new(), vec!["chat:inc-1".to_owned()]);
    let backend = Identity { rights, ..Identity::open("ci") };
    let say = |id: &str, conversation: &str| {
        command(id, "chat.message", &format!(r#"{{"conversationId":"{conversation}","content":"hi"}}"#))
    };
    let verdicts =
        publish(&mut world, &backend, &[say("a", "inc-1"), say("b", "inc-2"), create("c", "inc-1")]);
    assert_eq!(verdicts[0], Verdict::Accepted);
    assert_eq!((code(&verdicts[1]), code(&verdicts[2])), (&Code::Forbidden, &Code::Forbidden));
    let typing = command("d", "chat.typing", r#"{"conversationId":"inc-1"}"#);
    assert_eq!(code(&publish(&mut world, &backend, &[typing])[0]), &Code::UnknownType);
}

#[test]
fn behind_one_that_is_refused_for_now_the_others_wait_and_the_whole_comes_again() {
    let mut world = World::with(GatewayConfig { max_open: 1, ..GatewayConfig::default() });
    world.incident("old");
    let backend = Identity::open("ci");
    let update = command("2", "incident.update", r#"{"id":"old","status":"resolved"}"#);
    let all = [
        update.clone(),
        create("1", "new"),
        create("3", "newer"),
        command("4", "incident.update", r#"{"id":"old","title":"x"}"#),
    ];
    let verdicts = publish(&mut world, &backend, &all);
    assert_eq!(verdicts[..2], [Verdict::Accepted, Verdict::Accepted]);
    assert_eq!((code(&verdicts[2]), code(&verdicts[3])), (&Code::Unavailable, &Code::Unavailable));
    let title = world.gateway.view().incident("old").and_then(|incident| incident.title.clone());
    assert_eq!(title.as_deref(), Some("title of old"), "what is behind has not overtaken");
    let resolve = command("5", "incident.update", r#"{"id":"new","status":"resolved"}"#);
    publish(&mut world, &backend, &[resolve]);
    let verdicts = publish(&mut world, &backend, &all);
    let repeated = Verdict::Repeated;
    assert_eq!(verdicts, [repeated.clone(), repeated, Verdict::Accepted, Verdict::Accepted]);
    let status = world.gateway.view().incident("old").and_then(|incident| incident.status.clone());
    assert_eq!(status, Some(IncidentStatus::Resolved));
}

#[test]
fn answer_waits_for_the_store_and_while_it_is_away_nothing_is_taken() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    let backend = Identity::open("ci");
    world.gateway.publish_as(world.now(), 5, &backend, &[create("k", "inc-1")]);
    world.carry_out();
    assert!(world.answers.is_empty());
    store.commit_all();
    world.carry_out();
    assert_eq!(world.answers.pop(), Some((5, Answer::Judged(vec![Verdict::Accepted]))));
    world.gateway.set_unavailable(world.now(), Some(2_000));
    let verdicts = publish(&mut world, &backend, &[create("l", "inc-2")]);
    assert!(matches!(verdicts[0], Verdict::Deferred { retry_after_ms: 2_000, .. }), "{verdicts:?}");
}
