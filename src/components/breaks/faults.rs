//! The faults of a page: which are on, what came of each, and how they are brought about.

use super::control::{Control, Slow};
use super::list::{FAULTS, Fault};
use super::send::use_orders;
use super::verdict::Seen;
use crate::components::scoreboard::Score;
use sentinelops_realtime::{Clock, use_clock, use_connection};
use std::cell::{Ref, RefCell};
use std::rc::Rc;
use yew::prelude::*;

/// Settings of "Slow" at first.
pub const SLOW: Slow = Slow { latency_ms: 800, jitter_ms: 200 };

/// What is done to the faults.
pub enum Act {
    Press(&'static Fault, Option<u32>, Slow),
    /// Nothing where it is on.
    Begin(&'static Fault, u32),
    Reset,
    /// Time has passed, or something has changed.
    Look,
}

/// Brings faults about. The same one for as long as the page is there.
#[derive(Clone)]
pub struct Breaker {
    act: Callback<Act>,
    seen: Rc<RefCell<Seen>>,
    clock: Rc<Clock>,
}

impl PartialEq for Breaker {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.seen, &other.seen)
    }
}

impl Breaker {
    pub fn act(&self, act: Act) {
        self.act.emit(act);
    }

    /// A fault by its name, for so many seconds. Nothing where it is on.
    pub fn begin(&self, name: &str, seconds: u32) {
        if let Some(fault) = FAULTS.iter().find(|fault| fault.name == name) {
            self.act(Act::Begin(fault, seconds));
        }
    }

    /// What is known of connection and messages now.
    pub fn seen(&self) -> Seen {
        Seen { at: self.clock.now(), ..*self.seen.borrow() }
    }
}

/// The faults as they are now.
#[derive(Clone)]
pub struct Faults {
    control: Rc<RefCell<Control>>,
    /// Counts what was done to them.
    version: u64,
    pub breaker: Breaker,
    /// Whether the gateway takes requests; `None`: it was not asked.
    pub answered: Option<bool>,
}

impl PartialEq for Faults {
    fn eq(&self, other: &Self) -> bool {
        self.breaker == other.breaker && self.version == other.version && self.answered == other.answered
    }
}

impl Faults {
    pub fn control(&self) -> Ref<'_, Control> {
        self.control.borrow()
    }
}

/// The faults of this page; `score`: what became of its messages.
#[hook]
pub fn use_faults(score: Score) -> Faults {
    let clock = use_clock();
    let is_connected = use_connection().is_connected;
    let (carry_out, answered) = use_orders();
    let control = use_mut_ref(Control::default);
    let version = use_state_eq(|| 0_u64);
    let seen = use_mut_ref(Seen::default);
    let Score { sent, open, ended, .. } = score;
    *seen.borrow_mut() = Seen { at: 0, is_connected, sent, open, ended, broken: score.broken() };
    let act = use_callback((), {
        let (control, clock, seen, set) = (control.clone(), clock.clone(), seen.clone(), version.setter());
        let count = std::cell::Cell::new(0);
        move |act: Act, ()| {
            let seen = Seen { at: clock.now(), ..*seen.borrow() };
            let orders = {
                let mut control = control.borrow_mut();
                match act {
                    Act::Press(fault, ..) if control.is_on(fault).is_some() => control.end(fault, seen.at),
                    Act::Press(fault, seconds, slow) => control.begin(fault, seconds, slow, seen),
                    Act::Begin(fault, seconds) => control.begin(fault, Some(seconds), SLOW, seen),
                    Act::Reset => control.reset(seen.at),
                    Act::Look => control.step(seen),
                }
            };
            carry_out.emit(orders);
            count.set(count.get() + 1);
            set.set(count.get());
        }
    });
    use_effect_with((is_connected, score), {
        let act = act.clone();
        move |_| act.emit(Act::Look)
    });
    use_effect_with(clock.clone(), {
        let act = act.clone();
        move |clock| {
            let ticking = clock.listen(Callback::from(move |_| act.emit(Act::Look)));
            move || drop(ticking)
        }
    });
    Faults { control, version: *version, breaker: Breaker { act, seen, clock }, answered }
}
