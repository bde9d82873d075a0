//! Which faults are on, until when, and what came of them.

use super::list::{Fault, How};
use super::verdict::{Seen, Verdict, Watch};
use std::collections::VecDeque;

/// Verdicts that are shown.
const VERDICTS: usize = 8;
/// The fault that ends with a new connection, and would last otherwise.
const NEEDS_CONNECT: &str = "lab.close";

/// A fault that was brought about.
#[derive(Debug)]
struct Running {
    fault: &'static Fault,
    /// When it ends, ms; `None`: when it is switched off.
    until: Option<u64>,
    /// It has been switched off, and its verdict is not there.
    is_off: bool,
    watch: Watch,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// To the worker.
    Worker(String),
    /// To the gateway, until it is answered: type and payload.
    Ask(&'static str, String),
    /// The same, once: it may have no answer.
    AskOnce(&'static str, String),
    Connect,
}

/// Settings of the fault "Slow", ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    pub latency_ms: u32,
    pub jitter_ms: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Control {
    running: Vec<Running>,
    pub verdicts: VecDeque<(u64, Verdict)>,
    number: u64,
}

impl Control {
    /// Whether a fault is on, and until when.
    pub fn is_on(&self, fault: &Fault) -> Option<Option<u64>> {
        let on = self
            .running
            .iter()
            .find(|running| running.fault == fault && !running.is_off && fault.how.lasts());
        on.map(|running| running.until)
    }

    /// Whether any fault is on.
    pub fn has_fault(&self) -> bool {
        self.running.iter().any(|running| !running.is_off)
    }

    /// Brings a fault about, for so long.
    pub fn begin(
        &mut self,
        fault: &'static Fault,
        seconds: Option<u32>,
        slow: Slow,
        seen: Seen,
    ) -> Vec<Order> {
        if self.is_on(fault).is_some() {
            return Vec::new();
        }
        let lasts = fault.how.lasts();
        let until = seconds.filter(|_| lasts).map(|seconds| seen.at + u64::from(seconds) * 1_000);
        let mut watch = Watch::new(fault.name, seen);
        if !lasts {
            watch.end(seen.at);
        }
        self.running.push(Running { fault, until, is_off: !lasts, watch });
        match fault.how {
            How::Lasts("slow") => {
                vec![Order::Worker(format!("on slow {} {}", slow.latency_ms, slow.jitter_ms))]
            }
            How::Lasts(name) => vec![Order::Worker(format!("on {name}"))],
            How::Once(name) | How::OtherTab(name) => vec![Order::Worker(name.to_owned())],
            How::Server(kind, payload) => vec![Order::AskOnce(kind, payload.to_owned())],
            How::ServerLasts(kind, payload, _) => vec![Order::Ask(kind, payload.to_owned())],
        }
    }

    /// Switches a fault off.
    pub fn end(&mut self, fault: &Fault, at: u64) -> Vec<Order> {
        let mut orders = Vec::new();
        for running in self.running.iter_mut().filter(|running| running.fault == fault && !running.is_off) {
            running.is_off = true;
            running.watch.end(at);
            match fault.how {
                How::Lasts(name) => orders.push(Order::Worker(format!("off {name}"))),
                How::ServerLasts(kind, _, end) => orders.push(Order::Ask(kind, end.to_owned())),
                How::Once(_) | How::OtherTab(_) | How::Server(..) => {}
            }
        }
        orders
    }

    /// Switches everything off.
    pub fn reset(&mut self, at: u64) -> Vec<Order> {
        let all: Vec<_> =
            self.running.iter().filter(|running| !running.is_off).map(|running| running.fault).collect();
        let mut orders: Vec<_> = all.into_iter().flat_map(|fault| self.end(fault, at)).collect();
        orders.extend([Order::Worker("reset".to_owned()), Order::Connect]);
        orders
    }

    /// Time has passed, or something has changed.
    pub fn step(&mut self, seen: Seen) -> Vec<Order> {
        let due = |running: &&Running| !running.is_off && running.until.is_some_and(|until| until <= seen.at);
        let due: Vec<_> = self.running.iter().filter(due).map(|running| running.fault).collect();
        let mut orders: Vec<_> = due.into_iter().flat_map(|fault| self.end(fault, seen.at)).collect();
        let mut left = Vec::new();
        for mut running in std::mem::take(&mut self.running) {
            let needs_connect =
                matches!(running.fault.how, How::Server(NEEDS_CONNECT, _)) && !seen.is_connected;
            match running.watch.see(seen) {
                Some(verdict) => {
                    self.number += 1;
                    self.verdicts.push_front((self.number, verdict));
                    self.verdicts.truncate(VERDICTS);
                }
                None => left.push(running),
            }
            if needs_connect {
                orders.push(Order::Connect);
            }
        }
        self.running = left;
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::FAULTS;
    use super::*;

    const SLOW: Slow = Slow { latency_ms: 800, jitter_ms: 200 };

    fn fault(name: &str) -> &'static Fault {
        FAULTS.iter().find(|fault| fault.name == name).expect("a fault")
    }

    fn seen(at: u64) -> Seen {
        Seen { at, is_connected: true, ..Seen::default() }
    }

    fn worker(text: &str) -> Order {
        Order::Worker(text.to_owned())
    }

    #[test]
    fn a_fault_ends_when_its_time_is_over_and_is_judged() {
        let mut control = Control::default();
        assert_eq!(control.begin(fault("Slow"), Some(5), SLOW, seen(0)), [worker("on slow 800 200")]);
        assert_eq!(control.begin(fault("Slow"), Some(5), SLOW, seen(0)), [], "it is on");
        assert_eq!((control.is_on(fault("Slow")), control.step(seen(4_999))), (Some(Some(5_000)), vec![]));
        assert_eq!(control.step(seen(5_000)), [worker("off slow")]);
        assert_eq!((control.is_on(fault("Slow")), control.verdicts.len()), (None, 0));
        assert!(!control.has_fault());
        control.step(seen(7_000));
        assert_eq!(control.verdicts.len(), 1);
    }

    #[test]
    fn a_fault_until_off_lasts_and_reset_ends_everything() {
        let mut control = Control::default();
        control.begin(fault("Zombie"), None, SLOW, seen(0));
        control.begin(fault("Refusal"), None, SLOW, seen(0));
        assert_eq!(control.step(seen(900_000)), []);
        let orders = control.reset(900_000);
        assert_eq!(
            orders,
            [
                worker("off zombie"),
                Order::Ask("lab.nack", r#"{"every":0}"#.to_owned()),
                worker("reset"),
                Order::Connect,
            ]
        );
    }

    #[test]
    fn what_happens_once_is_judged_by_itself() {
        let mut control = Control::default();
        assert_eq!(control.begin(fault("Drop"), None, SLOW, seen(0)), [worker("close-socket")]);
        assert_eq!(control.is_on(fault("Drop")), None);
        control.step(seen(2_000));
        assert_eq!(control.verdicts.len(), 1);
    }

    #[test]
    fn after_an_expired_token_the_page_connects_again() {
        let mut control = Control::default();
        control.begin(fault("Expired token"), None, SLOW, seen(0));
        assert_eq!(control.step(Seen { is_connected: false, ..seen(500) }), [Order::Connect]);
    }

    #[test]
    fn the_newest_verdicts_are_kept() {
        let mut control = Control::default();
        for at in 0..20 {
            control.begin(fault("Drop"), None, SLOW, seen(at * 10_000));
            control.step(seen(at * 10_000 + 2_000));
        }
        assert_eq!((control.verdicts.len(), control.verdicts[0].0), (VERDICTS, 20));
    }
}
