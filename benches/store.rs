//! How fast a message becomes durable, beside what one would write by hand, in one run and one worker:
//! medians of several rounds, and ratios. `cargo xtask bench store`.
//!
//! * **ours**: the whole way of a message inside the worker, from `ToWorker::Send` to the update that says
//!   Durable: shell, node, outbox, group commit.
//! * **raw group**: plain JS objects, one strict transaction at a time with everything that came meanwhile.
//! * **raw single**: plain JS objects, one strict transaction for each.
#![cfg(target_arch = "wasm32")]

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use gloo::timers::future::TimeoutFuture;
use sentinelops::bridge::{FromWorker, Init, ToWorker};
use sentinelops::worker::shell::Shell;
use sentinelops_engine::{Delivery, Durability, EngineOptions, SendRequest};
use sentinelops_protocol::{Channel, Json, Priority};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = r#"
    const open = (name) => new Promise((resolve, reject) => {
        const request = indexedDB.open(name, 1);
        request.onupgradeneeded = () => request.result.createObjectStore("outbox");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const write = (db, rows) => new Promise((resolve, reject) => {
        const tx = db.transaction("outbox", "readwrite", { durability: "strict" });
        const store = tx.objectStore("outbox");
        for (const row of rows) store.put(row, [row.priority, row.order]);
        tx.oncomplete = resolve;
        tx.onabort = () => reject(tx.error);
        tx.commit();
    });
    export class Raw {
        constructor(db, grouped) {
            Object.assign(this, { db, grouped, order: 0, waiting: [], busy: false });
        }
        static async open(name, grouped) {
            return new Raw(await open(name), grouped);
        }
        // Resolves when it is durable.
        send(id, payload) {
            const row = {
                id, order: ++this.order, priority: 2, kind: "chat.message", channel: "chat", attempts: 0,
                bytes: JSON.stringify({ id, type: "chat.message", channel: "chat", payload: JSON.parse(payload), timestamp: 0, priority: "normal" }),
                orderingKey: "chat/c", createdAt: Date.now(), possiblySent: false, owner: "tab",
            };
            if (!this.grouped) return write(this.db, [row]);
            return new Promise((resolve) => {
                this.waiting.push({ row, resolve });
                this.pump();
            });
        }
        async pump() {
            if (this.busy) return;
            this.busy = true;
            // What comes in this tick goes together.
            await null;
            while (this.waiting.length > 0) {
                const group = this.waiting.splice(0);
                await write(this.db, group.map(({ row }) => row));
                for (const { resolve } of group) resolve();
            }
            this.busy = false;
        }
        // `count` messages, `chunk` of them a task: ms until the last one is durable.
        async burst(count, chunk, payload) {
            const began = performance.now();
            const all = [];
            for (let sent = 0; sent < count; sent += chunk) {
                for (let n = 0; n < chunk; n += 1) all.push(this.send(`${began}-${sent + n}`, payload));
                await new Promise((resolve) => setTimeout(resolve, 0));
            }
            await Promise.all(all);
            return performance.now() - began;
        }
        // `rate` a second for `seconds`: ms from sending to durable, sorted.
        async paced(rate, seconds, payload) {
            const took = [], all = [], began = performance.now();
            for (let sent = 0; sent < rate * seconds;) {
                const due = Math.min(((performance.now() - began) * rate) / 1000, rate * seconds);
                for (; sent < due; sent += 1) {
                    const at = performance.now();
                    all.push(this.send(`${began}-${sent}`, payload).then(() => took.push(performance.now() - at)));
                }
                await new Promise((resolve) => setTimeout(resolve, 0));
            }
            await Promise.all(all);
            return Float64Array.from(took).sort();
        }
    }
"#)]
extern "C" {
    type Raw;

    #[wasm_bindgen(static_method_of = Raw)]
    async fn open(name: &str, grouped: bool) -> JsValue;

    #[wasm_bindgen(method)]
    async fn burst(this: &Raw, count: u32, chunk: u32, payload: &str) -> JsValue;

    #[wasm_bindgen(method)]
    async fn paced(this: &Raw, rate: u32, seconds: u32, payload: &str) -> JsValue;
}

const PAYLOAD: &str =
    r#"{"conversationId":"c","content":"The payment service answers again; watching the queue drain."}"#;
const CHUNK: u32 = 100;
const ROUNDS: usize = 5;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn clock() -> f64;
}

fn name(what: &str) -> String {
    format!("{what} {}", js_sys::Math::random())
}

async fn raw(grouped: bool) -> Raw {
    Raw::open(&name("raw"), grouped).await.unchecked_into()
}

/// A worker's shell that leads and never finds a server.
struct Ours {
    shell: Shell,
    inbox: UnboundedReceiver<FromWorker>,
    sent: u64,
}

impl Ours {
    async fn new() -> Self {
        let (send, inbox) = unbounded();
        let shell = Shell::new(Rc::new(move |message| {
            let _ = send.unbounded_send(message);
        }));
        let mut engine =
            EngineOptions { tab: "tab".to_owned(), client: "bench".to_owned(), ..Default::default() };
        engine.connection.url = "ws://127.0.0.1:1/".to_owned();
        engine.session = "bench".to_owned();
        engine.outbox.capacity = 100_000;
        let init = Init {
            engine,
            scope: name("ours"),
            page: "tab".to_owned(),
            auto_connect: true,
            visible: true,
            traces: false,
        };
        shell.handle(ToWorker::Init(Box::new(init)));
        let mut ours = Self { shell, inbox, sent: 0 };
        ours.send(1);
        ours.durable(1, |_| {}).await;
        ours
    }

    fn send(&mut self, count: u32) {
        let requests = (0..count).map(|n| SendRequest {
            id: format!("{:020}", self.sent + u64::from(n)),
            kind: "chat.message".to_owned(),
            channel: Channel::Chat,
            payload: Json::parse(PAYLOAD).unwrap(),
            priority: Priority::Normal,
            ordering_key: None,
            coalesce: None,
            queue: true,
            ephemeral: false,
            again: false,
        });
        self.shell.handle(ToWorker::Send(requests.collect()));
        self.sent += u64::from(count);
    }

    /// Waits until so many more are durable.
    async fn durable(&mut self, count: usize, mut tell: impl FnMut(&str)) {
        let mut left = count;
        while left > 0 {
            if let Some(FromWorker::Batch(batch)) = self.inbox.next().await {
                self.shell.handle(ToWorker::Credit(batch.number));
                left -= Self::count(&batch.items, &mut tell);
            }
        }
    }

    fn count(items: &[Delivery], tell: &mut impl FnMut(&str)) -> usize {
        let durable = items.iter().filter_map(|item| match item {
            Delivery::Message(update) if update.durability == Durability::Durable => Some(update.id.as_str()),
            _ => None,
        });
        durable.inspect(|id| tell(id)).count()
    }

    async fn burst(&mut self, count: u32) -> f64 {
        let began = clock();
        for _ in 0..count / CHUNK {
            self.send(CHUNK);
            TimeoutFuture::new(0).await;
        }
        self.durable(count as usize, |_| {}).await;
        clock() - began
    }

    async fn paced(&mut self, rate: u32, seconds: u32) -> Vec<f64> {
        let (began, total) = (clock(), rate * seconds);
        let (mut at, mut took) = (HashMap::new(), Vec::new());
        let mut sent = 0;
        while took.len() < total as usize {
            let due = (((clock() - began) * f64::from(rate) / 1_000.0) as u32 + 1).min(total);
            while sent < due {
                at.insert(format!("{:020}", self.sent), clock());
                self.send(1);
                sent += 1;
            }
            TimeoutFuture::new(0).await;
            while let Ok(message) = self.inbox.try_recv() {
                let FromWorker::Batch(batch) = message else { continue };
                self.shell.handle(ToWorker::Credit(batch.number));
                Self::count(&batch.items, &mut |id| took.extend(at.remove(id).map(|at| clock() - at)));
            }
        }
        took.sort_by(f64::total_cmp);
        took
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
    let (mut ours, mut group, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(2_000_000.0 / Ours::new().await.burst(2_000).await);
        let took = raw(true).await.burst(2_000, CHUNK, PAYLOAD).await.as_f64().unwrap();
        group.push(2_000_000.0 / took);
        let took = raw(false).await.burst(500, CHUNK, PAYLOAD).await.as_f64().unwrap();
        single.push(500_000.0 / took);
    }
    let (ours, group, single) = (median(ours), median(group), median(single));
    console_log!("durable records a second, medians of {ROUNDS} rounds:");
    console_log!("  ours {ours:.0}; raw group {group:.0}; raw single {single:.0}");
    console_log!("  ours / raw group = {:.2}; ours / raw single = {:.1}", ours / group, ours / single);
}

#[wasm_bindgen_test]
async fn from_sending_to_durable_at_500_a_second() {
    for stored in [0_u32, 1_000, 10_000] {
        let mut own = Ours::new().await;
        let other = raw(true).await;
        if stored > 0 {
            own.burst(stored).await;
            other.burst(stored, CHUNK, PAYLOAD).await;
        }
        let own = own.paced(500, 4).await;
        let other = js_sys::Float64Array::from(other.paced(500, 4, PAYLOAD).await).to_vec();
        console_log!(
            "to durable at 500/s over {stored} stored rows: ours p50 {:.1} ms, p99 {:.1} ms; raw group p50 {:.1} ms, p99 {:.1} ms",
            percentile(&own, 0.5),
            percentile(&own, 0.99),
            percentile(&other, 0.5),
            percentile(&other, 0.99)
        );
    }
}
