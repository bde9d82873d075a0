//! What stands where the worker would be.

use super::time::VirtualTime;
use crate::bridge::{FromWorker, Port, PortEvent, PortListener, ToWorker};
use crate::platform::{Platform, Timer};
use sentinelops_engine::{Batch, Delivery, SendRequest};
use sentinelops_protocol::{Event, Problem, Subject};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

/// Everything of the fake worker; the ports of one connection share it.
pub(super) struct World {
    pub time: Rc<VirtualTime>,
    pub listener: RefCell<Option<PortListener>>,
    /// Everything the page sent, newest last.
    pub posted: RefCell<Vec<ToWorker>>,
    pub subjects: RefCell<Vec<Subject>>,
    /// What was handed in, each id once, in order.
    pub requests: RefCell<Vec<SendRequest>>,
    /// What came before the first worker: Yew renders, and components subscribe, some tasks after
    /// mounting.
    early: RefCell<Vec<Delivery>>,
    early_events: RefCell<Vec<Rc<Event>>>,
    /// Waits for the page's credit, as the engine's does.
    pub queue: RefCell<Vec<Delivery>>,
    pub outstanding: Cell<bool>,
    pub batches: Cell<u64>,
    pub spawned: Cell<u32>,
    pub answers: Cell<bool>,
    pub starts: Cell<bool>,
    /// By channel: what the page had kept on this device.
    pub last_states: RefCell<BTreeMap<String, Vec<u8>>>,
    timers: RefCell<Vec<Timer>>,
}

impl World {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            time: VirtualTime::new(),
            listener: RefCell::default(),
            posted: RefCell::default(),
            subjects: RefCell::default(),
            requests: RefCell::default(),
            early: RefCell::default(),
            early_events: RefCell::default(),
            queue: RefCell::default(),
            outstanding: Cell::new(false),
            batches: Cell::new(0),
            spawned: Cell::new(0),
            answers: Cell::new(true),
            starts: Cell::new(true),
            last_states: RefCell::default(),
            timers: RefCell::default(),
        })
    }

    pub(super) fn spawn(self: &Rc<Self>, listener: PortListener) -> Rc<dyn Port> {
        *self.listener.borrow_mut() = Some(listener);
        self.spawned.set(self.spawned.get() + 1);
        self.subjects.borrow_mut().clear();
        self.queue.borrow_mut().clear();
        self.outstanding.set(false);
        Rc::new(FakePort { world: Rc::downgrade(self), number: self.spawned.get() })
    }

    pub(super) fn emit(&self, event: PortEvent) {
        let listener = self.listener.borrow().clone();
        if let Some(listener) = listener {
            listener(event);
        }
    }

    pub(super) fn deliver(&self, items: impl IntoIterator<Item = Delivery>) {
        if self.spawned.get() == 0 {
            self.early.borrow_mut().extend(items);
            return;
        }
        self.queue.borrow_mut().extend(items);
        self.pump();
    }

    /// Events, for those who subscribed to them.
    pub(super) fn events(&self, events: impl IntoIterator<Item = Event>) {
        let events = events.into_iter().map(Rc::new);
        if self.spawned.get() == 0 {
            self.early_events.borrow_mut().extend(events);
            return;
        }
        let items: Vec<_> = events.flat_map(|event| self.addressed(&event)).collect();
        self.deliver(items);
    }

    fn addressed(&self, event: &Rc<Event>) -> Vec<Delivery> {
        let subjects = self.subjects.borrow();
        let concerned = subjects.iter().filter(|subject| concerns(subject, event));
        let events = concerned.map(|subject| Delivery::Event(subject.clone(), event.clone()));
        with_problems(events.collect())
    }

    fn begin(&self) {
        self.emit(PortEvent::Message(FromWorker::Ready));
        self.deliver(self.early.take());
    }

    /// Nobody who subscribes from now on was meant.
    pub(super) fn forget_early(&self) {
        self.early_events.borrow_mut().clear();
    }

    fn deliver_early(&self, subject: &Subject) {
        let events = self.early_events.borrow();
        let concerned = events.iter().filter(|event| concerns(subject, event));
        let items = concerned.map(|event| Delivery::Event(subject.clone(), event.clone())).collect();
        drop(events);
        self.deliver(with_problems(items));
    }

    /// One batch outstanding, never two.
    pub(super) fn pump(&self) {
        if self.outstanding.get() || self.queue.borrow().is_empty() || self.listener.borrow().is_none() {
            return;
        }
        self.outstanding.set(true);
        let number = self.batches.get() + 1;
        self.batches.set(number);
        let items = std::mem::take(&mut *self.queue.borrow_mut());
        self.emit(PortEvent::Message(FromWorker::Batch(Batch { number, items })));
    }

    /// A port answers later, never from inside `send`.
    fn soon(self: &Rc<Self>, call: impl FnOnce(&Rc<Self>) + 'static) {
        let world = Rc::downgrade(self);
        let timer = self.time.after(
            0,
            Box::new(move || {
                if let Some(world) = world.upgrade() {
                    call(&world);
                }
            }),
        );
        let mut timers = self.timers.borrow_mut();
        // Those that fired are gone by now; holding a few is nothing.
        if timers.len() > 64 {
            timers.drain(..32);
        }
        timers.push(timer);
    }

    fn take(self: &Rc<Self>, message: ToWorker) {
        match &message {
            ToWorker::Init(_) if self.starts.get() => {
                self.soon(|world| world.begin());
            }
            ToWorker::Heartbeat(number) if self.answers.get() => {
                let number = *number;
                self.soon(move |world| world.emit(PortEvent::Message(FromWorker::Heartbeat(number))));
            }
            ToWorker::Subscribe(subject) => {
                self.subjects.borrow_mut().push(subject.clone());
                if !self.early_events.borrow().is_empty() {
                    let subject = subject.clone();
                    self.soon(move |world| world.deliver_early(&subject));
                }
            }
            ToWorker::KeepState(channel, bytes) => {
                self.last_states.borrow_mut().insert(channel.as_str().to_owned(), bytes.clone());
            }
            ToWorker::ReadState => self.soon(|world| {
                let records = world.last_states.borrow().values().cloned().collect();
                world.emit(PortEvent::Message(FromWorker::LastState(records)));
            }),
            ToWorker::Unsubscribe(subject) => self.subjects.borrow_mut().retain(|known| known != subject),
            ToWorker::Send(requests) => {
                let mut known = self.requests.borrow_mut();
                for request in requests {
                    if !known.iter().any(|had| had.id == request.id) {
                        known.push(request.clone());
                    }
                }
            }
            ToWorker::Credit(number) if *number == self.batches.get() => {
                self.outstanding.set(false);
                self.soon(|world| world.pump());
            }
            _ => {}
        }
        self.posted.borrow_mut().push(message);
    }
}

struct FakePort {
    world: Weak<World>,
    number: u32,
}

impl Port for FakePort {
    fn send(&self, message: ToWorker) {
        if let Some(world) = self.world.upgrade().filter(|world| world.spawned.get() == self.number) {
            world.take(message);
        }
    }

    fn terminate(&self) {
        if let Some(world) = self.world.upgrade().filter(|world| world.spawned.get() == self.number) {
            *world.listener.borrow_mut() = None;
        }
    }
}

/// The problem of a message that does not fit its type comes first, as from the engine.
fn with_problems(items: Vec<Delivery>) -> Vec<Delivery> {
    let mut problems: Vec<Problem> = Vec::new();
    for item in &items {
        match item {
            Delivery::Event(_, event) => problems.extend(event.mismatch()),
            Delivery::Snapshot(snapshot) => {
                problems.extend(snapshot.items.iter().filter_map(|item| item.mismatch()))
            }
            _ => {}
        }
    }
    problems.dedup();
    problems.into_iter().map(Delivery::Problem).chain(items).collect()
}

/// Whether a subscriber of the subject gets the event.
fn concerns(subject: &Subject, event: &Event) -> bool {
    let topic = event.topic.as_deref().or_else(|| event.payload.topic());
    subject.channel == event.channel && (subject.topic.is_none() || subject.topic.as_deref() == topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{activity, agent, alert, chat_message, incident, raw, receipt, typing};
    use sentinelops_protocol::domain::{AlertChange, Presence, ReceiptKind, Severity};
    use sentinelops_protocol::{Channel, Payload};

    #[test]
    fn who_follows_a_topic_gets_what_is_about_it_on_every_channel() {
        let mut about = activity("x", "ann", "closed");
        if let Payload::Activity(activity) = &mut about.payload {
            activity.target = Some("t".to_owned());
        }
        let mut own = raw(Channel::Activity, "deploy.started", "{}");
        own.topic = Some("t".to_owned());
        for event in [
            incident("t").into(),
            agent("t", Presence::Busy),
            alert("t", AlertChange::Raised, Severity::Low),
            chat_message("t", "1", "ann", "hi"),
            receipt(ReceiptKind::Read, "t", "ann", 1),
            typing("t", "ann"),
            about,
            own,
        ] {
            let channel = event.channel;
            assert!(concerns(&Subject::topic(channel, "t"), &event), "{}", event.kind);
            assert!(concerns(&Subject::channel(channel), &event), "{}", event.kind);
            assert!(!concerns(&Subject::topic(channel, "other"), &event), "{}", event.kind);
        }
        assert!(!concerns(&Subject::topic(Channel::Activity, "x"), &activity("x", "ann", "did")));
    }
}
