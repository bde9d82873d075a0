//! The tables that the documentation repeats, as text. Only the test that compares them uses this.

use crate::engine::{phase, pings, store_gate, time};
use crate::timers::{self, Timer};
use crate::{Options, auth, close_codes, consumers, liveness, subscriptions};

/// Timer, when it is set, how long it runs. The numbers are the constants and defaults themselves.
pub fn timer_rows() -> Vec<[String; 3]> {
    let row = |timer: &Timer| [format!("{timer:?}"), set_when(*timer).to_owned(), runs(*timer)];
    timers::ALL.iter().map(row).collect()
}

/// Code, what the client does, what it means.
pub fn close_code_rows() -> Vec<[String; 3]> {
    let code = |code: u16| if code == 0 { "other".to_owned() } else { code.to_string() };
    let row = |row: &close_codes::CloseRow| [code(row.code), row.action.describe(), row.meaning.to_owned()];
    close_codes::TABLE.iter().map(row).collect()
}

fn set_when(timer: Timer) -> &'static str {
    match timer {
        Timer::StoreWait => "connect before the store opened",
        Timer::Dial => "an attempt failed or a connection dropped",
        Timer::Connect => "dial",
        Timer::Token => "the token provider is asked",
        Timer::Refresh => "welcome or authed with expiresInMs",
        Timer::Ping => "open, and after each ping",
        Timer::Unacked | Timer::Stuck => "a message is in flight",
        Timer::Verdict => "a ping is out; again at any inbound byte",
        Timer::Watch => "a ping is out",
        Timer::Stable => "connected",
        Timer::Buffer => "bufferedAmount is above 0",
        Timer::Tick => "a connection is wanted",
        Timer::Outbox => "the outbox waits for something",
        Timer::Subscriptions => "a subscription waits for its answer, or lingers",
        Timer::Consumers => "a consumer watches",
    }
}

fn runs(timer: Timer) -> String {
    let options = Options::default();
    let patience = format!("max({}, srtt + 4 rttvar)", ms(liveness::LEAST_MS));
    match timer {
        Timer::StoreWait => format!(
            "{}; {} where this tab had it open until now",
            ms(store_gate::STORE_WAIT_MS),
            ms(store_gate::LOOK_WAIT_MS)
        ),
        Timer::Dial => "backoff or server window".to_owned(),
        Timer::Connect => format!("timeout ({})", ms(options.timeout_ms)),
        Timer::Token => ms(auth::PROVIDER_MS),
        Timer::Refresh => "80 % of it".to_owned(),
        Timer::Ping => ms(options.ping_interval_ms),
        Timer::Unacked => patience,
        Timer::Verdict => format!("{patience}, doubled, at most {}", ms(liveness::MOST_MS)),
        Timer::Watch => format!(
            "{}, again for {}; late timers make the sample void",
            ms(liveness::WATCH_MS),
            ms(liveness::WATCHED_MS)
        ),
        Timer::Stable => ms(options.stable_after_ms),
        Timer::Stuck => ms(pings::STUCK_MS),
        Timer::Buffer => format!("{} to {}", ms(phase::BUFFER_LOOK_MS), ms(phase::BUFFER_LOOK_MAX_MS)),
        Timer::Tick => {
            format!("{}; late by more than {} is a wake", ms(time::TICK_MS), ms(2 * time::TICK_MS))
        }
        Timer::Outbox => "its next deadline".to_owned(),
        Timer::Subscriptions => format!(
            "max({}, 4 x (srtt + 4 rttvar)) for an answer or its next part; {} to linger",
            ms(subscriptions::ANSWER_MS),
            ms(subscriptions::LINGER_MS)
        ),
        Timer::Consumers => format!(
            "{} for lists, {} for metrics",
            ms(consumers::OUTBOX_EVERY_MS),
            ms(consumers::METRICS_EVERY_MS)
        ),
    }
}

fn ms(ms: u64) -> String {
    if ms.is_multiple_of(1_000) { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}
