//! What was sent, what was received, and what is missing. Pure.

use super::chain::Chain;
use super::message::Mark;
use sentinelops_protocol::{Event, Payload};
use std::collections::{BTreeMap, BTreeSet};

/// How the server answered one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Awaited,
    Acked,
    /// Refused for now; it is sent again.
    PutOff,
    /// Refused for good.
    Refused,
}

/// The messages of one publisher.
#[derive(Debug, Default)]
pub struct Sent {
    answers: Vec<Answer>,
    /// Every `nack` and `error`, by code.
    pub refusals: BTreeMap<String, u64>,
}

impl Sent {
    /// Message `number` leaves. Numbers leave in order; one that leaves again is counted once.
    pub fn sent(&mut self, number: u64) {
        if number >= self.answers.len() as u64 {
            self.answers.push(Answer::Awaited);
        } else {
            self.answer(number, Answer::Awaited);
        }
    }

    /// It was acked. Whether for the first time.
    pub fn acked(&mut self, number: u64) -> bool {
        self.answer(number, Answer::Acked)
    }

    /// It was refused, for now or for good. Whether that is news.
    pub fn refused(&mut self, number: u64, code: &str, for_now: bool) -> bool {
        *self.refusals.entry(code.to_owned()).or_default() += 1;
        self.answer(number, if for_now { Answer::PutOff } else { Answer::Refused })
    }

    /// Something was refused without saying what.
    pub fn refused_unnamed(&mut self, code: &str) {
        *self.refusals.entry(code.to_owned()).or_default() += 1;
    }

    /// An ack is final.
    fn answer(&mut self, number: u64, answer: Answer) -> bool {
        let place = usize::try_from(number).ok().and_then(|number| self.answers.get_mut(number));
        match place {
            Some(place) if *place != Answer::Acked => std::mem::replace(place, answer) != answer,
            _ => false,
        }
    }

    fn count(&self, answers: &[Answer]) -> u64 {
        self.answers.iter().filter(|answer| answers.contains(answer)).count() as u64
    }

    /// How many were sent.
    pub fn total(&self) -> u64 {
        self.answers.len() as u64
    }

    /// How many were accepted.
    pub fn accepted(&self) -> u64 {
        self.count(&[Answer::Acked])
    }

    /// How many were refused, those that were put off until the end included.
    pub fn turned_away(&self) -> u64 {
        self.count(&[Answer::PutOff, Answer::Refused])
    }

    /// How many the server never answered.
    pub fn unanswered(&self) -> u64 {
        self.count(&[Answer::Awaited])
    }
}

/// What one subscriber received of one publisher.
#[derive(Debug, Default)]
struct Track {
    /// One above the highest number received.
    next: u64,
    /// Numbers below `next` that were not received.
    missing: BTreeSet<u64>,
}

/// What one subscriber received.
#[derive(Debug, Default)]
pub struct Received {
    tracks: BTreeMap<u64, Track>,
    chain: Chain,
    /// Messages of the run, each counted once.
    pub messages: u64,
    /// Messages that were received before.
    pub doubled: u64,
    /// Messages that came after a later one of their publisher.
    pub out_of_order: u64,
    /// Events of others, and of other kinds.
    pub others: u64,
    /// Messages and frames that could not be read.
    pub unreadable: u64,
}

impl Received {
    /// Takes an event. `is_ours` knows the messages of the run. The mark is there when it is one that was not received
    /// before.
    pub fn event(&mut self, event: &Event, is_ours: impl Fn(&Mark) -> bool) -> Option<Mark> {
        self.chain.event(event);
        let mark = match &event.payload {
            Payload::Chat(message) => Mark::read(&message.content).filter(is_ours),
            _ => None,
        };
        let Some(mark) = mark else {
            self.others += 1;
            return None;
        };
        let track = self.tracks.entry(mark.publisher).or_default();
        if mark.number >= track.next {
            track.missing.extend(track.next..mark.number);
            track.next = mark.number + 1;
        } else if track.missing.remove(&mark.number) {
            self.out_of_order += 1;
        } else {
            self.doubled += 1;
            return None;
        }
        self.messages += 1;
        Some(mark)
    }

    /// The chain of its subscriptions.
    pub fn chain(&mut self) -> &mut Chain {
        &mut self.chain
    }

    /// Events whose `prev` is not the cursor.
    pub fn holes(&self) -> u64 {
        self.chain.holes
    }

    /// How many accepted messages of a publisher did not arrive.
    pub fn lost(&self, publisher: u64, sent: &Sent) -> u64 {
        let track = self.tracks.get(&publisher);
        let arrived =
            |number: u64| track.is_some_and(|track| number < track.next && !track.missing.contains(&number));
        let accepted = |number: &usize| sent.answers[*number] == Answer::Acked;
        (0..sent.answers.len()).filter(accepted).filter(|number| !arrived(*number as u64)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::tests::chat;
    use super::*;

    const RUN: u32 = 7;

    fn is_ours(mark: &Mark) -> bool {
        mark.run == RUN
    }

    /// A subscriber that received these numbers of publisher 0, beside a publisher whose first `sent` were acked.
    fn received(numbers: &[u64], sent: u64) -> (Received, Sent) {
        let (mut received, mut publisher) = (Received::default(), Sent::default());
        for number in 0..sent {
            publisher.sent(number);
            publisher.acked(number);
        }
        for number in numbers {
            let mark = Mark { run: RUN, publisher: 0, number: *number };
            received.event(&chat(&mark.to_string(), None, None), is_ours);
        }
        (received, publisher)
    }

    fn counts(numbers: &[u64], sent: u64) -> (u64, u64, u64) {
        let (received, sent) = received(numbers, sent);
        (received.lost(0, &sent), received.doubled, received.out_of_order)
    }

    #[test]
    fn complete_and_in_order_is_no_complaint() {
        assert_eq!(counts(&[0, 1, 2, 3], 4), (0, 0, 0));
    }

    #[test]
    fn a_lost_message_is_reported() {
        assert_eq!(counts(&[0, 2, 3], 4), (1, 0, 0), "in the middle");
        assert_eq!(counts(&[0, 1], 4), (2, 0, 0), "at the end");
        assert_eq!(counts(&[], 4), (4, 0, 0), "all");
    }

    #[test]
    fn a_doubled_message_is_reported_and_counted_once() {
        assert_eq!(counts(&[0, 1, 1, 2, 0], 3), (0, 2, 0));
        assert_eq!(received(&[0, 1, 1], 2).0.messages, 2);
    }

    #[test]
    fn a_message_that_is_passed_by_a_later_one_is_out_of_order_and_not_lost() {
        assert_eq!(counts(&[0, 2, 1, 3], 4), (0, 0, 1));
        assert_eq!(counts(&[0, 2, 1, 1], 3), (0, 1, 1));
    }

    #[test]
    fn what_was_not_acked_is_not_lost() {
        let (received, mut sent) = received(&[0], 1);
        for number in 1..=3 {
            sent.sent(number);
        }
        sent.refused(1, "forbidden", false);
        sent.refused(2, "rate_limited", true);
        assert_eq!(received.lost(0, &sent), 0);
        assert_eq!((sent.total(), sent.accepted(), sent.turned_away(), sent.unanswered()), (4, 1, 2, 1));
    }

    #[test]
    fn a_message_that_was_put_off_and_comes_again_is_accepted_once() {
        let mut sent = Sent::default();
        sent.sent(0);
        sent.refused(0, "rate_limited", true);
        sent.sent(0);
        assert!(sent.acked(0) && !sent.acked(0));
        assert_eq!((sent.total(), sent.accepted(), sent.turned_away()), (1, 1, 0));
        assert_eq!(sent.refusals["rate_limited"], 1);
    }

    #[test]
    fn publishers_are_counted_apart() {
        let mut received = Received::default();
        for publisher in [0, 1, 0] {
            let mark = Mark { run: RUN, publisher, number: 0 };
            received.event(&chat(&mark.to_string(), None, None), is_ours);
        }
        assert_eq!((received.messages, received.doubled), (2, 1));
    }

    #[test]
    fn messages_of_another_run_and_of_people_are_others() {
        let mut received = Received::default();
        for content in ["load-00000008-0-0", "hello"] {
            assert_eq!(received.event(&chat(content, None, None), is_ours), None);
        }
        assert_eq!((received.messages, received.others), (0, 2));
    }
}
