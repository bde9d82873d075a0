//! Whose turn it is.
//!
//! When a message is given to a socket, none of a higher priority may be left waiting that could have
//! gone instead: one that an outbox holds, whose key is idle (nothing older of it is unanswered, and
//! nothing of it was turned away for now). A message counts as urgent as the most urgent one of its key
//! that waits behind it. Where a message may go, a more urgent one may go too: the window and its
//! reserve need no look.

use std::collections::{BTreeSet, HashMap};

/// The messages that no engine has called done, by whose turn it is.
#[derive(Debug, Default)]
pub struct Turns {
    all: HashMap<usize, Turn>,
    /// By key, in the order of the sends.
    keys: HashMap<u32, BTreeSet<(u64, usize)>>,
    waiting: [BTreeSet<usize>; 4],
    flying: BTreeSet<usize>,
    /// Sent, and the one that it passed over.
    pub passed: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    key: Option<u32>,
    rank: usize,
    place: u64,
    nacked: bool,
}

impl Turns {
    /// An engine is given a message, or a new place for it.
    pub fn enter(&mut self, n: usize, key: Option<u32>, rank: u8, place: u64) {
        self.end(n);
        let rank = usize::from(rank);
        self.all.insert(n, Turn { key, rank, place, nacked: false });
        self.waiting[rank].insert(n);
        if let Some(key) = key {
            self.keys.entry(key).or_default().insert((place, n));
        }
    }

    /// Whether some engine has it.
    pub fn has(&self, n: usize) -> bool {
        self.all.contains_key(&n)
    }

    /// It is done with, or nobody has it any more.
    pub fn end(&mut self, n: usize) {
        let Some(turn) = self.all.remove(&n) else { return };
        self.waiting[turn.rank].remove(&n);
        self.flying.remove(&n);
        let Some(lane) = turn.key.and_then(|key| self.keys.get_mut(&key)) else { return };
        lane.remove(&(turn.place, n));
        // It was turned away and ended meanwhile: what is behind it waits as long.
        if turn.nacked
            && let Some(next) = lane.first().and_then(|(_, next)| self.all.get_mut(next))
        {
            next.nacked = true;
        }
    }

    /// It is given to a socket.
    pub fn sent(&mut self, n: usize) {
        if let Some(over) = self.passed_over(n) {
            self.passed.push((n, over));
        }
        let Some(turn) = self.all.get_mut(&n) else { return };
        turn.nacked = false;
        self.waiting[turn.rank].remove(&n);
        self.flying.insert(n);
    }

    /// It was turned away for now.
    pub fn nacked(&mut self, n: usize) {
        if let Some(turn) = self.all.get_mut(&n) {
            turn.nacked = true;
        }
    }

    /// The socket is gone: what was under way waits again.
    pub fn landed(&mut self) {
        for n in std::mem::take(&mut self.flying) {
            if let Some(turn) = self.all.get(&n) {
                self.waiting[turn.rank].insert(n);
            }
        }
    }

    /// No outbox has it at present.
    pub fn absent(&mut self, n: usize) {
        if let Some(turn) = self.all.get(&n) {
            self.waiting[turn.rank].remove(&n);
        }
    }

    fn passed_over(&self, n: usize) -> Option<usize> {
        let turn = self.all.get(&n)?;
        let rank = self.lane(turn).map(|behind| behind.rank).min().unwrap_or(turn.rank).min(turn.rank);
        self.waiting[..rank].iter().flatten().find(|other| self.is_idle(**other)).copied()
    }

    fn lane<'a>(&'a self, turn: &Turn) -> impl Iterator<Item = &'a Turn> {
        let lane = turn.key.and_then(|key| self.keys.get(&key));
        lane.into_iter().flatten().filter_map(|(_, n)| self.all.get(n))
    }

    /// Whether it is the first of its key, and nothing of that key was turned away.
    fn is_idle(&self, n: usize) -> bool {
        let Some(turn) = self.all.get(&n) else { return false };
        !turn.nacked && self.lane(turn).all(|other| other.place >= turn.place && !other.nacked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH: u8 = 1;
    const LOW: u8 = 3;

    #[test]
    fn the_more_urgent_one_goes_first() {
        let mut turns = Turns::default();
        turns.enter(0, None, LOW, 0);
        turns.enter(1, None, HIGH, 1);
        turns.sent(0);
        assert_eq!(turns.passed, [(0, 1)]);
    }

    #[test]
    fn what_stands_behind_its_own_key_waits() {
        let mut turns = Turns::default();
        turns.enter(0, Some(7), LOW, 0);
        turns.enter(1, Some(7), HIGH, 1);
        turns.enter(2, None, LOW, 2);
        turns.sent(0);
        turns.sent(2);
        assert_eq!(turns.passed, []);
        turns.end(0);
        turns.enter(3, None, LOW, 3);
        turns.sent(3);
        assert_eq!(turns.passed, [(3, 1)]);
    }

    #[test]
    fn a_key_is_as_urgent_as_what_waits_in_it() {
        let mut turns = Turns::default();
        turns.enter(0, Some(7), LOW, 0);
        turns.enter(1, Some(7), 0, 1);
        turns.enter(2, None, HIGH, 2);
        turns.sent(0);
        assert_eq!(turns.passed, []);
    }

    #[test]
    fn a_key_that_was_turned_away_is_not_idle() {
        let mut turns = Turns::default();
        turns.enter(0, Some(7), HIGH, 0);
        turns.sent(0);
        turns.nacked(0);
        turns.landed();
        turns.enter(1, None, LOW, 1);
        turns.sent(1);
        assert_eq!(turns.passed, []);
    }
}
