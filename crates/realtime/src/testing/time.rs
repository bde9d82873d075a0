//! Virtual time: timers, frames and futures that run on request.

use crate::platform::{Platform, Timer};
use futures::future::LocalBoxFuture;
use futures::task::{Context, noop_waker};
use sentinelops_engine::Hint;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

/// Where virtual time begins, ms since the epoch: 2026-01-01.
pub(super) const START: u64 = 1_767_225_600_000;

type Call = Box<dyn FnOnce()>;
type HintListener = Rc<dyn Fn(Hint)>;
/// When, and which of those.
type Key = (u64, u64);

/// See the module.
pub(super) struct VirtualTime {
    me: Weak<Self>,
    now: Cell<u64>,
    next: Cell<u64>,
    visible: Cell<bool>,
    pub(crate) pace_ms: Cell<u64>,
    /// Names of this browser that were forgotten.
    sessions: Cell<u32>,
    kept: RefCell<BTreeMap<String, String>>,
    drafts: RefCell<BTreeMap<String, String>>,
    /// Broadcast to other tabs: channel and message.
    broadcast: RefCell<Vec<(String, Vec<u8>)>>,
    timers: RefCell<BTreeMap<Key, Call>>,
    frames: RefCell<BTreeMap<Key, Call>>,
    futures: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    listeners: RefCell<BTreeMap<u64, HintListener>>,
}

impl VirtualTime {
    pub(super) fn new() -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            now: Cell::new(0),
            next: Cell::new(0),
            visible: Cell::new(true),
            pace_ms: Cell::new(0),
            sessions: Cell::new(0),
            kept: RefCell::default(),
            drafts: RefCell::default(),
            broadcast: RefCell::default(),
            timers: RefCell::default(),
            frames: RefCell::default(),
            futures: RefCell::default(),
            listeners: RefCell::default(),
        })
    }

    /// Everything ever broadcast to other tabs.
    pub(super) fn broadcasts(&self) -> Vec<(String, Vec<u8>)> {
        self.broadcast.borrow().clone()
    }

    pub(super) fn hint(&self, hint: Hint) {
        match hint {
            Hint::Visible => self.visible.set(true),
            Hint::Hidden => self.visible.set(false),
            _ => {}
        }
        let listeners: Vec<_> = self.listeners.borrow().values().cloned().collect();
        listeners.iter().for_each(|listener| listener(hint));
    }

    /// Time passes: timers fire in their order, each at its moment.
    pub(super) fn advance(&self, ms: u64) {
        let end = self.now.get() + ms;
        loop {
            self.poll();
            let due = self.timers.borrow().first_key_value().map(|(key, _)| *key);
            let Some(key) = due.filter(|(at, _)| *at <= end) else { break };
            self.now.set(key.0.max(self.now.get()));
            let call = self.timers.borrow_mut().remove(&key);
            if let Some(call) = call {
                call();
            }
        }
        self.now.set(end);
    }

    /// A page that slept: the clocks go on at once, timers fire late.
    pub(super) fn sleep(&self, ms: u64) {
        self.now.set(self.now.get() + ms);
    }

    /// One frame is painted (not while hidden). `true`: somebody had asked for it.
    pub(super) fn frame(&self) -> bool {
        if !self.visible.get() {
            return false;
        }
        // Those asked for during this frame belong to the next one.
        let calls = std::mem::take(&mut *self.frames.borrow_mut());
        let any = !calls.is_empty();
        for (_, call) in calls {
            call();
        }
        any
    }

    fn poll(&self) {
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        let mut futures = std::mem::take(&mut *self.futures.borrow_mut());
        futures.retain_mut(|future| future.as_mut().poll(&mut context).is_pending());
        self.futures.borrow_mut().append(&mut futures);
    }

    fn key(&self, at: u64) -> Key {
        let number = self.next.get();
        self.next.set(number + 1);
        (at, number)
    }
}

fn put(texts: &RefCell<BTreeMap<String, String>>, scope: &str, text: Option<&str>) {
    let mut texts = texts.borrow_mut();
    match text {
        Some(text) => texts.insert(scope.to_owned(), text.to_owned()),
        None => texts.remove(scope),
    };
}

struct Guard {
    time: Weak<VirtualTime>,
    key: Key,
    frame: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(time) = self.time.upgrade() else { return };
        let calls = if self.frame { &time.frames } else { &time.timers };
        let gone = calls.borrow_mut().remove(&self.key);
        drop(gone);
    }
}

struct Ear {
    time: Weak<VirtualTime>,
    number: u64,
}

impl Drop for Ear {
    fn drop(&mut self) {
        let gone = self.time.upgrade().and_then(|time| time.listeners.borrow_mut().remove(&self.number));
        drop(gone);
    }
}

impl Platform for VirtualTime {
    fn wall(&self) -> u64 {
        START + self.now.get()
    }

    fn mono(&self) -> u64 {
        self.now.get()
    }

    fn random(&self) -> [u8; 10] {
        // Unlike any other of this run, and the same in every run.
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.key(0).1.to_be_bytes());
        bytes
    }

    fn after(&self, ms: u32, call: Call) -> Timer {
        let key = self.key(self.now.get() + u64::from(ms));
        self.timers.borrow_mut().insert(key, call);
        Timer::new(Guard { time: self.me.clone(), key, frame: false })
    }

    fn frame(&self, call: Call) -> Timer {
        let key = self.key(0);
        self.frames.borrow_mut().insert(key, call);
        Timer::new(Guard { time: self.me.clone(), key, frame: true })
    }

    /// 0: in tests each frame shows what came, unless the test is about the interval.
    fn pace_ms(&self) -> u64 {
        self.pace_ms.get()
    }

    fn visible(&self) -> bool {
        self.visible.get()
    }

    fn page_url(&self) -> String {
        "http://localhost:8080/".to_owned()
    }

    fn server(&self) -> Option<String> {
        None
    }

    fn base_path(&self) -> String {
        "/".to_owned()
    }

    fn session(&self, _: &str) -> String {
        format!("test-browser-{}", self.sessions.get())
    }

    fn is_session(&self, scope: &str, name: &str) -> bool {
        self.session(scope) == name
    }

    fn forget_session(&self, scope: &str, name: &str) {
        if self.is_session(scope, name) {
            self.sessions.set(self.sessions.get() + 1);
        }
    }

    fn keep(&self, scope: &str, text: Option<&str>) {
        put(&self.kept, scope, text);
    }

    fn kept(&self, scope: &str) -> Option<String> {
        self.kept.borrow().get(scope).cloned()
    }

    fn drafts(&self, scope: &str) -> Option<String> {
        self.drafts.borrow().get(scope).cloned()
    }

    fn keep_drafts(&self, scope: &str, text: Option<&str>) {
        put(&self.drafts, scope, text);
    }

    fn broadcast(&self, channel: &str, bytes: &[u8]) {
        self.broadcast.borrow_mut().push((channel.to_owned(), bytes.to_vec()));
    }

    fn spawn(&self, future: LocalBoxFuture<'static, ()>) {
        self.futures.borrow_mut().push(future);
        let me = self.me.clone();
        // Polled once soon, and then whenever time passes.
        self.timers.borrow_mut().insert(
            self.key(self.now.get()),
            Box::new(move || {
                if let Some(time) = me.upgrade() {
                    time.poll();
                }
            }),
        );
    }

    fn hints(&self, listener: Box<dyn Fn(Hint)>) -> Option<Timer> {
        let key = self.key(0);
        self.listeners.borrow_mut().insert(key.1, listener.into());
        Some(Timer::new(Ear { time: self.me.clone(), number: key.1 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_at_their_moment_unless_dropped() {
        let time = VirtualTime::new();
        let log = Rc::new(RefCell::new(Vec::new()));
        let note = |name: &'static str| {
            let (log, time) = (log.clone(), time.clone());
            Box::new(move || log.borrow_mut().push((name, time.mono())))
        };
        let _b = time.after(20, note("b"));
        let _a = time.after(10, note("a"));
        let c = time.after(15, note("c"));
        drop(c);
        time.advance(15);
        assert_eq!(*log.borrow(), [("a", 10)]);
        time.advance(5);
        assert_eq!(*log.borrow(), [("a", 10), ("b", 20)]);
    }

    #[test]
    fn hidden_pages_get_no_frames() {
        let time = VirtualTime::new();
        time.hint(Hint::Hidden);
        let _frame = Platform::frame(&*time, Box::new(|| {}));
        assert!(!time.frame());
        time.hint(Hint::Visible);
        assert!(time.frame());
        assert!(!time.frame());
    }
}
