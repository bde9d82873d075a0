//! The checker: what must hold, looked at after every step and only where something changed.
//!
//! - [`ends`]: bad ends only for a reason that the world saw.
//! - [`standing`]: an engine stops dialling only where it may.
//! - [`stream`]: what the wire reports about the subscriptions.
//! - [`messages`]: nothing lost, nothing twice, nothing reported otherwise, order.
//! - [`turns`]: the more urgent one goes first.
//! - [`wire`]: one live socket, the window, no resend on the same socket, no early verdict, patience.
//! - `docs/simulation.md` lists every invariant by the name it has here.

pub mod ends;
pub mod messages;
pub mod standing;
pub mod stream;
pub mod turns;
pub mod wire;

use ends::Ends;
use messages::Messages;
use standing::Standing;
use stream::Stream;
use turns::Turns;
use wire::Wire;

/// Something that must not happen, happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its name in docs/simulation.md.
    pub invariant: &'static str,
    /// What exactly.
    pub detail: String,
    /// When, simulated ms.
    pub at: u64,
}

/// The invariants of one schedule.
#[derive(Debug, Default)]
pub struct Checker {
    /// The first one found; nothing after it counts.
    pub violation: Option<Violation>,
    /// What is known of every message.
    pub messages: Messages,
    /// What is known of sockets and dials.
    pub wire: Wire,
    /// Whose turn it is to be sent.
    pub turns: Turns,
    /// What speaks for bad ends.
    pub ends: Ends,
    /// Whether the engine may stop dialling.
    pub standing: Standing,
    /// What the wire reports about the subscriptions.
    pub stream: Stream,
    /// Simulated time, for violations.
    pub now: u64,
    /// Outputs in the present simulated second.
    outputs: (u64, u32),
    /// Timeouts in the present simulated second.
    ticks: (u64, u32),
    /// Calls of `handle_timeout` after which the next one was due already.
    overdue: u32,
}

/// More outputs than this in a simulated second are a busy loop: a burst of 400 events for three
/// pages and its traces stay below.
const OUTPUTS_PER_SECOND: u32 = 6_000;
/// More timeouts than this in a simulated second are a busy loop.
const TICKS_PER_SECOND: u32 = 400;
/// A timeout may leave another one due at once, but not for ever.
const OVERDUE: u32 = 10;

impl Checker {
    /// Notes the first violation.
    pub fn fail(&mut self, invariant: &'static str, detail: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(Violation { invariant, detail: detail(), at: self.now });
        }
    }

    /// An engine asked for something.
    pub fn output(&mut self) {
        let second = self.now / 1000;
        if self.outputs.0 != second {
            self.outputs = (second, 0);
        }
        self.outputs.1 += 1;
        if self.outputs.1 > OUTPUTS_PER_SECOND {
            self.fail("no-busy-loop", || format!("more than {OUTPUTS_PER_SECOND} outputs in a second"));
        }
    }

    /// An engine's timer fired; `overdue` when the next one is due already.
    pub fn tick(&mut self, overdue: bool) {
        let second = self.now / 1000;
        if self.ticks.0 != second {
            self.ticks = (second, 0);
        }
        self.ticks.1 += 1;
        if self.ticks.1 > TICKS_PER_SECOND {
            self.fail("no-busy-loop", || format!("more than {TICKS_PER_SECOND} timeouts in a second"));
        }
        self.overdue = if overdue { self.overdue + 1 } else { 0 };
        if self.overdue > OVERDUE {
            self.fail("timeout-in-future", || {
                format!("{OVERDUE} timeouts in a row left poll_timeout in the past")
            });
        }
    }
}

/// One of these, whatever the number.
pub(crate) fn pick_nth(of: impl Iterator<Item = usize>, nth: usize) -> Option<usize> {
    let all: Vec<usize> = of.collect();
    all.get(nth % all.len().max(1)).copied()
}

/// The name of the n-th message.
pub fn message_id(n: usize) -> String {
    format!("M~{n:05}")
}

/// The number of a message.
pub fn message_number(id: &str) -> Option<usize> {
    id.strip_prefix("M~").filter(|digits| digits.len() == 5)?.parse().ok()
}

/// The number behind the first `mark`.
pub(crate) fn number_after(text: &str, mark: &str) -> Option<u64> {
    let from = text.find(mark)? + mark.len();
    let digits: &str = text[from..].split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The numbers of the messages named after `mark` in a frame: `"id":"` or `"cause":"`.
pub fn numbers_after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(mark).filter_map(move |(at, _)| {
        let from = at + mark.len();
        message_number(text.get(from..from + 7)?)
    })
}
