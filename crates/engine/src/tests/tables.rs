//! The tables of `docs/connection.md` say what the code does.
//!
//! `UPDATE_DOCS=1 cargo test -p sentinelops-engine --lib tests::tables` writes them again.

use crate::backoff::SLOW_LANE_MS;
use crate::close_codes::Action;
use crate::engine::{phase, pings, store_gate, time};
use crate::timers::{self, Timer};
use crate::{Options, auth, close_codes, consumers, liveness, subscriptions};
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/connection.md")
}

fn table(header: [&str; 3], rows: &[[String; 3]]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(&header.map(str::to_owned));
    table.push_str("|---|---|---|\n");
    rows.iter().for_each(|row| table.push_str(&line(row)));
    table
}

fn compare(marker: &str, expected: &str) {
    let text = std::fs::read_to_string(path()).expect("docs/connection.md");
    let (open, close) = (format!("<!-- {marker} -->\n"), format!("<!-- /{marker} -->"));
    let from = text.find(&open).expect("the opening marker") + open.len();
    let to = from + text[from..].find(&close).expect("the closing marker");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = format!("{}{expected}{}", &text[..from], &text[to..]);
        std::fs::write(path(), text).expect("docs/connection.md can be written");
    } else {
        assert_eq!(&text[from..to], expected, "run with UPDATE_DOCS=1 and look at the difference");
    }
}

#[test]
fn the_documented_tables_are_the_codes() {
    // One test, one after the other: both rewrite the same file when asked to.
    compare("timers", &table(["timer", "set when", "runs"], &timer_rows()));
    compare("close-codes", &table(["code", "client", "meaning"], &close_code_rows()));
}

/// Timer, when it is set, how long it runs. The numbers are the constants and defaults themselves.
fn timer_rows() -> Vec<[String; 3]> {
    let row = |timer: &Timer| [format!("{timer:?}"), set_when(*timer).to_owned(), runs(*timer)];
    timers::ALL.iter().map(row).collect()
}

/// Code, what the client does, what it means.
fn close_code_rows() -> Vec<[String; 3]> {
    let code = |code: u16| if code == 0 { "other".to_owned() } else { code.to_string() };
    let row = |row: &close_codes::CloseRow| [code(row.code), describe(row.action), row.meaning.to_owned()];
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

fn describe(action: Action) -> String {
    let text = match action {
        Action::Retry => "reconnect with backoff; after a goodbye inside its window",
        Action::Restart => "reconnect inside the window of the goodbye, or of the reason (`window N ms`)",
        Action::SlowLane => {
            let least = SLOW_LANE_MS / 1_000;
            return format!(
                "reconnect after at least {least} s, or at least the time in the reason (`retry after N s`)"
            );
        }
        Action::TooSlow => "reconnect, resume from the cursors",
        Action::Auth => "ask the token provider; a different token redials, else Error (NeedsAuth)",
        Action::Superseded => "Error (Superseded): follow the other tab",
        Action::PoisonOrRetry => {
            "rows in flight: reconnect with a window of one; else reconnect with backoff"
        }
        Action::PoisonOrStop => "rows in flight: reconnect with a window of one; else Error",
        Action::Stop => "Error, no retry, reason shown",
    };
    text.to_owned()
}
