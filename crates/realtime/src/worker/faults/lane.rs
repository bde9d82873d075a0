//! Frames of one direction, in order and late.

use super::active;
use gloo::timers::callback::Timeout;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

/// How often a lane looks whether it may go on, ms.
const LOOK_MS: u32 = 100;

/// One direction of a socket. While it is a zombie, nothing passes. Dropping it drops what is on its way.
pub(super) struct Lane<T> {
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    deliver: Box<dyn Fn(T)>,
    /// With the time (ms) at which each is due.
    queue: RefCell<VecDeque<(f64, T)>>,
    timer: RefCell<Option<Timeout>>,
}

impl<T: 'static> Lane<T> {
    /// `deliver` is called with each, at once or later.
    pub(super) fn new(deliver: impl Fn(T) + 'static) -> Self {
        let inner =
            Inner { deliver: Box::new(deliver), queue: RefCell::default(), timer: RefCell::default() };
        Self { inner: Rc::new(inner) }
    }

    /// Takes one that is to arrive after `delay_ms`, and not before those on their way.
    pub(super) fn push(&self, delay_ms: u32, item: T) {
        let newest = self.inner.queue.borrow().back().map(|(due, _)| *due);
        if delay_ms == 0 && newest.is_none() && !is_zombie() {
            return (self.inner.deliver)(item);
        }
        let due = js_sys::Date::now() + f64::from(delay_ms);
        self.inner.queue.borrow_mut().push_back((newest.map_or(due, |newest| due.max(newest)), item));
        arm(&self.inner);
    }
}

fn is_zombie() -> bool {
    active::with(|active| active.zombie)
}

fn arm<T: 'static>(inner: &Rc<Inner<T>>) {
    let Some(due) = inner.queue.borrow().front().map(|(due, _)| *due) else { return };
    let mut timer = inner.timer.borrow_mut();
    if timer.is_some() {
        return;
    }
    let weak: Weak<Inner<T>> = Rc::downgrade(inner);
    let wait = (due - js_sys::Date::now()).max(0.0) as u32;
    let wait = if is_zombie() { wait.max(LOOK_MS) } else { wait };
    *timer = Some(Timeout::new(wait, move || {
        let Some(inner) = weak.upgrade() else { return };
        let fired = inner.timer.borrow_mut().take();
        let now = js_sys::Date::now();
        loop {
            let is_due = !is_zombie() && inner.queue.borrow().front().is_some_and(|(due, _)| *due <= now);
            if !is_due {
                break;
            }
            let item = inner.queue.borrow_mut().pop_front();
            if let Some((_, item)) = item {
                (inner.deliver)(item);
            }
        }
        arm(&inner);
        // Not before the end of what it runs.
        drop(fired);
    }));
}
