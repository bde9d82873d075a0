//! The documented original's queue: all messages as one JSON text in localStorage, rewritten at each send.
//! In a page, because workers have no localStorage; each rewrite blocks it. `cargo xtask bench store`.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = r#"
    export function rewrite(stored, count, payload) {
        const message = (n) => ({ id: `id-${n}`, type: "chat.message", channel: "chat", payload: JSON.parse(payload), timestamp: Date.now(), priority: "normal" });
        const queue = Array.from({ length: stored }, (_, n) => message(n));
        const began = performance.now();
        for (let n = 0; n < count; n += 1) {
            queue.push(message(stored + n));
            localStorage.setItem("queue", JSON.stringify(queue));
        }
        const took = performance.now() - began;
        localStorage.removeItem("queue");
        return took;
    }
"#)]
extern "C" {
    fn rewrite(stored: u32, count: u32, payload: &str) -> f64;
}

const PAYLOAD: &str =
    r#"{"conversationId":"c","content":"The payment service answers again; watching the queue drain."}"#;

#[wasm_bindgen_test]
fn a_queue_that_rewrites_itself() {
    for stored in [0, 1_000, 10_000] {
        let mut rounds: Vec<f64> = (0..5).map(|_| rewrite(stored, 200, PAYLOAD)).collect();
        rounds.sort_by(f64::total_cmp);
        let took = rounds[2];
        console_log!(
            "localStorage over {stored} stored rows: {:.0} records a second, the page blocked {:.2} ms for each (durable: the browser does not say when)",
            200_000.0 / took,
            took / 200.0
        );
    }
}
