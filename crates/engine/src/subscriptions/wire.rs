//! One subscription as the server knows it: cursor, state, holes, epochs, snapshot parts.
//!
//! ```text
//!  Idle --ask--> Asked --subscribed exact--> Live --hole--> Asked (since; the second time without)
//!                  '--subscribed snapshot/gap--> Parts --last part--> Live
//! ```
//! Whatever arrives in `Asked` belongs to the past and is dropped. How long an answer may take is in
//! *waits*.

use crate::fold::Fold;
use crate::mutant::{self, Mutant};
use sentinelops_protocol::system::{Continuity, Since, Snapshot, Subscribed};
use sentinelops_protocol::{Channel, Event, Priority, Problem, decode_payload};
use std::rc::Rc;

/// Events kept back while snapshot parts arrive; with more, the snapshot is asked for again.
const MAX_BUFFERED: usize = 1_000;

/// The state and the cursor it is valid for: never one without the other.
#[derive(Debug)]
pub(super) struct ResumableState {
    /// Empty in basic mode: such a state can be shown, not resumed.
    pub epoch: String,
    pub cursor: u64,
    pub fold: Fold,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// No socket, or not asked for yet.
    Idle,
    Asked,
    Parts(Box<Parts>),
    Live,
    /// The server keeps answering with holes: asked again when it is `due`.
    Later,
    Denied,
}

#[derive(Debug)]
pub(super) struct Parts {
    continuity: Continuity,
    /// Of part 0.
    base: Option<(String, u64)>,
    next: u32,
    fold: Fold,
    buffered: Vec<Event>,
}

/// What came of an input.
#[derive(Debug, PartialEq)]
pub(super) enum Transition {
    Nothing,
    Repeat,
    Deliver(Rc<Event>),
    /// Ask again; `true` when a hole was found (rather than a broken answer).
    Ask(bool),
    /// The state was replaced; the events came after it.
    Reset(Continuity, Vec<Event>),
}

#[derive(Debug)]
pub(super) struct WireSubscription {
    pub phase: Phase,
    pub state: Option<ResumableState>,
    /// Cursor of the last hole: the second hole there asks without `since`.
    hole_at: Option<u64>,
    without_since: bool,
    gap: bool,
    /// Asked again so often without one event accepted in between.
    pub asks: u32,
    /// Lowest `since` asked for on this socket.
    lowest_since: Option<u64>,
    /// Not answered so often on this socket.
    pub unanswered: u32,
    /// One reconnect was spent on it.
    pub reconnected: bool,
    /// When it was asked for, or the last part came (monotonic ms).
    pub progress_at: u64,
    /// When the wait for an answer, or for the next ask, is over (monotonic ms).
    pub due: Option<u64>,
    /// Keys and messages that fell out of its folds, until they are counted.
    dropped: u64,
    channel: Channel,
}

impl WireSubscription {
    pub fn new(channel: Channel) -> Self {
        Self {
            phase: Phase::Idle,
            state: None,
            hole_at: None,
            without_since: false,
            gap: false,
            asks: 0,
            lowest_since: None,
            unanswered: 0,
            reconnected: false,
            progress_at: 0,
            due: None,
            dropped: 0,
            channel,
        }
    }

    /// Whether an answer, or the rest of one, is still to come.
    pub fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Asked | Phase::Parts(_))
    }

    /// Keys and messages that fell out of its folds since this was asked last.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// The whole answer came.
    fn complete(&mut self) {
        self.unanswered = 0;
        self.reconnected = false;
    }

    /// It goes on the wire: where to go on.
    pub fn ask(&mut self) -> Option<Since> {
        if matches!(self.phase, Phase::Idle) {
            self.lowest_since = None;
        }
        self.phase = Phase::Asked;
        let held = self.state.as_ref().filter(|held| !self.without_since && !held.epoch.is_empty())?;
        self.lowest_since = Some(self.lowest_since.map_or(held.cursor, |lowest| lowest.min(held.cursor)));
        Some(Since { epoch: held.epoch.clone(), seq: held.cursor })
    }

    /// A basic server answers no `subscribe`: what it sends is live. `true`: the state is new.
    pub fn live_at_once(&mut self) -> bool {
        self.phase = Phase::Live;
        let new = self.state.is_none();
        self.state.get_or_insert_with(|| ResumableState {
            epoch: String::new(),
            cursor: 0,
            fold: Fold::new(self.channel),
        });
        new
    }

    pub fn event(&mut self, event: Event) -> Transition {
        match (&mut self.phase, &mut self.state) {
            (Phase::Parts(parts), _) => {
                parts.buffered.push(event);
                if parts.buffered.len() > MAX_BUFFERED { self.start_over() } else { Transition::Nothing }
            }
            (Phase::Live, Some(held)) => {
                if !held.epoch.is_empty()
                    && let Some(seq) = event.seq
                {
                    if seq <= held.cursor && !mutant::active(Mutant::KeepRepeats) {
                        return Transition::Repeat;
                    }
                    if event.prev.is_some_and(|prev| prev > held.cursor)
                        && !mutant::active(Mutant::IgnorePrev)
                    {
                        return self.hole();
                    }
                    held.cursor = seq;
                    self.hole_at = None;
                    self.asks = 0;
                }
                let event = Rc::new(event);
                self.dropped += u64::from(held.fold.apply(&event));
                Transition::Deliver(event)
            }
            _ => Transition::Nothing,
        }
    }

    /// First `subscribe since`; the second time at the same place the server cannot fill it, or it
    /// sends what this client refuses: take a snapshot and say that something is missing.
    fn hole(&mut self) -> Transition {
        let cursor = self.state.as_ref().map(|held| held.cursor);
        if self.hole_at == cursor {
            self.without_since = true;
            self.gap = true;
        }
        self.hole_at = cursor;
        self.asks += 1;
        Transition::Ask(true)
    }

    fn start_over(&mut self) -> Transition {
        self.without_since = true;
        self.asks += 1;
        self.phase = Phase::Asked;
        Transition::Ask(false)
    }

    pub fn subscribed(&mut self, answer: &Subscribed) -> Transition {
        if matches!(self.phase, Phase::Idle | Phase::Denied | Phase::Later) {
            return Transition::Nothing;
        }
        let known = self.state.as_ref().filter(|held| held.epoch == answer.epoch).map(|held| held.cursor);
        // Answers an earlier ask that was taken for lost: what follows again is dropped as repeats.
        let is_late = answer.continuity == Continuity::Exact
            && known.is_some_and(|cursor| answer.seq < cursor)
            && self.lowest_since.is_some_and(|lowest| lowest <= answer.seq);
        if is_late {
            self.phase = Phase::Live;
            self.complete();
            return Transition::Nothing;
        }
        // A server that forgot part of its history and could not know it: a new epoch in all but name.
        let ran_back = known.is_some_and(|cursor| answer.seq < cursor);
        let mut continuity = answer.continuity;
        if ran_back && matches!(self.channel, Channel::Chat | Channel::Activity) {
            self.gap = true;
        }
        if continuity == Continuity::Exact {
            let old_epoch = mutant::active(Mutant::KeepOldEpoch) && self.state.is_some();
            if known == Some(answer.seq) || old_epoch {
                self.phase = Phase::Live;
                self.complete();
                return Transition::Nothing;
            }
            return self.start_over();
        }
        if self.gap {
            continuity = Continuity::Gap;
        }
        self.phase = Phase::Parts(Box::new(Parts::new(continuity, self.channel)));
        Transition::Nothing
    }

    pub fn snapshot(&mut self, snapshot: Snapshot, problems: &mut Vec<Problem>) -> Transition {
        if matches!(self.phase, Phase::Live) && snapshot.part == 0 {
            // The server starts over by itself: take its word.
            self.phase = Phase::Parts(Box::new(Parts::new(Continuity::Snapshot, self.channel)));
        }
        let Phase::Parts(parts) = &mut self.phase else { return Transition::Nothing };
        let last = snapshot.last;
        if !parts.add(snapshot, problems, &mut self.dropped) {
            return self.start_over();
        }
        if !last {
            return Transition::Nothing;
        }
        let Phase::Parts(parts) = std::mem::replace(&mut self.phase, Phase::Live) else {
            return Transition::Nothing;
        };
        let Parts { continuity, base, fold, buffered, .. } = *parts;
        let (epoch, cursor) = base.unwrap_or_default();
        let mut state = ResumableState { epoch, cursor, fold };
        if mutant::active(Mutant::KeepOldEpoch)
            && let Some(old) = &self.state
        {
            state.epoch.clone_from(&old.epoch);
            state.cursor = old.cursor.max(cursor);
        }
        // The place where events go missing is behind the snapshot.
        if self.hole_at != Some(state.cursor) {
            self.hole_at = None;
        }
        self.state = Some(state);
        self.complete();
        self.without_since = false;
        self.gap = false;
        Transition::Reset(continuity, buffered)
    }
}

impl Parts {
    fn new(continuity: Continuity, channel: Channel) -> Self {
        Self { continuity, base: None, next: 0, fold: Fold::new(channel), buffered: Vec::new() }
    }

    /// `false` when a part is missing or of another snapshot.
    fn add(&mut self, snapshot: Snapshot, problems: &mut Vec<Problem>, dropped: &mut u64) -> bool {
        if snapshot.part != self.next {
            return false;
        }
        self.next += 1;
        match &self.base {
            None => self.base = Some((snapshot.epoch, snapshot.seq)),
            Some((epoch, seq)) if *epoch == snapshot.epoch && *seq == snapshot.seq => {}
            Some(_) => return false,
        }
        for item in snapshot.items {
            let (payload, problem) = decode_payload(&item.kind, &item.payload);
            problems.extend(problem);
            let fell = self.fold.apply(&Rc::new(Event {
                id: None,
                kind: item.kind,
                channel: snapshot.channel,
                topic: snapshot.topic.clone(),
                payload,
                timestamp: item.timestamp,
                priority: Priority::Normal,
                seq: None,
                prev: None,
                cause: None,
            }));
            *dropped += u64::from(fell);
        }
        true
    }
}
