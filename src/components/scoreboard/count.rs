//! The gateway's own count of effects, once a second.

use super::ledger::{Effect, Effects};
use super::{Check, Shared};
use sentinelops_realtime::{Client, use_client, use_clock, use_connection};
use serde::Deserialize;
use serde_json::json;
use yew::prelude::*;

/// A message for the laboratory.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payload: serde_json::Value,
}

/// Part of an answer: index, id, key.
type Row = (u64, String, Option<String>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    life: String,
    oldest: u64,
    next: u64,
    is_all: bool,
    effects: Vec<Row>,
}

/// A request that has no answer by then is given up, ms: its connection broke.
const PATIENCE_MS: u64 = 5_000;

/// The last request. No other tab has one of the same id.
struct Last {
    page: u32,
    number: u64,
    /// When it was sent, ms; `None`: it is answered.
    open_since: Option<u64>,
}

impl Default for Last {
    fn default() -> Self {
        Self { page: (js_sys::Math::random() * f64::from(u32::MAX)) as u32, number: 0, open_since: None }
    }
}

impl Last {
    fn next(&mut self, at: u64) -> String {
        self.number += 1;
        self.open_since = Some(at);
        self.text()
    }

    fn is_open(&self, at: u64) -> bool {
        self.open_since.is_some_and(|since| at < since + PATIENCE_MS)
    }

    fn text(&self) -> String {
        format!("lab-count-{:x}-{}", self.page, self.number)
    }
}

fn ask(client: &Client, ledger: &Shared, id: &str) {
    let from = ledger.borrow_mut().ask();
    let request =
        json!({ "type": "lab.effects", "id": id, "channel": "system", "payload": { "from": from } });
    client.lab(&request.to_string());
}

/// Counts for as long as the component is there.
#[hook]
pub(super) fn use_count(ledger: Shared) -> Check {
    let (client, clock) = (use_client(), use_clock());
    let is_connected = use_connection().is_connected;
    let check = use_state_eq(|| Check::Awaited);
    let last = use_mut_ref(Last::default);
    use_effect_with((), {
        let (client, set, last, ledger) = (client.clone(), check.setter(), last.clone(), ledger.clone());
        move |()| {
            let again = client.clone();
            let subscription = client.subscribe_lab(move |text| {
                let Ok(message) = serde_json::from_str::<Message>(text) else { return };
                if message.kind == "lab.gap" {
                    return ledger.borrow_mut().gap();
                }
                // An answer to an earlier request came too late; others are of other tabs.
                if message.id.as_deref() != Some(&*last.borrow().text()) {
                    return;
                }
                let asked_at = last.borrow_mut().open_since.take().unwrap_or_default();
                if message.kind == "error" {
                    return set.set(Check::Refused);
                }
                let Ok(answer) = serde_json::from_value::<Answer>(message.payload) else { return };
                set.set(Check::Counted);
                let Answer { life, oldest, next, is_all, effects } = answer;
                let effects = effects.into_iter().map(|(_, id, key)| Effect { id, key }).collect();
                let has_more = ledger.borrow_mut().count(&Effects { life, oldest, next, is_all, effects });
                if has_more {
                    let id = last.borrow_mut().next(asked_at);
                    ask(&again, &ledger, &id);
                }
            });
            move || drop(subscription)
        }
    });
    use_effect_with((clock, is_connected), move |(clock, is_connected)| {
        let ticking = is_connected.then(|| {
            clock.listen(Callback::from(move |at| {
                if last.borrow().is_open(at) {
                    return;
                }
                let id = last.borrow_mut().next(at);
                ask(&client, &ledger, &id);
            }))
        });
        move || drop(ticking)
    });
    *check
}
