//! Frames that are not what they should be: answered, counted, survived.

use super::common::World;
use proptest::prelude::*;
use sentinelops_protocol::{Code, close};

#[test]
fn a_frame_over_the_limit_closes_1009_and_names_the_message() {
    let mut world = World::new();
    let conn = world.client("u");
    let text = "x".repeat(70_000);
    world.raw(
        conn,
        &format!(r#"{{"id":"big","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#),
    );
    let inbox = world.look(conn);
    let errors = inbox.errors();
    assert_eq!((errors[0].0.clone(), errors[0].2.as_deref()), (Code::TooBig, Some("big")));
    assert!(errors[0].1.contains("65536"), "{errors:?}");
    assert_eq!(inbox.closed.map(|(code, _)| code), Some(close::TOO_BIG));
}

#[test]
fn what_is_no_frame_closes_4400() {
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let many = format!("[{}]", vec!["{}"; 513].join(","));
    for frame in ["", "hello", "{", "5", "{\"a\":}", "\u{0}", &deep, &many] {
        let mut world = World::new();
        let conn = world.client("u");
        world.raw(conn, frame);
        let inbox = world.look(conn);
        assert_eq!(inbox.errors()[0].0, Code::BadFrame, "{frame}");
        assert_eq!(inbox.closed.map(|(code, _)| code), Some(close::BAD_REQUEST), "{frame}");
        assert_eq!(world.gateway.stats().bad, 1);
    }
}

#[test]
fn a_bad_message_in_a_good_frame_costs_only_itself() {
    let good = |id: &str| {
        format!(
            r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"x"}}}}"#
        )
    };
    let mut world = World::new();
    let conn = world.client("u");
    let bad = [
        r#"{"id":"e1","channel":"chat"}"#,
        r#"{"id":"e2","type":"BAD TYPE","channel":"chat"}"#,
        r#"{"id":"n1","type":"x.y","channel":"weather","payload":1}"#,
        r#"{"type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"x"}}"#,
        r#"{"id":"e3","type":"subscribe","channel":"system","payload":{"channels":[{"channel":"weather"}]}}"#,
        r#"{"type":"subscribe","channel":"system","payload":7}"#,
        r#"{"type":"dance","channel":"system"}"#,
        "7",
        r#"{"id":"","type":"chat.message","channel":"chat","payload":{}}"#,
    ];
    world.raw(conn, &format!("[{},{},{}]", good("a"), bad.join(","), good("b")));
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["a", "b"]);
    assert!(inbox.closed.is_none());
    let named: Vec<_> = inbox.errors().into_iter().map(|error| error.2).collect();
    let ids = ["e1", "e2", "e3"].map(|id| Some(id.to_owned()));
    assert!(ids.iter().all(|id| named.contains(id)), "{named:?}");
    assert_eq!(named.len(), bad.len() - 1);
    let nacks = inbox.nacks();
    assert_eq!((nacks[0].0.as_str(), nacks[0].1.clone()), ("n1", Code::UnknownType));
    assert_eq!(world.gateway.stats().bad, bad.len() as u64);
}

#[test]
fn small_mistakes_are_repaired() {
    let mut world = World::new();
    let conn = world.client("u");
    let frame = r#"{"id":"m","type":"chat.message","channel":"chat","priority":"urgent","timestamp":"now",
        "payload":{"conversationId":"c","content":"x"}}"#;
    world.raw(conn, frame);
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["m"]);
    assert!(inbox.errors().is_empty());
}

const FRAMES: [&str; 7] = [
    r#"{"type":"hello","channel":"system","payload":{"protocol":1,"client":"t","session":"s","term":3}}"#,
    r#"{"type":"subscribe","channel":"system","payload":{"channels":[{"channel":"chat","topic":"c"},{"channel":"incidents","since":{"epoch":"e","seq":4}}]}}"#,
    r#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#,
    r#"{"id":"1","type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"x"}}"#,
    r#"{"id":"2","type":"incident.update","channel":"incidents","payload":{"id":"a","status":"resolved"},"priority":"high"}"#,
    r#"[{"id":"3","type":"chat.read","channel":"chat","payload":{"conversationId":"c","upTo":4}},{"type":"ping","channel":"system","payload":{"n":1,"sentAt":5}}]"#,
    r#"{"id":"4","type":"alert.acknowledge","channel":"alerts","payload":{"id":"al"}}"#,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Cut, changed and repeated frames: no panic, readable answers, an end without timers.
    #[test]
    fn mangled_frames_are_survived(
        edits in proptest::collection::vec((0..FRAMES.len(), any::<u16>(), any::<u8>(), 0..4_u8), 1..40),
    ) {
        let mut world = World::new();
        world.incident("a");
        let mut conn = world.client("u");
        for (which, at, byte, how) in edits {
            let mut bytes = FRAMES[which].as_bytes().to_vec();
            let at = usize::from(at) % bytes.len();
            match how {
                0 => {}
                1 => bytes[at] = byte,
                2 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
            world.gateway.receive(world.now(), conn, &bytes);
            if world.look(conn).closed.is_some() {
                conn = world.client("u");
            }
        }
        world.gateway.disconnected(world.now(), conn);
        prop_assert_eq!(world.gateway.poll_timeout(), None);
        prop_assert_eq!(world.gateway.stats().connections, 0);
    }

    #[test]
    fn noise_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut world = World::new();
        let conn = world.client("u");
        world.gateway.receive(world.now(), conn, &bytes);
        world.look(conn);
    }
}
