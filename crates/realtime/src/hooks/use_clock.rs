//! The time, as the connection has it.
//!
//! One timer for all who listen: a text that depends on the time of day does not need one of its own. The time is
//! that of the client above, which in tests is moved by hand; without a provider it is the browser's.

use crate::Client;
use crate::platform::{Browser, SharedPlatform, Timer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use yew::prelude::*;

/// Between two looks, ms.
const TICK_MS: u32 = 1_000;

/// The clock of [`use_clock`].
///
/// ```
/// use sentinelops_realtime::Clock;
///
/// fn minutes_since(clock: &Clock, at: u64) -> u64 {
///     clock.now().saturating_sub(at) / 60_000
/// }
/// ```
pub struct Clock {
    client: Option<Client>,
    platform: SharedPlatform,
    me: Weak<Self>,
    listeners: RefCell<(u64, BTreeMap<u64, Callback<u64>>)>,
    timer: RefCell<Option<Timer>>,
}

thread_local! {
    /// Those in use.
    static CLOCKS: RefCell<Vec<Weak<Clock>>> = const { RefCell::new(Vec::new()) };
}

/// What [`Clock::listen`] began. Dropping it ends the listening.
///
/// ```
/// use sentinelops_realtime::ClockListener;
///
/// /// An effect's way to end it.
/// fn destructor(ticking: ClockListener) -> impl FnOnce() {
///     move || drop(ticking)
/// }
/// ```
#[must_use = "dropping it ends the listening"]
pub struct ClockListener {
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
    ///
    /// ```
    /// # fn of(clock: &sentinelops_realtime::Clock, at: u64) -> bool {
    /// let is_old = clock.now().saturating_sub(at) > 60_000;
    /// # is_old
    /// # }
    /// ```
    pub fn now(&self) -> u64 {
        self.platform.wall()
    }

    /// Calls back once, after so many ms.
    ///
    /// ```
    /// use sentinelops_realtime::{ClockTimeout, Clock};
    /// use yew::prelude::*;
    ///
    /// fn remind(clock: &Clock, update: UseForceUpdateHandle) -> ClockTimeout {
    ///     clock.after(5_000, move || update.force_update())
    /// }
    /// ```
    pub fn after(&self, ms: u32, call: impl FnOnce() + 'static) -> ClockTimeout {
        ClockTimeout { _timer: self.platform.after(ms, Box::new(call)) }
    }

    /// Calls `listener` about once a second with [`Clock::now`].
    ///
    /// ```
    /// use sentinelops_realtime::use_clock;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Seconds() -> Html {
    ///     let clock = use_clock();
    ///     let seconds = use_state_eq(|| clock.now() / 1_000);
    ///     let set = seconds.setter();
    ///     use_effect_with(clock, move |clock| {
    ///         let ticking = clock.listen(Callback::from(move |now: u64| set.set(now / 1_000)));
    ///         move || drop(ticking)
    ///     });
    ///     html! { *seconds }
    /// }
    /// ```
    pub fn listen(self: &Rc<Self>, listener: Callback<u64>) -> ClockListener {
        let (id, first) = {
            let (next, listeners) = &mut *self.listeners.borrow_mut();
            *next += 1;
            listeners.insert(*next, listener);
            (*next, listeners.len() == 1)
        };
        if first {
            self.arm();
        }
        ClockListener { clock: self.clone(), id }
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
        let listeners: Vec<Callback<u64>> = self.listeners.borrow().1.values().cloned().collect();
        let now = self.now();
        listeners.iter().for_each(|listener| listener.emit(now));
    }
}

/// What [`Clock::after`] set. Dropping it cancels it.
///
/// ```
/// use sentinelops_realtime::ClockTimeout;
///
/// /// Kept by a component until the time has come, or it is unmounted.
/// #[derive(Default)]
/// struct Reminder {
///     alarm: Option<ClockTimeout>,
/// }
/// # let _ = Reminder::default().alarm.is_none();
/// ```
#[must_use = "dropping it cancels it"]
pub struct ClockTimeout {
    _timer: Timer,
}

/// As a dependency: the same one, whatever the time is.
impl PartialEq for Clock {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Drop for ClockListener {
    fn drop(&mut self) {
        let (gone, last) = {
            let listeners = &mut self.clock.listeners.borrow_mut().1;
            (listeners.remove(&self.id), listeners.is_empty())
        };
        let timer = if last { self.clock.timer.take() } else { None };
        drop((gone, timer));
    }
}

/// The clock of the client above, or the browser's. With it a component that shows times can be tested in virtual
/// time ([`crate::testing`]).
///
/// ```
/// use sentinelops_realtime::use_clock;
/// use yew::prelude::*;
///
/// #[component]
/// fn MountedAt() -> Html {
///     let clock = use_clock();
///     let at = use_memo((), |()| clock.now());
///     html! { <time>{ *at }</time> }
/// }
/// ```
#[hook]
pub fn use_clock() -> Rc<Clock> {
    let client = use_context::<Client>();
    (*use_memo(client, |client| Clock::of(client.clone()))).clone()
}
