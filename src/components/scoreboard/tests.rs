use super::ledger::{Effect, Effects, Known, Ledger, Score};

fn effects(ids: &[&str]) -> Vec<Effect> {
    ids.iter().map(|id| Effect { id: (*id).to_owned(), key: Some("chat/ops".to_owned()) }).collect()
}

fn count(life: &str, next: u64, ids: &[&str]) -> Effects {
    Effects { life: life.to_owned(), oldest: 0, next, is_all: true, effects: effects(ids) }
}

/// The count has begun at index 0.
fn begun() -> Ledger {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.ask(), u64::MAX, "only where it begins");
    assert!(!ledger.count(&count("a", 0, &[])));
    ledger
}

/// The page has sent these, and no others since it was looked at last.
fn sent(ledger: &mut Ledger, ids: &[&str]) {
    let before = ledger.newest().map(str::to_owned);
    let before = before.iter().map(|id| (&**id, true));
    ledger.sent(before.chain(ids.iter().map(|id| (*id, true))));
}

fn send(ledger: &mut Ledger, ids: &[&str], known: Known) {
    sent(ledger, ids);
    ids.iter().for_each(|id| ledger.update(id, known));
}

#[test]
fn each_message_with_one_effect_is_kept() {
    let mut ledger = begun();
    send(&mut ledger, &["m1", "m2"], Known::Delivered);
    assert_eq!(ledger.ask(), 0);
    ledger.count(&count("a", 2, &["m1", "m2"]));
    assert_eq!(ledger.ask(), 2);
    assert_eq!(ledger.score(), Score { sent: 2, delivered: 2, once: 2, ..Score::default() });
    assert!(ledger.score().is_kept());
}

#[test]
fn a_confirmed_message_without_an_effect_is_lost() {
    let mut ledger = begun();
    send(&mut ledger, &["m1"], Known::Delivered);
    ledger.ask();
    // Confirmed after the question: the count on its way need not contain it.
    send(&mut ledger, &["m2"], Known::Delivered);
    ledger.count(&count("a", 0, &[]));
    assert_eq!((ledger.score().lost, ledger.score().is_kept()), (1, false));
    ledger.ask();
    ledger.count(&count("a", 1, &["m2"]));
    assert_eq!((ledger.score().lost, ledger.score().once), (1, 1));
}

#[test]
fn a_message_is_not_lost_while_later_effects_are_to_come() {
    let mut ledger = begun();
    send(&mut ledger, &["m1"], Known::Delivered);
    ledger.ask();
    assert!(ledger.count(&Effects { is_all: false, ..count("a", 500, &[]) }), "asks at once");
    assert_eq!(ledger.score().lost, 0);
    assert_eq!(ledger.ask(), 500);
}

#[test]
fn an_effect_may_be_counted_before_the_page_is_told_of_its_message() {
    let mut ledger = begun();
    ledger.ask();
    ledger.count(&count("a", 3, &["of another tab", "m2", "m1"]));
    send(&mut ledger, &["m1", "m2"], Known::Delivered);
    ledger.ask();
    ledger.count(&count("a", 3, &[]));
    let score = ledger.score();
    assert_eq!((score.once, score.lost, score.disordered), (2, 0, 1));
}

#[test]
fn two_effects_of_one_message_are_a_double() {
    let mut ledger = begun();
    send(&mut ledger, &["m1"], Known::Delivered);
    ledger.ask();
    ledger.count(&count("a", 2, &["m1", "m1"]));
    assert_eq!((ledger.score().doubled, ledger.score().once, ledger.score().disordered), (1, 0, 0));
    assert!(!ledger.score().is_kept());
}

#[test]
fn order_counts_within_a_key_and_not_for_what_was_tried_again() {
    let mut ledger = begun();
    send(&mut ledger, &["m1", "m2", "m3"], Known::Delivered);
    let mut other = count("a", 3, &["m2", "m1"]);
    other.effects.push(Effect { id: "m3".to_owned(), key: Some("chat/other".to_owned()) });
    ledger.count(&other);
    assert_eq!((ledger.score().disordered, ledger.score().is_kept()), (1, false));

    let mut ledger = begun();
    send(&mut ledger, &["m1"], Known::Failed);
    send(&mut ledger, &["m2"], Known::Delivered);
    ledger.update("m1", Known::Delivered);
    ledger.count(&count("a", 2, &["m2", "m1"]));
    assert_eq!((ledger.score().disordered, ledger.score().once), (0, 2));
}

#[test]
fn what_was_sent_before_the_count_began_is_not_called_lost() {
    let mut ledger = Ledger::default();
    send(&mut ledger, &["m1"], Known::Delivered);
    ledger.ask();
    ledger.count(&count("a", 7, &[]));
    ledger.ask();
    ledger.count(&count("a", 7, &[]));
    assert_eq!((ledger.score().lost, ledger.score().unchecked), (0, 1));
}

#[test]
fn a_gateway_that_was_started_again_counts_from_its_start() {
    let mut ledger = begun();
    send(&mut ledger, &["m1"], Known::Delivered);
    ledger.ask();
    send(&mut ledger, &["m2"], Known::Delivered);
    sent(&mut ledger, &["m3"]);
    ledger.count(&count("a", 1, &["m1"]));
    // m2 took effect before the start and was not counted any more; m3 takes effect after it.
    assert!(ledger.count(&count("b", 1, &[])), "from the start");
    ledger.update("m3", Known::Delivered);
    assert_eq!(ledger.ask(), 0);
    ledger.count(&count("b", 1, &["m3"]));
    let score = ledger.score();
    assert_eq!((score.once, score.lost, score.unchecked), (2, 0, 1));
    // A message of before the start that takes effect again is a double all the same.
    ledger.count(&count("b", 2, &["m1"]));
    assert_eq!(ledger.score().doubled, 1);
}

#[test]
fn a_gap_that_is_not_told_within_two_counts_is_silent() {
    let mut ledger = begun();
    ledger.gap();
    ledger.count(&count("a", 0, &[]));
    assert!(ledger.score().is_kept(), "the page may be told in a moment");
    ledger.count(&count("a", 0, &[]));
    assert_eq!((ledger.score().gaps_silent, ledger.score().is_kept()), (1, false));
    ledger.told_of_gaps(1);
    ledger.count(&count("a", 0, &[]));
    assert_eq!((ledger.score().gaps, ledger.score().gaps_told, ledger.score().is_kept()), (1, 1, true));
}

#[test]
fn messages_that_came_too_fast_to_be_followed_are_noticed() {
    let mut ledger = begun();
    let all = |ids: &[&'static str]| ids.iter().map(|id| (*id, true)).collect::<Vec<_>>().into_iter();
    ledger.sent(all(&["m1"]));
    ledger.sent(all(&["m1", "m2"]));
    assert!(!ledger.misses());
    ledger.sent(all(&["m300"]));
    assert!(ledger.misses());
    let ids: Vec<String> = (0..200).map(|n| format!("m{n}")).collect();
    let mut ledger = begun();
    ledger.sent(ids.iter().map(|id| (id.as_str(), true)));
    assert!(ledger.misses());
}

#[test]
fn what_the_page_sends_by_itself_does_not_count() {
    let mut ledger = begun();
    ledger.sent([("m1", true), ("receipt", false)].into_iter());
    ledger.sent([("receipt", false), ("m2", true)].into_iter());
    assert_eq!((ledger.score().sent, ledger.misses()), (2, false));
}

#[test]
fn what_failed_is_followed_and_what_is_over_is_not() {
    let mut ledger = begun();
    send(&mut ledger, &["m1"], Known::Failed);
    send(&mut ledger, &["m2"], Known::Over);
    assert_eq!(ledger.followed(), ["m1"]);
    ledger.update("m1", Known::Delivered);
    assert_eq!((ledger.followed().len(), ledger.score().ended, ledger.score().delivered), (0, 1, 1));
}

#[test]
fn old_messages_are_counted_and_dropped() {
    let mut ledger = begun();
    let ids: Vec<String> = (0..60_000).map(|n| format!("m{n}")).collect();
    for part in ids.chunks(10_000) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        send(&mut ledger, &part, Known::Delivered);
        ledger.ask();
        ledger.count(&count("a", 0, &part));
    }
    let score = ledger.score();
    assert_eq!((score.sent, score.delivered, score.once, score.disordered), (60_000, 60_000, 60_000, 0));
}
