use super::wants::LINGER_MS;
use super::*;
use proptest::prelude::*;
use sentinelops_protocol::domain::ChatMessage;
use sentinelops_protocol::system::{Since, Snapshot, SnapshotItem, Subscribed};
use sentinelops_protocol::{Code, Json, Payload, Priority};

mod counts;
mod waits;

fn at(mono: u64) -> Now {
    Now { mono, wall: 1_000_000 + mono }
}

/// No ping was answered.
const SILENT: Line = Line { answered_to: None, patience: ANSWER_MS };

fn chat() -> Subject {
    Subject::channel(Channel::Chat)
}

fn c1() -> Subject {
    Subject::topic(Channel::Chat, "c1")
}

fn message(conversation: &str, seq: u64, prev: u64) -> Event {
    Event {
        id: None,
        kind: "chat.message".to_owned(),
        channel: Channel::Chat,
        topic: None,
        payload: Payload::Chat(ChatMessage {
            id: seq.to_string(),
            conversation_id: conversation.to_owned(),
            sender_id: "u".to_owned(),
            content: String::new(),
            timestamp: seq,
            extra: None,
        }),
        timestamp: None,
        priority: Priority::Normal,
        seq: Some(seq),
        prev: Some(prev),
        cause: None,
    }
}

fn answer(subject: &Subject, epoch: &str, seq: u64, continuity: Continuity) -> Subscribed {
    let Subject { channel, topic } = subject.clone();
    Subscribed { channel, topic, epoch: epoch.to_owned(), seq, continuity }
}

fn item(seq: u64) -> SnapshotItem {
    let text =
        format!(r#"{{"id":"{seq}","conversationId":"c1","senderId":"u","content":"","timestamp":{seq}}}"#);
    let payload = Json::parse(&text).unwrap();
    SnapshotItem { kind: "chat.message".to_owned(), payload, timestamp: None }
}

fn part(
    subject: &Subject,
    epoch: &str,
    seq: u64,
    part: u32,
    last: bool,
    items: Vec<SnapshotItem>,
) -> Snapshot {
    let Subject { channel, topic } = subject.clone();
    Snapshot { channel, topic, epoch: epoch.to_owned(), seq, part, last, items }
}

fn drain(subs: &mut Subscriptions) -> Vec<SubOutput> {
    std::iter::from_fn(|| subs.poll()).collect()
}

fn asked(outputs: &[SubOutput]) -> Option<Vec<SubscribeEntry>> {
    outputs.iter().find_map(|output| match output {
        SubOutput::Subscribe(entries) => Some(entries.clone()),
        _ => None,
    })
}

fn seqs(subs: &Subscriptions, subject: &Subject) -> Vec<u64> {
    let (_, _, items) = subs.fold_items(subject).unwrap();
    let seq = |event: &Rc<Event>| match &event.payload {
        Payload::Chat(message) => Some(message.timestamp),
        _ => None,
    };
    items.iter().filter_map(seq).collect()
}

/// Wants a subject and lets a v1 server answer with an empty snapshot at `seq`.
fn live(subject: &Subject, seq: u64) -> Subscriptions {
    let mut subs = Subscriptions::default();
    subs.want(at(0), subject.clone());
    let flight = subs.first_flight();
    assert_eq!(flight.len(), 1);
    assert_eq!(flight[0].since, None);
    subs.mode_known(at(0), Mode::V1);
    subs.subscribed(at(0), answer(subject, "e", seq, Continuity::Snapshot));
    subs.snapshot(at(0), part(subject, "e", seq, 0, true, vec![]));
    let reset = SubOutput::Reset { subject: subject.clone(), continuity: Continuity::Snapshot };
    assert_eq!(drain(&mut subs), [reset]);
    subs
}

#[test]
fn the_state_is_resumed_with_since_only_while_it_is_held() {
    let mut subs = live(&chat(), 5);
    subs.event(at(1), message("c1", 6, 5));
    subs.disconnected();
    let flight = subs.first_flight();
    assert_eq!(flight[0].since, Some(Since { epoch: "e".to_owned(), seq: 6 }));
    subs.mode_known(at(3), Mode::V1);
    drain(&mut subs);
    // Until the answer, what arrives belongs to the past.
    subs.event(at(3), message("c1", 7, 6));
    subs.subscribed(at(4), answer(&chat(), "e", 6, Continuity::Exact));
    subs.event(at(4), message("c1", 7, 6));
    assert_eq!(drain(&mut subs).len(), 1);
    assert_eq!(seqs(&subs, &chat()), [6, 7]);
}

#[test]
fn a_hole_is_asked_for_in_two_steps() {
    let mut subs = live(&chat(), 5);
    subs.event(at(1), message("c1", 8, 7));
    let entries = asked(&drain(&mut subs)).unwrap();
    assert_eq!(entries[0].since, Some(Since { epoch: "e".to_owned(), seq: 5 }));
    subs.event(at(1), message("c1", 9, 8));
    subs.subscribed(at(2), answer(&chat(), "e", 5, Continuity::Exact));
    subs.event(at(2), message("c1", 8, 7));
    let entries = asked(&drain(&mut subs)).unwrap();
    assert_eq!(entries[0].since, None);
    subs.subscribed(at(3), answer(&chat(), "e", 9, Continuity::Snapshot));
    subs.snapshot(at(3), part(&chat(), "e", 9, 0, true, vec![item(8), item(9)]));
    assert_eq!(drain(&mut subs), [SubOutput::Reset { subject: chat(), continuity: Continuity::Gap }]);
    assert_eq!(seqs(&subs, &chat()), [8, 9]);
    assert_eq!(subs.counts().holes, 3, "and the gap that it turned out to be");
}

/// One topic is on the wire again after a while, and its whole channel replaces it before the answer.
fn replaced() -> Subscriptions {
    let mut subs = live(&c1(), 5);
    subs.disconnected();
    assert!(subs.first_flight()[0].since.is_some());
    subs.mode_known(at(2), Mode::V1);
    subs.want(at(2), chat());
    drain(&mut subs);
    subs
}

fn reported(subs: &mut Subscriptions) -> Vec<(Subject, Continuity)> {
    subs.subscribed(at(4), answer(&chat(), "f", 9, Continuity::Snapshot));
    subs.snapshot(at(4), part(&chat(), "f", 9, 0, true, vec![]));
    let resets = drain(subs).into_iter().filter_map(|output| match output {
        SubOutput::Reset { subject, continuity } => Some((subject, continuity)),
        _ => None,
    });
    resets.collect()
}

#[test]
fn gap_outlives_the_subscription_it_was_reported_for() {
    let mut subs = replaced();
    subs.subscribed(at(3), answer(&c1(), "f", 9, Continuity::Gap));
    subs.snapshot(at(3), part(&c1(), "f", 9, 0, true, vec![item(9)]));
    assert_eq!(reported(&mut subs), [(chat(), Continuity::Snapshot), (c1(), Continuity::Gap)]);
    // Once.
    assert_eq!(reported(&mut subs)[1].1, Continuity::Snapshot);
}

#[test]
fn a_gap_the_server_reports_is_counted_with_the_holes() {
    let mut subs = live(&chat(), 5);
    subs.disconnected();
    subs.first_flight();
    subs.mode_known(at(1), Mode::V1);
    subs.subscribed(at(2), answer(&chat(), "f", 9, Continuity::Gap));
    subs.snapshot(at(2), part(&chat(), "f", 9, 0, true, vec![item(9)]));
    assert_eq!(subs.counts().holes, 1);
}

#[test]
fn gap_without_a_snapshot_is_dropped_at_the_next_connection() {
    let mut subs = replaced();
    subs.subscribed(at(3), answer(&c1(), "f", 9, Continuity::Gap));
    subs.disconnected();
    subs.first_flight();
    subs.mode_known(at(3), Mode::V1);
    assert_eq!(reported(&mut subs)[1], (c1(), Continuity::Snapshot));
}

#[test]
fn a_seq_that_runs_back_is_a_new_epoch() {
    let mut subs = live(&chat(), 100);
    subs.disconnected();
    subs.first_flight();
    subs.mode_known(at(2), Mode::V1);
    subs.subscribed(at(3), answer(&chat(), "e", 40, Continuity::Exact));
    let entries = asked(&drain(&mut subs)).unwrap();
    assert_eq!(entries[0].since, None);
    subs.subscribed(at(4), answer(&chat(), "e", 40, Continuity::Snapshot));
    subs.snapshot(at(4), part(&chat(), "e", 40, 0, true, vec![]));
    subs.event(at(4), message("c1", 41, 40));
    assert_eq!(seqs(&subs, &chat()), [41]);
}

#[test]
fn late_answer_to_an_earlier_ask_is_neither_a_gap_nor_asked_for_again() {
    let mut subs = live(&chat(), 5);
    // Asked twice from 5, because of a hole and because no answer came.
    subs.event(at(1), message("c1", 8, 7));
    assert!(asked(&drain(&mut subs)).is_some());
    let due = subs.next_timeout().unwrap();
    subs.timeout(at(due), Line { answered_to: Some(due), ..SILENT });
    assert!(asked(&drain(&mut subs)).is_some());
    subs.subscribed(at(due + 1), answer(&chat(), "e", 5, Continuity::Exact));
    subs.event(at(due + 1), message("c1", 6, 5));
    subs.subscribed(at(due + 2), answer(&chat(), "e", 5, Continuity::Exact));
    for (seq, prev) in [(6, 5), (7, 6)] {
        subs.event(at(due + 2), message("c1", seq, prev));
    }
    let outputs = drain(&mut subs);
    assert_eq!(asked(&outputs), None);
    assert_eq!(seqs(&subs, &chat()), [6, 7]);
}

#[test]
fn snapshot_parts_replace_and_events_between_them_wait() {
    let mut subs = live(&chat(), 5);
    subs.event(at(1), message("c1", 6, 5));
    drain(&mut subs);
    subs.subscribed(at(2), answer(&chat(), "f", 20, Continuity::Gap));
    subs.snapshot(at(2), part(&chat(), "f", 20, 0, false, vec![item(19)]));
    subs.event(at(2), message("c1", 21, 20));
    assert_eq!(seqs(&subs, &chat()), [6]);
    subs.snapshot(at(2), part(&chat(), "f", 20, 1, true, vec![item(20)]));
    assert_eq!(seqs(&subs, &chat()), [19, 20, 21]);
    let outputs = drain(&mut subs);
    assert_eq!(outputs[0], SubOutput::Reset { subject: chat(), continuity: Continuity::Gap });
    assert!(matches!(&outputs[1], SubOutput::Event { event, .. } if event.seq == Some(21)));
}

#[test]
fn a_missing_part_is_asked_for_again() {
    let mut subs = live(&chat(), 5);
    subs.subscribed(at(2), answer(&chat(), "e", 9, Continuity::Snapshot));
    subs.snapshot(at(2), part(&chat(), "e", 9, 1, true, vec![]));
    assert_eq!(asked(&drain(&mut subs)).unwrap()[0].since, None);
}

#[test]
fn a_topic_is_served_by_its_channel_and_stands_alone_after_it() {
    let mut subs = live(&c1(), 5);
    subs.want(at(10), chat());
    let outputs = drain(&mut subs);
    assert_eq!(outputs[0], SubOutput::Unsubscribe(vec![c1()]));
    assert_eq!(asked(&outputs).unwrap()[0].subject(), chat());
    subs.subscribed(at(11), answer(&chat(), "e", 9, Continuity::Snapshot));
    subs.snapshot(at(11), part(&chat(), "e", 9, 0, true, vec![item(9)]));
    let outputs = drain(&mut subs);
    assert_eq!(outputs.len(), 2, "both consumers start over: {outputs:?}");
    subs.event(at(12), message("c2", 10, 9));
    assert_eq!(drain(&mut subs).len(), 1);
    subs.event(at(12), message("c1", 11, 10));
    assert_eq!(drain(&mut subs).len(), 2);
    assert_eq!(seqs(&subs, &c1()), [9, 11]);
    // The channel goes 5 s after its last want, and the topic takes its place.
    subs.unwant(at(20), &chat());
    assert_eq!(subs.next_timeout(), Some(20 + LINGER_MS));
    subs.timeout(at(20 + LINGER_MS), SILENT);
    let outputs = drain(&mut subs);
    assert_eq!(outputs[0], SubOutput::Unsubscribe(vec![chat()]));
    assert_eq!(asked(&outputs).unwrap()[0].subject(), c1());
}

#[test]
fn coming_back_within_the_linger_costs_nothing() {
    let mut subs = live(&chat(), 5);
    subs.unwant(at(1), &chat());
    subs.event(at(2), message("c1", 6, 5));
    subs.want(at(3), chat());
    subs.timeout(at(20_000), SILENT);
    assert_eq!(drain(&mut subs), []);
    assert_eq!(seqs(&subs, &chat()), [6]);
}

#[test]
fn a_refused_channel_leaves_its_topics_a_chance() {
    let mut subs = Subscriptions::default();
    subs.want(at(0), chat());
    subs.want(at(0), c1());
    assert_eq!(subs.first_flight().len(), 1);
    subs.mode_known(at(0), Mode::V1);
    subs.denied(at(1), &chat(), &Code::Forbidden, "no".to_owned());
    let outputs = drain(&mut subs);
    assert_eq!(outputs[0], SubOutput::Denied { subject: chat(), message: "no".to_owned() });
    assert_eq!(asked(&outputs).unwrap()[0].subject(), c1());
    subs.disconnected();
    let flight = subs.first_flight();
    assert_eq!(flight.iter().map(SubscribeEntry::subject).collect::<Vec<_>>(), [chat()]);
}

#[test]
fn basic_servers_are_live_at_once_and_keep_their_state() {
    let mut subs = Subscriptions::default();
    subs.want(at(0), chat());
    subs.first_flight();
    subs.mode_known(at(0), Mode::Basic);
    assert_eq!(drain(&mut subs), [SubOutput::Reset { subject: chat(), continuity: Continuity::Snapshot }]);
    let plain = || Event { seq: None, prev: None, id: Some("123".to_owned()), ..message("c1", 1, 0) };
    subs.event(at(1), plain());
    subs.event(at(1), plain());
    assert_eq!(drain(&mut subs).len(), 2, "no deduplication by id");
    subs.disconnected();
    assert_eq!(subs.first_flight()[0].since, None);
    subs.mode_known(at(3), Mode::Basic);
    assert_eq!(drain(&mut subs), []);
    assert_eq!(seqs(&subs, &chat()), [1, 1]);
}

#[test]
fn a_server_that_only_has_holes_is_asked_ever_more_slowly() {
    let mut subs = live(&chat(), 5);
    let mut now = 1;
    for n in 1..=8u64 {
        subs.event(at(now), message("c1", 1_000 + n, 999));
        let entries = asked(&drain(&mut subs)).unwrap_or_else(|| {
            let due = subs.next_timeout().unwrap();
            assert!(due > now);
            now = due;
            subs.timeout(at(now), SILENT);
            asked(&drain(&mut subs)).unwrap()
        });
        let since = entries[0].since.clone();
        match since {
            Some(_) => subs.subscribed(at(now), answer(&chat(), "e", 5, Continuity::Exact)),
            None => {
                subs.subscribed(at(now), answer(&chat(), "e", 5, Continuity::Gap));
                subs.snapshot(at(now), part(&chat(), "e", 5, 0, true, vec![]));
                drain(&mut subs);
            }
        }
    }
    assert!(now > 10_000);
}

/// What happens to the stream of a correct server on its way.
#[derive(Clone, Debug)]
enum Way {
    Arrives,
    Lost,
    Twice,
    Reconnect,
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![
        6 => Just(Way::Arrives),
        2 => Just(Way::Lost),
        1 => Just(Way::Twice),
        1 => Just(Way::Reconnect),
    ]
}

proptest! {
    /// Whatever is lost or repeated: what the client shows below its cursor is all there was, and
    /// once something arrives again it catches up.
    #[test]
    fn no_hole_goes_unnoticed(ways in prop::collection::vec(ways(), 1..80), history in 1usize..20) {
        let mut subs = live(&chat(), 0);
        let mut sent = 0u64;    // last seq the server sent on this subscription
        let mut seq = 0u64;
        let check = |subs: &Subscriptions| {
            let (_, cursor, _) = subs.fold_items(&chat()).unwrap();
            let shown = seqs(subs, &chat());
            let expected: Vec<u64> = (1..=cursor).collect();
            assert_eq!(shown, expected);
        };
        // The server answers what the client asks, at once.
        let serve = |subs: &mut Subscriptions, entries: Vec<SubscribeEntry>, seq: u64, sent: &mut u64| {
            for entry in entries {
                match entry.since {
                    Some(since) if seq - since.seq <= history as u64 => {
                        subs.subscribed(at(0), answer(&chat(), "e", since.seq, Continuity::Exact));
                        for n in since.seq + 1..=seq {
                            subs.event(at(0), message("c1", n, n - 1));
                        }
                    }
                    _ => {
                        subs.subscribed(at(0), answer(&chat(), "e", seq, Continuity::Gap));
                        subs.snapshot(at(0), part(&chat(), "e", seq, 0, true, (1..=seq).map(item).collect()));
                    }
                }
                *sent = seq;
            }
        };
        for way in ways.into_iter().chain([Way::Arrives]) {
            seq += 1;
            let event = message("c1", seq, sent);
            sent = seq;
            match way {
                Way::Arrives => subs.event(at(0), event),
                Way::Twice => {
                    subs.event(at(0), event.clone());
                    subs.event(at(0), event);
                }
                Way::Lost => {}
                Way::Reconnect => {
                    subs.disconnected();
                    let entries = subs.first_flight();
                    subs.mode_known(at(0), Mode::V1);
                    serve(&mut subs, entries, seq, &mut sent);
                }
            }
            check(&subs);
            loop {
                let mut outputs = drain(&mut subs);
                if asked(&outputs).is_none()
                    && let Some(due) = subs.next_timeout()
                {
                    subs.timeout(at(due), SILENT);
                    outputs = drain(&mut subs);
                }
                let Some(entries) = asked(&outputs) else { break };
                serve(&mut subs, entries, seq, &mut sent);
                check(&subs);
            }
        }
        prop_assert_eq!(subs.fold_items(&chat()).unwrap().1, seq);
    }
}
