//! Values that change faster than people read.

use sentinelops_realtime::{ClockTimeout, use_clock};
use yew::prelude::*;

/// The value, at most once in `pace_ms`: the first change after a pause shows at once, those of a flood together. For
/// lists whose entries are all new at each frame; nothing is lost, it only shows a moment later.
#[hook]
pub fn use_paced<T: PartialEq + Clone + 'static>(value: T, pace_ms: u32) -> T {
    let clock = use_clock();
    let shown = use_mut_ref(|| (value.clone(), 0_u64));
    let timer = use_mut_ref(|| None::<ClockTimeout>);
    let update = use_force_update();
    let mut shown = shown.borrow_mut();
    if shown.0 != value {
        let now = clock.now();
        let wait = u64::from(pace_ms).saturating_sub(now.saturating_sub(shown.1));
        let mut running = timer.borrow_mut();
        match u32::try_from(wait) {
            Ok(wait) if wait > 0 => {
                let timer = timer.clone();
                running.get_or_insert_with(|| {
                    clock.after(wait, move || {
                        drop(timer.borrow_mut().take());
                        update.force_update();
                    })
                });
            }
            _ => *shown = (value, now),
        }
    }
    shown.0.clone()
}
