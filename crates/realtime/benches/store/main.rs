//! How fast a message becomes durable, beside what one would write by hand and beside libraries that many use, in
//! one run and one worker, over 0, 1,000 and 10,000 rows that are there already. `cargo xtask bench store`.
//!
//! * **leader**: the whole way of a message inside the worker, from `ToWorker::Send` to the update that says
//!   Durable: shell, node, outbox, group commit.
//! * **raw group**: plain JS objects, one strict transaction at a time with everything that came meanwhile.
//! * **raw single**: plain JS objects, one strict transaction for each.
//! * **dexie**: `Dexie`, one `add` for each message, with strict transactions.
//! * **workbox**: `workbox-background-sync`, its `Queue.pushRequest`; its transactions are relaxed, so what it calls
//!   stored may not be on the disk yet.
#![cfg(target_arch = "wasm32")]

mod ours;

use ours::Leader;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(module = "/benches/store/peers.js")]
extern "C" {
    type Peer;

    #[wasm_bindgen(static_method_of = Peer, catch)]
    async fn open(kind: &str, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    async fn burst(this: &Peer, count: u32, chunk: u32, payload: &str) -> JsValue;

    #[wasm_bindgen(method)]
    async fn paced(this: &Peer, rate: u32, seconds: u32, payload: &str) -> JsValue;
}

const PAYLOAD: &str =
    r#"{"conversationId":"c","content":"The payment service answers again; watching the queue drain."}"#;
const CHUNK: u32 = 100;
const ROUNDS: usize = 5;
/// Rows that are there already.
const STORED: [u32; 3] = [0, 1_000, 10_000];
const WAYS: [&str; 5] = ["leader", "raw group", "raw single", "dexie", "workbox"];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn clock() -> f64;
}

fn name(what: &str) -> String {
    format!("{what} {}", js_sys::Math::random())
}

/// One of [`WAYS`], with its own database.
enum Way {
    Leader(Box<Leader>),
    Peer(Peer),
}

impl Way {
    async fn with(stored: u32, way: &str) -> Self {
        let mut opened = match way {
            "leader" => Self::Leader(Box::new(Leader::new().await)),
            other => {
                let kind = other.strip_prefix("raw ").unwrap_or(other);
                let peer = Peer::open(kind, &name(kind)).await;
                Self::Peer(peer.unwrap_or_else(|error| panic!("{other}: {error:?}")).unchecked_into())
            }
        };
        if stored > 0 {
            opened.burst(stored).await;
        }
        opened
    }

    /// Ms until so many are durable.
    async fn burst(&mut self, count: u32) -> f64 {
        match self {
            Self::Leader(leader) => leader.burst(count).await,
            Self::Peer(peer) => peer.burst(count, CHUNK, PAYLOAD).await.as_f64().unwrap(),
        }
    }

    /// Ms from sending to durable at 500 a second, sorted.
    async fn paced(&mut self) -> Vec<f64> {
        let (rate, seconds) = (500, 4);
        match self {
            Self::Leader(leader) => leader.paced(rate, seconds).await,
            Self::Peer(peer) => js_sys::Float64Array::from(peer.paced(rate, seconds, PAYLOAD).await).to_vec(),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

#[wasm_bindgen_test]
async fn durable_records_a_second() {
    console_log!("durable records a second, medians of {ROUNDS} rounds of 1,000 in portions of {CHUNK}:");
    for stored in STORED {
        let mut rounds = [const { Vec::new() }; WAYS.len()];
        let mut ways = Vec::new();
        for way in WAYS {
            ways.push(Way::with(stored, way).await);
        }
        for round in 0..ROUNDS {
            // One after the other within a round: whatever else the machine does meets them all.
            for (at, way) in WAYS.iter().enumerate() {
                if stored == 0 && round > 0 {
                    ways[at] = Way::with(0, way).await;
                }
                rounds[at].push(1_000_000.0 / ways[at].burst(1_000).await);
            }
        }
        let rates = rounds.map(median);
        let shown: Vec<_> = WAYS.iter().zip(rates).map(|(way, rate)| format!("{way} {rate:.0}")).collect();
        console_log!("  over {stored} stored rows: {}", shown.join("; "));
        let [leader, group, single, dexie, workbox] = rates;
        console_log!(
            "    leader: {:.2} x raw group (goal 0.7); {:.1} x raw single (goal 5); {:.1} x dexie; {:.1} x workbox",
            leader / group,
            leader / single,
            leader / dexie,
            leader / workbox
        );
    }
}

#[wasm_bindgen_test]
async fn from_sending_to_durable_at_500_a_second() {
    console_log!("ms from sending to durable at 500 a second, p50 and p99, medians of 3 rounds:");
    for stored in STORED {
        let mut shown = Vec::new();
        for way in WAYS {
            let mut opened = Way::with(stored, way).await;
            let (mut p50, mut p99) = (Vec::new(), Vec::new());
            for _ in 0..3 {
                let sorted = opened.paced().await;
                p50.push(percentile(&sorted, 0.5));
                p99.push(percentile(&sorted, 0.99));
            }
            shown.push(format!("{way} {:.1} / {:.1}", median(p50), median(p99)));
        }
        console_log!("  over {stored} stored rows: {}", shown.join("; "));
    }
}
