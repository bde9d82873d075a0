//! What a message costs grows at most logarithmically with what is held.

#[path = "../benches/held/mod.rs"]
mod held;

use held::{COSTS, median};
use std::time::Duration;

/// The logarithm of 10,000 is four times that of 10, and caches are small; linear growth would be 1,000 times.
const MOST_TIMES: f64 = 8.0;
/// Steps of one run, and runs: the quietest run counts, because a busy machine only adds.
const STEPS: usize = 400;
const RUNS: usize = 5;

#[test]
fn what_a_message_costs_hardly_grows_with_what_is_held() {
    for (name, [_, _, most], make) in COSTS {
        let (mut few, mut many) = (make(10), make(most));
        let (mut least, mut greatest) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            least = least.min(median(&mut few, STEPS));
            greatest = greatest.min(median(&mut many, STEPS));
        }
        let times = greatest.as_secs_f64() / least.as_secs_f64();
        println!("{name}: {least:?} beside 10, {greatest:?} beside {most}, {times:.2} times as much");
        assert!(times <= MOST_TIMES, "{name}: {times:.1} times as much beside {most} as beside 10");
    }
}
