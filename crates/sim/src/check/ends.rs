//! Why a message may end badly: only for what the world saw.
//!
//! An end that is false only in its reason harms as much as a lie: an engine that refuses every send keeps
//! every other promise.

use super::{Checker, message_number};
use sentinelops_engine::{DeliveryState, FailReason};
use sentinelops_protocol::{Limits, Priority};
use std::collections::BTreeSet;

/// What speaks for a bad end of one message.
#[derive(Debug, Default)]
struct Witness {
    /// Its envelope.
    bytes: u64,
    /// Which of all entrances was its last.
    entered: u64,
    /// A final nack, or an error naming it, reached a worker.
    refused: bool,
    /// Retryable nacks that reached one.
    nacks: u32,
    /// It was alone in flight when the server closed with a code that blames what it was sent.
    blamed: u32,
    /// A person wanted it dropped.
    discarded: bool,
    /// What was found justified since it was last taken.
    judged: Vec<DeliveryState>,
    /// It was to be listed as ended, and a full list let it go.
    dropped: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Ends {
    all: Vec<Witness>,
    /// What no engine has called done.
    held: BTreeSet<usize>,
    bytes: u64,
    entrances: u64,
    /// The last entrance at which the outbox was full.
    crowded_at: Option<u64>,
    /// Most rows.
    pub capacity: usize,
    /// Most bytes.
    pub max_bytes: u64,
    /// Maximum age, ms.
    pub max_age: u64,
    /// Retryable nacks until a message fails.
    pub max_attempts: u32,
    /// Ms by which the engine may err about the server's time: what a welcome took, what a monotonic clock
    /// slept through.
    pub clock_error: u64,
    /// Wall clocks are set: what is known of ages before a welcome may be wrong by any time.
    pub clocks_set: bool,
    /// So many bad ends were judged.
    pub count: u32,
}

impl Ends {
    fn of(&mut self, n: usize) -> &mut Witness {
        if self.all.len() <= n {
            self.all.resize_with(n + 1, Witness::default);
        }
        &mut self.all[n]
    }

    /// The envelope of a message has so many bytes.
    pub fn measured(&mut self, n: usize, bytes: u64) {
        self.of(n).bytes = bytes;
    }

    /// An engine is given a message whose envelope has so many bytes.
    pub fn enter(&mut self, n: usize, bytes: u64) {
        self.measured(n, bytes);
        self.enter_again(n);
    }

    /// An engine is given it once more.
    pub fn enter_again(&mut self, n: usize) {
        self.entrances += 1;
        let entrances = self.entrances;
        let witness = self.of(n);
        witness.entered = entrances;
        let bytes = witness.bytes;
        if self.held.insert(n) {
            self.bytes += bytes;
        }
        if self.held.len() > self.capacity || self.bytes > self.max_bytes {
            self.crowded_at = Some(entrances);
        }
    }

    /// A retry took it off the list: what ended it before is over.
    pub fn begins_anew(&mut self, n: usize) {
        self.of(n).judged.clear();
    }

    /// A full list drops a message that ended.
    pub fn drop_listed(&mut self, n: usize) {
        self.of(n).dropped |= self.listed(n).is_some();
    }

    /// How a message ended, if that is listed.
    pub fn listed(&self, n: usize) -> Option<&DeliveryState> {
        self.all.get(n)?.judged.last().filter(|state| match state {
            DeliveryState::Failed(reason) => *reason != FailReason::Discarded,
            state => matches!(state, DeliveryState::Expired { .. } | DeliveryState::Evicted),
        })
    }

    /// How a message ended that a full list dropped.
    pub fn dropped(&self, n: usize) -> Option<&DeliveryState> {
        self.all.get(n).filter(|witness| witness.dropped)?.judged.last()
    }

    /// It is done with, or nobody has it any more.
    pub fn leave(&mut self, n: usize) {
        if self.held.remove(&n) {
            self.bytes -= self.of(n).bytes;
        }
    }

    /// Bytes of what no engine has called done.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The envelope of a message, in bytes.
    pub fn bytes_of(&self, n: usize) -> u64 {
        self.all.get(n).map_or(0, |witness| witness.bytes)
    }

    /// A final nack, or an error naming it, was read.
    pub fn refused(&mut self, n: usize) {
        self.of(n).refused = true;
    }

    /// A retryable nack was read.
    pub fn nacked(&mut self, n: usize) {
        self.of(n).nacks += 1;
    }

    /// The server closed over it.
    pub fn blamed(&mut self, n: usize) {
        self.of(n).blamed += 1;
    }

    /// A person wants it dropped.
    pub fn discarded(&mut self, n: usize) {
        self.of(n).discarded = true;
    }
}

/// What the world knows at the moment of an end.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The worker.
    pub instance: u32,
    /// It is connected.
    pub connected: bool,
}

impl Checker {
    /// An engine says, or stores, how a message ended.
    pub fn justify(&mut self, id: &str, state: &DeliveryState, moment: Moment) {
        let Some(n) = message_number(id).filter(|n| *n < self.messages.all.len()) else { return };
        if self.ends.of(n).judged.contains(state) {
            return;
        }
        if let Err(why) = self.is_justified(n, state, moment) {
            return self.fail("just-end", || format!("{id} ends as {state:?}: {why}"));
        }
        self.ends.of(n).judged.push(state.clone());
        self.ends.count += 1;
    }

    fn is_justified(&mut self, n: usize, state: &DeliveryState, moment: Moment) -> Result<(), String> {
        let now = self.now;
        let message = &self.messages.all[n];
        let (promised, critical) = (message.promised, message.priority == Priority::Critical);
        let (at, sent, first_worker) = (message.at, message.wire.sent, message.first_worker);
        let replaceable = self.messages.is_replaceable(n);
        let ends = &mut self.ends;
        let witness = &ends.all[n];
        let crowded = ends.crowded_at.is_some_and(|at| at >= witness.entered);
        let need = |holds: bool, why: &str| if holds { Ok(()) } else { Err(why.to_owned()) };
        match state {
            DeliveryState::Queued | DeliveryState::Sent | DeliveryState::Unconfirmed => Ok(()),
            DeliveryState::Delivered | DeliveryState::HandedOver => Ok(()),
            DeliveryState::Expired { may_have_arrived } => {
                let age = now.saturating_sub(at);
                if !ends.clocks_set && age + ends.clock_error < ends.max_age {
                    return Err(format!("it is {age} ms old, {} are allowed", ends.max_age));
                }
                let other_worker = moment.instance != first_worker;
                need(!may_have_arrived || sent > 0 || other_worker, "it was never sent")
            }
            DeliveryState::Evicted => {
                need(crowded, "the outbox was never full")?;
                need(!critical, "it is critical")
            }
            DeliveryState::Superseded => need(replaceable, "nothing could replace it"),
            DeliveryState::Failed(reason) => match reason {
                FailReason::Refused { .. } => need(witness.refused, "the server did not refuse it"),
                FailReason::TooManyAttempts { .. } => {
                    let most = ends.max_attempts;
                    need(
                        witness.nacks >= most,
                        &format!("{} retryable nacks, {most} are allowed", witness.nacks),
                    )
                }
                FailReason::Poison { .. } => {
                    need(witness.blamed >= 2, &format!("the server closed over it {} times", witness.blamed))
                }
                FailReason::TooBig { .. } => {
                    need(witness.bytes > Limits::to_server().max_bytes as u64, "it is not too big")
                }
                FailReason::QueueFull { .. } => need(crowded, "the outbox was never full"),
                FailReason::NotConnected => {
                    need(!promised, "it was to wait for a connection")?;
                    need(!moment.connected, "there is a connection")
                }
                FailReason::Invalid { .. } => Err("there is nothing wrong with it".to_owned()),
                FailReason::Discarded => need(witness.discarded, "nobody discarded it"),
                FailReason::SignedOut => Err("nobody signed out".to_owned()),
                FailReason::Unreadable => Err("every record can be read here".to_owned()),
                other => Err(format!("no rule of this checker allows {other:?}")),
            },
            other => Err(format!("no rule of this checker allows {other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_counts_for_those_who_were_in_it() {
        let mut ends = Ends { capacity: 2, max_bytes: 1_000, ..Ends::default() };
        let crowded = |ends: &Ends, n: usize| ends.crowded_at.is_some_and(|at| at >= ends.all[n].entered);
        ends.enter(0, 10);
        ends.enter(1, 10);
        assert!(!crowded(&ends, 0));
        ends.enter(2, 10);
        assert!(crowded(&ends, 0) && crowded(&ends, 2));
        ends.leave(0);
        ends.leave(1);
        ends.enter(3, 10);
        assert!(!crowded(&ends, 3));
        ends.enter(4, 981);
        assert!(crowded(&ends, 3), "by bytes");
        assert_eq!(ends.bytes(), 1_001);
    }
}
