//! Messages of this page, so many a second.

use gloo::timers::callback::Interval;
use sentinelops_protocol::Priority;
use sentinelops_realtime::{Client, Message, use_client};
use yew::prelude::*;

/// How often messages are sent, ms.
const PACE_MS: u32 = 50;
/// A page whose timers were late makes up for so many ms at most.
const CATCH_UP_MS: f64 = 1_000.0;

/// Which priorities messages have.
#[derive(Debug, PartialEq)]
pub struct Mix {
    pub name: &'static str,
    /// In the order in which they repeat.
    pub of: &'static [Priority],
}

/// All there are.
pub const MIXES: [Mix; 3] = [
    Mix { name: "all alike", of: &[Priority::Critical, Priority::High, Priority::Normal, Priority::Low] },
    Mix { name: "normal only", of: &[Priority::Normal] },
    Mix {
        name: "mostly low",
        of: &[
            Priority::Low,
            Priority::Low,
            Priority::Normal,
            Priority::Low,
            Priority::High,
            Priority::Low,
            Priority::Critical,
            Priority::Low,
        ],
    },
];

/// How many messages to send now, and how many to leave out because the page is more than a second behind. `rate`: messages a
/// second; `elapsed_ms`: since the first one; `done`: sent or left out so far.
fn due(rate: u32, elapsed_ms: f64, done: u64) -> (u64, u64) {
    let all = (f64::from(rate) * elapsed_ms / 1_000.0) as u64;
    let most = (f64::from(rate) * CATCH_UP_MS / 1_000.0).ceil() as u64;
    let waiting = all.saturating_sub(done);
    (waiting.min(most), waiting.saturating_sub(most))
}

fn send(client: &Client, mix: &Mix, number: u64) {
    let priority = mix.of[(number % mix.of.len() as u64) as usize];
    // A conversation for each priority: within one the order of sending stays.
    client.send(Message::chat(&format!("load {priority}"), &format!("load {number}")).priority(priority));
}

/// Sends for as long as the component is there.
#[hook]
pub(super) fn use_sender(rate: u32, mix: &'static Mix) {
    let client = use_client();
    let number = use_mut_ref(|| 0_u64);
    use_effect_with((rate, mix.name), move |_| {
        let (began, mut done) = (js_sys::Date::now(), 0);
        let sending = (rate > 0).then(|| {
            Interval::new(PACE_MS, move || {
                let (now, dropped) = due(rate, js_sys::Date::now() - began, done);
                for _ in 0..now {
                    let mut number = number.borrow_mut();
                    *number += 1;
                    send(&client, mix, *number);
                }
                done += now + dropped;
            })
        });
        move || drop(sending)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_due_as_the_time_allows_and_a_late_page_makes_up_for_a_second() {
        assert_eq!(due(500, 50.0, 0), (25, 0));
        assert_eq!(due(1, 900.0, 0), (0, 0));
        assert_eq!(due(1, 1_000.0, 0), (1, 0));
        assert_eq!(due(500, 60_000.0, 500), (500, 29_000));
    }
}
