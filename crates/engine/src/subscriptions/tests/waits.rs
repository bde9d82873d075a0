//! Answers that are late or lost.

use super::*;

/// The ping that left at this time was answered.
fn answered_to(mono: u64) -> Line {
    Line { answered_to: Some(mono), ..SILENT }
}

/// Two subscriptions in the first flight of a socket, and nothing answered yet.
fn asked_for_two() -> Subscriptions {
    let mut subs = Subscriptions::default();
    subs.want(at(0), chat());
    subs.want(at(0), Subject::channel(Channel::Alerts));
    subs.first_flight();
    assert_eq!(subs.next_timeout(), None, "a server of unknown mode owes no answer");
    subs.mode_known(at(100), Mode::V1);
    subs
}

#[test]
fn unanswered_subscription_is_repeated_and_then_reconnected() {
    let mut subs = asked_for_two();
    let alerts = Subject::channel(Channel::Alerts);
    let serve_alerts = |subs: &mut Subscriptions, now| {
        subs.subscribed(at(now), answer(&alerts, "e", 0, Continuity::Snapshot));
        subs.snapshot(at(now), part(&alerts, "e", 0, 0, true, vec![]));
        drain(subs);
    };
    serve_alerts(&mut subs, 200);
    let mut due = 100 + ANSWER_MS;
    for answer in [SILENT, answered_to(99)] {
        assert_eq!(subs.next_timeout(), Some(due));
        subs.timeout(at(due), answer);
        assert_eq!(drain(&mut subs), [SubOutput::Probe], "a slow line is no lost answer");
        due = subs.next_timeout().unwrap();
    }
    subs.timeout(at(due), answered_to(100));
    assert_eq!(asked(&drain(&mut subs)).unwrap()[0].subject(), chat());
    let again = subs.next_timeout().unwrap();
    assert_eq!(again, due + ANSWER_MS);
    subs.timeout(at(again), answered_to(due));
    assert_eq!(drain(&mut subs), [SubOutput::Stuck(chat())]);
    // The new connection brings nothing either: no other is tried, the asks go on.
    subs.first_flight();
    subs.mode_known(at(again), Mode::V1);
    serve_alerts(&mut subs, again);
    let mut asks = 0;
    for _ in 0..20 {
        let due = subs.next_timeout().unwrap();
        subs.timeout(at(due), answered_to(due));
        let outputs = drain(&mut subs);
        assert!(!outputs.iter().any(|output| matches!(output, SubOutput::Stuck(_))));
        asks += u32::from(asked(&outputs).is_some());
    }
    assert!((19..=20).contains(&asks));
    assert!(subs.next_timeout().unwrap() > again + 20 * ANSWER_MS, "ever more slowly");
}

#[test]
fn a_late_answer_does_not_take_the_next_ask_away() {
    let mut subs = live(&chat(), 5);
    for n in 1..=4 {
        subs.event(at(n), message("c1", 1_000 + n, 999));
        let Some(entries) = asked(&drain(&mut subs)) else { break };
        if entries[0].since.is_some() {
            subs.subscribed(at(n), answer(&chat(), "e", 5, Continuity::Exact));
        } else {
            subs.subscribed(at(n), answer(&chat(), "e", 5, Continuity::Gap));
            subs.snapshot(at(n), part(&chat(), "e", 5, 0, true, vec![]));
        }
    }
    let due = subs.next_timeout().unwrap();
    subs.subscribed(at(10), answer(&chat(), "e", 5, Continuity::Snapshot));
    subs.snapshot(at(10), part(&chat(), "e", 5, 0, true, vec![]));
    assert_eq!(subs.next_timeout(), Some(due));
    subs.timeout(at(due), SILENT);
    assert!(asked(&drain(&mut subs)).is_some());
}

#[test]
fn a_hole_beside_a_refused_message_is_asked_for_once() {
    let mut subs = live(&chat(), 5);
    for n in 1..=3 {
        subs.event(at(n), message("c1", 1_000 + n, 999));
        subs.refused(at(n));
        assert_eq!(asked(&drain(&mut subs)).map(|entries| entries.len()), Some(1), "{n}");
        subs.subscribed(at(n), answer(&chat(), "e", 5, Continuity::Gap));
        subs.snapshot(at(n), part(&chat(), "e", 5, 0, true, vec![]));
        drain(&mut subs);
    }
}

#[test]
fn one_reconnect_does_for_all_who_wait() {
    let mut subs = asked_for_two();
    let mut stuck = 0;
    for _ in 0..4 {
        for _ in 0..8 {
            let due = subs.next_timeout().unwrap();
            subs.timeout(at(due), answered_to(due));
        }
        stuck += drain(&mut subs).iter().filter(|output| matches!(output, SubOutput::Stuck(_))).count();
        let now = at(subs.next_timeout().unwrap());
        subs.first_flight();
        subs.mode_known(now, Mode::V1);
    }
    assert_eq!(stuck, 1);
}

#[test]
fn parts_that_stop_coming_are_asked_for_again_and_each_part_is_progress() {
    let mut subs = live(&chat(), 5);
    subs.subscribed(at(1_000), answer(&chat(), "f", 9, Continuity::Snapshot));
    for n in 0..5u64 {
        let now = 1_000 + n * (ANSWER_MS - 1);
        subs.snapshot(at(now), part(&chat(), "f", 9, n as u32, false, vec![item(n)]));
        assert_eq!(subs.next_timeout(), Some(now + ANSWER_MS));
    }
    let due = subs.next_timeout().unwrap();
    subs.timeout(at(due), answered_to(due));
    assert!(asked(&drain(&mut subs)).is_some());
    subs.subscribed(at(due + 1), answer(&chat(), "f", 9, Continuity::Snapshot));
    subs.snapshot(at(due + 1), part(&chat(), "f", 9, 0, true, vec![]));
    assert_eq!(subs.next_timeout(), None, "the answer is whole");
}

#[test]
fn what_was_asked_for_is_asked_for_again_when_a_frame_is_refused() {
    let mut subs = asked_for_two();
    subs.subscribed(at(200), answer(&chat(), "e", 5, Continuity::Snapshot));
    subs.refused(at(300));
    assert_eq!(asked(&drain(&mut subs)).unwrap().len(), 2);
    for subject in [chat(), Subject::channel(Channel::Alerts)] {
        subs.subscribed(at(400), answer(&subject, "e", 5, Continuity::Snapshot));
        subs.snapshot(at(400), part(&subject, "e", 5, 0, true, vec![]));
    }
    drain(&mut subs);
    subs.refused(at(500));
    assert_eq!(drain(&mut subs), [], "nobody waits for anything");
}

#[test]
fn a_server_whose_answers_cannot_be_read_is_not_hammered() {
    let mut subs = asked_for_two();
    let mut asks = 0;
    for now in (0..60_000).step_by(100) {
        if subs.next_timeout().is_some_and(|due| due <= now) {
            subs.timeout(at(now), answered_to(now));
        }
        subs.refused(at(now));
        asks += drain(&mut subs).iter().filter(|output| matches!(output, SubOutput::Subscribe(_))).count();
    }
    assert!((4..=12).contains(&asks), "{asks}");
}
