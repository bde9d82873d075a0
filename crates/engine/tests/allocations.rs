//! How often memory is asked for on an event's way in. A count, so it is the same on every machine.

#[path = "../benches/held/mod.rs"]
#[allow(dead_code, reason = "times are for the bench")]
mod held;

use held::requests;

/// The texts it keeps and the event itself; a frame's own requests are shared by its 64 events.
const MOST: f64 = 6.0;

#[test]
fn an_inbound_event_asks_for_memory_a_few_times() {
    for (name, channel, event) in requests::EVENTS {
        let each =
            requests::allocations(channel, event, |step| allocation_counter::measure(step).count_total);
        println!("{name}: {each:.1}");
        assert!(each <= MOST, "{name}: {each:.1} requests for memory, at most {MOST} are allowed");
    }
}
