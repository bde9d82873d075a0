//! What this page sent, what it was told of it, and what the gateway counted.

use std::collections::{HashMap, HashSet, VecDeque};

/// So many of the newest messages a page tells of at a time.
const TOLD: usize = 200;
/// Effects of messages that are not known that are kept: the page may be told of its message a moment later, and other tabs
/// send, too.
const EARLY: usize = 2_000;
/// Messages that are kept; with more, the oldest that are over are counted and dropped.
const KEPT: usize = 50_000;

/// How the page knows a message to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It waits, or is on its way.
    Open,
    /// The server has it.
    Delivered,
    /// It failed, and the page says so. A person may try it again.
    Failed,
    /// It ended otherwise, and the page says so: a newer one replaced it, it was discarded.
    Over,
}

/// One effect, as the gateway counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Of the message.
    pub id: String,
    /// What it is about: messages of one key take effect in the order in which they were sent.
    pub key: Option<String>,
}

/// The gateway's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Names the run of the gateway.
    pub life: String,
    /// Index of the oldest effect that it keeps.
    pub oldest: u64,
    /// Where to go on.
    pub next: u64,
    /// There are no later ones.
    pub is_all: bool,
    /// In order.
    pub effects: Vec<Effect>,
}

#[derive(Debug)]
struct Row {
    /// Place in the order of sending.
    number: u64,
    known: Known,
    effects: u32,
    /// Sent before the count began, or before the gateway began another: it cannot be called lost.
    is_unchecked: bool,
    /// It failed and a person tried it again: it is late on purpose.
    is_late: bool,
    is_lost: bool,
}

/// The figures of the scoreboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Messages that this page sent.
    pub sent: u64,
    /// The server has them, as the page knows.
    pub delivered: u64,
    /// They wait, or are on their way.
    pub open: u64,
    /// They ended otherwise.
    pub ended: u64,
    /// The gateway counted one effect.
    pub once: u64,
    /// The gateway counted several.
    pub doubled: u64,
    /// The server confirmed them, and the gateway counted no effect.
    pub lost: u64,
    /// An effect before that of a message of the same key that was sent earlier.
    pub disordered: u64,
    /// Not comparable: sent before the count began.
    pub unchecked: u64,
    /// Gaps in what the page follows, read from the frames.
    pub gaps: u64,
    /// Gaps that the page was told of.
    pub gaps_told: u64,
    /// Gaps that the page was not told of by the time of the second count after.
    pub gaps_silent: u64,
}

impl Score {
    /// Promises that are broken, as far as this page can tell.
    pub fn broken(&self) -> u64 {
        self.doubled + self.lost + self.disordered + self.gaps_silent
    }

    /// Every promise is kept, as far as this page can tell.
    pub fn is_kept(&self) -> bool {
        self.broken() == 0
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ledger {
    rows: HashMap<String, Row>,
    order: VecDeque<String>,
    /// Not delivered, and not over.
    followed: HashSet<String>,
    score: Score,
    /// Delivered, without an effect so far.
    unmatched: HashSet<String>,
    /// Of these, those that the count on its way must contain.
    asked: HashSet<String>,
    /// The run of the gateway that is counted, and the index to go on at.
    life: Option<String>,
    next: u64,
    /// The largest number that took effect, by key.
    last: HashMap<String, u64>,
    /// Effects of messages that are not known, in order.
    early: VecDeque<Effect>,
    /// Gaps that were not told at the last count.
    silent: u64,
    /// The newest message of all that the page told of.
    newest: Option<String>,
    misses: bool,
}

impl Ledger {
    /// The newest messages of the page in the order of sending, and whether each counts: those that are new are added.
    pub fn sent<'a>(&mut self, told: impl Iterator<Item = (&'a str, bool)>) {
        let (mut count, mut newest, mut is_joined) = (0, None, self.newest.is_none());
        let before = self.score.sent;
        for (id, counts) in told {
            count += 1;
            is_joined |= self.newest.as_deref() == Some(id);
            newest = Some(id);
            if !counts || self.rows.contains_key(id) {
                continue;
            }
            let number = self.score.sent;
            let is_unchecked = self.life.is_none();
            let row =
                Row { number, known: Known::Open, effects: 0, is_unchecked, is_late: false, is_lost: false };
            self.rows.insert(id.to_owned(), row);
            self.order.push_back(id.to_owned());
            self.followed.insert(id.to_owned());
            self.score.sent += 1;
        }
        // Others may have come and gone in between, or before.
        self.misses |= count > 0 && !is_joined || self.newest.is_none() && count >= TOLD;
        self.newest = newest.map(str::to_owned).or(self.newest.take());
        if self.score.sent > before {
            // Those that are still not known are kept again.
            for effect in std::mem::take(&mut self.early) {
                self.take_effect(&effect);
            }
        }
        self.drop_oldest();
    }

    /// Messages whose end is not known.
    pub fn followed(&self) -> Vec<String> {
        self.followed.iter().cloned().collect()
    }

    /// How a message stands now.
    pub fn update(&mut self, id: &str, known: Known) {
        let Some(row) = self.rows.get_mut(id) else { return };
        row.is_late |= row.known == Known::Failed && known != Known::Failed;
        row.known = known;
        if matches!(known, Known::Delivered | Known::Over) {
            self.followed.remove(id);
        }
        if known == Known::Delivered && row.effects == 0 && !row.is_unchecked {
            self.unmatched.insert(id.to_owned());
        }
    }

    /// The index of the next count. What is delivered by now has to be in it.
    pub fn ask(&mut self) -> u64 {
        self.asked = self.unmatched.clone();
        // The first count is only of where it begins.
        if self.life.is_none() { u64::MAX } else { self.next }
    }

    /// A count arrived. `true`: there is more to ask for at once.
    pub fn count(&mut self, count: &Effects) -> bool {
        if self.life.as_ref() != Some(&count.life) || count.oldest > self.next {
            let is_first = self.life.is_none();
            return self.begin(count, is_first);
        }
        for effect in &count.effects {
            self.take_effect(effect);
        }
        self.next = count.next;
        if count.is_all {
            for id in std::mem::take(&mut self.asked) {
                if let Some(row) = self.rows.get_mut(&id).filter(|row| row.effects == 0 && !row.is_unchecked)
                {
                    row.is_lost = true;
                }
            }
            self.score.gaps_silent = self.silent.min(self.score.gaps.saturating_sub(self.score.gaps_told));
            self.silent = self.score.gaps.saturating_sub(self.score.gaps_told);
        }
        !count.is_all
    }

    /// The gateway counts from its start, and forgot what it counted before.
    fn begin(&mut self, count: &Effects, is_first: bool) -> bool {
        for row in self.rows.values_mut().filter(|row| row.effects == 0) {
            row.is_unchecked = true;
        }
        self.unmatched.clear();
        self.asked.clear();
        self.last.clear();
        self.life = Some(count.life.clone());
        self.next = if is_first { count.next } else { count.oldest };
        !is_first
    }

    fn take_effect(&mut self, effect: &Effect) {
        let Some(row) = self.rows.get_mut(&effect.id) else {
            if self.early.len() == EARLY {
                self.early.pop_front();
            }
            return self.early.push_back(effect.clone());
        };
        row.effects += 1;
        row.is_lost = false;
        self.unmatched.remove(&effect.id);
        if let Some(key) = &effect.key
            && row.effects == 1
            && !row.is_late
        {
            let last = self.last.entry(key.clone()).or_insert(row.number);
            self.score.disordered += u64::from(row.number < *last);
            *last = row.number.max(*last);
        }
    }

    /// A gap in a frame.
    pub fn gap(&mut self) {
        self.score.gaps += 1;
    }

    /// The page was told of gaps.
    pub fn told_of_gaps(&mut self, count: u64) {
        self.score.gaps_told += count;
    }

    /// The newest message that the page told of.
    #[cfg(test)]
    pub fn newest(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    /// More was sent at once than this page can follow.
    pub fn misses(&self) -> bool {
        self.misses
    }

    /// The figures now.
    pub fn score(&self) -> Score {
        let mut score = self.score;
        for row in self.rows.values() {
            count(&mut score, row);
        }
        score
    }

    fn drop_oldest(&mut self) {
        while self.rows.len() > KEPT
            && let Some(id) = self.order.front()
            && let Some(row) = self.rows.get(id)
        {
            if row.known == Known::Open
                || (row.known == Known::Delivered && row.effects == 0 && !row.is_unchecked)
            {
                return;
            }
            count(&mut self.score, row);
            self.rows.remove(id);
            self.followed.remove(id);
            self.order.pop_front();
        }
    }
}

fn count(score: &mut Score, row: &Row) {
    match row.known {
        Known::Open => score.open += 1,
        Known::Delivered => score.delivered += 1,
        Known::Failed | Known::Over => score.ended += 1,
    }
    match row.effects {
        0 => score.unchecked += u64::from(row.is_unchecked),
        1 => score.once += 1,
        _ => score.doubled += 1,
    }
    score.lost += u64::from(row.is_lost);
}
