//! One timer for every text that depends on the time of day.
//!
//! Rows never render because time passes: each such text is its own little component, listens here once a second,
//! and renders only when its words change. The time is that of the client above, which in tests is moved by hand;
//! without a provider it is the browser's.

use crate::realtime::Client;
use crate::realtime::platform::{Browser, SharedPlatform, Timer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use yew::prelude::*;

/// Between two looks, ms.
const TICK_MS: u32 = 1_000;

type Listener = Rc<dyn Fn(u64)>;

/// The clock of a client. See the module.
pub(crate) struct Clock {
    client: Option<Client>,
    platform: SharedPlatform,
    me: Weak<Self>,
    listeners: RefCell<(u64, BTreeMap<u64, Listener>)>,
    timer: RefCell<Option<Timer>>,
}

thread_local! {
    /// Those in use.
    static CLOCKS: RefCell<Vec<Weak<Clock>>> = const { RefCell::new(Vec::new()) };
}

/// Ends the listening when dropped.
pub(crate) struct Ticking {
    clock: Rc<Clock>,
    id: u64,
}

impl Clock {
    fn of(client: Option<Client>) -> Rc<Self> {
        CLOCKS.with_borrow_mut(|clocks| {
            clocks.retain(|clock| clock.strong_count() > 0);
            if let Some(clock) = clocks.iter().filter_map(Weak::upgrade).find(|clock| clock.client == client)
            {
                return clock;
            }
            let platform =
                client.as_ref().map_or_else(|| Rc::new(Browser) as _, |client| client.platform().clone());
            let clock = Rc::new_cyclic(|me: &Weak<Self>| Self {
                client,
                platform,
                me: me.clone(),
                listeners: RefCell::default(),
                timer: RefCell::default(),
            });
            clocks.push(Rc::downgrade(&clock));
            clock
        })
    }

    /// Milliseconds since the epoch, now.
    pub(crate) fn now(&self) -> u64 {
        self.platform.wall()
    }

    /// Calls back once, after so many ms.
    #[cfg(feature = "console")]
    pub(crate) fn after(&self, ms: u32, call: Box<dyn FnOnce()>) -> Timer {
        self.platform.after(ms, call)
    }

    /// Calls `listener` about once a second with [`Clock::now`].
    pub(crate) fn listen(self: &Rc<Self>, listener: Listener) -> Ticking {
        let (id, first) = {
            let (next, listeners) = &mut *self.listeners.borrow_mut();
            *next += 1;
            listeners.insert(*next, listener);
            (*next, listeners.len() == 1)
        };
        if first {
            self.arm();
        }
        Ticking { clock: self.clone(), id }
    }

    fn arm(&self) {
        let me = self.me.clone();
        let call = Box::new(move || {
            if let Some(clock) = me.upgrade() {
                clock.tick();
            }
        });
        let old = self.timer.replace(Some(self.platform.after(TICK_MS, call)));
        drop(old);
    }

    fn tick(&self) {
        self.arm();
        // Copied first: a listener may end listening, or begin to.
        let listeners: Vec<Listener> = self.listeners.borrow().1.values().cloned().collect();
        let now = self.now();
        listeners.iter().for_each(|listener| listener(now));
    }
}

/// As a dependency: the same one, whatever the time is.
impl PartialEq for Clock {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        let (gone, last) = {
            let listeners = &mut self.clock.listeners.borrow_mut().1;
            (listeners.remove(&self.id), listeners.is_empty())
        };
        let timer = if last { self.clock.timer.take() } else { None };
        drop((gone, timer));
    }
}

/// The clock of the client above, or the browser's.
#[hook]
pub(crate) fn use_clock() -> Rc<Clock> {
    let client = use_context::<Client>();
    (*use_memo(client, |client| Clock::of(client.clone()))).clone()
}

/// A text that is a function of the time and of `at`, kept up to date.
#[hook]
pub(crate) fn use_time_text(at: u64, words: fn(now: u64, at: u64) -> AttrValue) -> AttrValue {
    let clock = use_clock();
    let text = words(clock.now(), at);
    let shown = use_mut_ref(AttrValue::default);
    *shown.borrow_mut() = text.clone();
    let update = use_force_update();
    use_effect_with((at, clock), move |(at, clock)| {
        let at = *at;
        let ticking = clock.listen(Rc::new(move |now| {
            if words(now, at) != *shown.borrow() {
                update.force_update();
            }
        }));
        move || drop(ticking)
    });
    text
}

/// How long ago, in as few characters as say it: `now`, `4m`, `2h`, `3d`. Seconds are left out on purpose: a column
/// of counting numbers draws the eye and tells nothing.
#[cfg(feature = "console")]
pub(crate) fn ago(now: u64, at: u64) -> AttrValue {
    let minutes = now.saturating_sub(at) / 60_000;
    match minutes {
        0 => AttrValue::Static("now"),
        1..60 => format!("{minutes}m").into(),
        60..1_440 => format!("{}h", minutes / 60).into(),
        _ => format!("{}d", minutes / 1_440).into(),
    }
}

/// How long ago, in words for people: `just now`, `4 minutes ago`.
pub(crate) fn ago_words(now: u64, at: u64) -> AttrValue {
    let minutes = now.saturating_sub(at) / 60_000;
    let (count, unit) = match minutes {
        0 => return AttrValue::Static("just now"),
        1..60 => (minutes, "minute"),
        60..1_440 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" }).into()
}

/// How long until: `in 12 s`, `now`.
pub(crate) fn until(now: u64, at: u64) -> AttrValue {
    match at.saturating_sub(now).div_ceil(1_000) {
        0 => AttrValue::Static("now"),
        seconds => format!("in {seconds} s").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "console")]
    #[test]
    fn short_words_of_time() {
        assert_eq!(ago(10_000, 50_000), "now");
        assert_eq!(ago(61_000, 0), "1m");
        assert_eq!(ago(7_200_000, 0), "2h");
        assert_eq!(ago(200_000_000, 0), "2d");
    }

    #[test]
    fn words_of_time() {
        assert_eq!(ago_words(61_000, 0), "1 minute ago");
        assert_eq!(ago_words(7_300_000, 0), "2 hours ago");
        assert_eq!(until(0, 1), "in 1 s");
        assert_eq!(until(5, 5), "now");
    }
}
