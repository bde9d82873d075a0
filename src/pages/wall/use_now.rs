//! The time, rounded.

use sentinelops_realtime::use_clock;
use yew::prelude::*;

/// The time in ms, rounded down to a multiple of `unit_ms`; renders when that changes.
#[hook]
pub fn use_now(unit_ms: u64) -> u64 {
    let clock = use_clock();
    let now = use_state_eq(|| clock.now() / unit_ms);
    let set = now.setter();
    use_effect_with(clock.clone(), move |clock| {
        set.set(clock.now() / unit_ms);
        let ticking = clock.listen(Callback::from(move |now: u64| set.set(now / unit_ms)));
        move || drop(ticking)
    });
    *now * unit_ms
}
