//! When something was missed for good.

use sentinelops_protocol::system::Continuity;
use sentinelops_realtime::use_clock;
use sentinelops_realtime::{SubscribeOptions, use_websocket};
use yew::prelude::*;

/// Calls back when the server says that events of anything the page follows are gone for good: with when the
/// connection was lost, if it was, and with now.
#[hook]
pub fn use_gaps(on_gap: Callback<(Option<u64>, u64)>) {
    let clock = use_clock();
    let lost_at = use_mut_ref(|| None::<u64>);
    let options = SubscribeOptions::default()
        .on_disconnect({
            let (lost_at, clock) = (lost_at.clone(), clock.clone());
            move |_| *lost_at.borrow_mut() = Some(clock.now())
        })
        .on_continuity(move |continuity| {
            if continuity == Continuity::Gap {
                // Kept: several channels may have a gap after the same loss.
                on_gap.emit((*lost_at.borrow(), clock.now()));
            }
        });
    use_websocket(options);
}
