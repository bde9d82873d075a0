//! What one inbound message, one enqueue and one ack take beside so much that is held. For the benchmarks, and
//! for the test that the cost does not grow with it.
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use sentinelops_engine::*;
use sentinelops_protocol::{Channel, Json, Subject};
use std::time::{Duration, Instant};

#[allow(dead_code, reason = "a test counts, the bench measures time")]
pub mod requests;

const PAGE: ConsumerId = ConsumerId(1);
/// Rows held.
pub const HELD: [usize; 3] = [10, 1_000, 10_000];
/// Subscriptions, and keys of a fold.
pub const SUBSCRIBED: [usize; 3] = [1, 100, 10_000];

/// One engine, a consumer that takes everything at once, a store that commits at once, and nothing round it.
struct Bench {
    engine: Engine,
    now: Now,
    generation: Generation,
}

impl Bench {
    fn new(persist: bool) -> Self {
        let outbox =
            OutboxOptions { persist, capacity: 1_000_000, max_bytes: 1 << 40, ..OutboxOptions::default() };
        let options =
            EngineOptions { outbox, session: "s".into(), tab: "t".into(), ..EngineOptions::default() };
        let now = Now { mono: 1, wall: 1_700_000_000_000 };
        let mut engine = Engine::new(options, 1, now);
        engine.attach(now, PAGE);
        let mut bench = Self { engine, now, generation: Generation(0) };
        bench.drain();
        bench
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Dial { generation, .. } => self.generation = generation,
                Output::Deliver { consumer, batch } => {
                    self.engine.credit(self.now, consumer, batch.number);
                }
                Output::OpenStore => {
                    self.engine.handle_store(self.now, StoreEvent::Opened(Box::default()));
                }
                Output::Store(group) => {
                    let committed = StoreEvent::Committed { number: group.number };
                    self.engine.handle_store(self.now, committed);
                }
                _ => {}
            }
        }
    }

    fn socket(&mut self, event: SocketEvent<'_>) {
        self.engine.handle_socket(self.now, self.generation, event);
        self.drain();
        self.engine.handle_socket(self.now, self.generation, SocketEvent::Buffered(0));
        self.drain();
    }

    fn frame(&mut self, text: &str) {
        self.socket(SocketEvent::Frame { bytes: text.as_bytes(), binary: true });
    }

    fn system(&mut self, kind: &str, payload: &str) {
        self.frame(&format!(r#"{{"type":"{kind}","channel":"system","payload":{payload}}}"#));
    }

    fn connect(&mut self) {
        self.engine.connect(self.now);
        self.drain();
        self.socket(SocketEvent::Opened);
        self.system(
            "welcome",
            r#"{"protocol":1,"session":"s","user":"u","now":1700000000000,"maxMessageBytes":65536,"maxInFlight":64,"reconnectWindowMs":0}"#,
        );
    }

    fn subscribe(&mut self, subject: Subject) {
        let topic = subject.topic.as_ref().map_or(String::new(), |t| format!(r#","topic":"{t}""#));
        let about = format!(r#""channel":"{}"{topic},"epoch":"e","seq":0"#, subject.channel);
        self.engine.subscribe(self.now, PAGE, subject);
        self.drain();
        self.system("subscribed", &format!(r#"{{{about},"continuity":"snapshot"}}"#));
        self.system("snapshot", &format!(r#"{{{about},"part":0,"last":true,"items":[]}}"#));
    }

    fn send(&mut self, n: usize) {
        self.engine.send(self.now, PAGE, request(n));
        self.drain();
    }
}

fn request(n: usize) -> SendRequest {
    let payload = Json::parse(&format!(r#"{{"id":"inc-{n}","status":"resolved"}}"#)).expect("JSON");
    SendRequest::new(format!("m{n}"), "incident.update", Channel::Incidents, payload)
}

fn alert(seq: usize, key: usize) -> String {
    format!(
        r#"{{"id":"e{seq}","type":"alert.raised","channel":"alerts","seq":{seq},"prev":{},"timestamp":1700000000000,"payload":{{"id":"a{key}","severity":"high","title":"Disk nearly full","source":"probe"}}}}"#,
        seq - 1
    )
}

/// Takes one step and says how long what is measured of it took: the rest keeps what is held at its size.
pub type Step = Box<dyn FnMut() -> Duration>;

/// One event of a channel whose fold has so many keys.
pub fn inbound_by_keys(keys: usize) -> Step {
    let mut bench = Bench::new(false);
    bench.connect();
    bench.subscribe(Subject::channel(Channel::Alerts));
    let mut seq = 0;
    for key in 0..keys {
        seq += 1;
        bench.frame(&alert(seq, key));
    }
    Box::new(move || {
        seq += 1;
        let text = alert(seq, seq % keys);
        let start = Instant::now();
        bench.frame(&text);
        start.elapsed()
    })
}

/// One event of one of so many subscriptions.
pub fn inbound_by_subscriptions(topics: usize) -> Step {
    let mut bench = Bench::new(false);
    bench.connect();
    for topic in 0..topics {
        bench.subscribe(Subject::topic(Channel::Chat, format!("c{topic}")));
    }
    let mut sent = 0;
    Box::new(move || {
        // Every conversation in turn, each with a chain of its own.
        let (topic, prev) = (sent % topics, sent / topics);
        let seq = prev + 1;
        sent += 1;
        let text = format!(
            r#"{{"id":"e","type":"chat.message","channel":"chat","topic":"c{topic}","seq":{seq},"prev":{prev},"timestamp":1,"payload":{{"id":"x{sent}","conversationId":"c{topic}","senderId":"u","content":"hello there","timestamp":1}}}}"#
        );
        let start = Instant::now();
        bench.frame(&text);
        start.elapsed()
    })
}

/// One send beside so many that wait.
pub fn enqueue(held: usize, persist: bool) -> Step {
    let mut bench = Bench::new(persist);
    (0..held).for_each(|n| bench.send(n));
    let mut n = held;
    Box::new(move || {
        n += 1;
        let request = request(n);
        let id = request.id.clone();
        let start = Instant::now();
        bench.engine.send(bench.now, PAGE, request);
        bench.drain();
        let took = start.elapsed();
        bench.engine.discard(bench.now, PAGE, &id);
        bench.drain();
        took
    })
}

/// One ack beside so many that wait.
pub fn ack(held: usize, persist: bool) -> Step {
    let mut bench = Bench::new(persist);
    bench.connect();
    (0..held).for_each(|n| bench.send(n));
    let (mut n, mut acked) = (held, 0);
    Box::new(move || {
        bench.send(n);
        n += 1;
        let text = format!(r#"{{"type":"ack","channel":"system","payload":{{"ids":["m{acked}"]}}}}"#);
        acked += 1;
        let start = Instant::now();
        bench.frame(&text);
        start.elapsed()
    })
}

/// A cost: its name, what it is measured beside, and how.
pub type Cost = (&'static str, [usize; 3], fn(usize) -> Step);

/// Everything whose cost must not grow with what is held.
pub const COSTS: [Cost; 6] = [
    ("inbound/fold_entries", SUBSCRIBED, inbound_by_keys),
    ("inbound/subscriptions", SUBSCRIBED, inbound_by_subscriptions),
    ("enqueue/queued", HELD, |held| enqueue(held, false)),
    ("enqueue/stored", HELD, |held| enqueue(held, true)),
    ("ack/queued", HELD, |held| ack(held, false)),
    ("ack/stored", HELD, |held| ack(held, true)),
];

/// The median of so many steps.
pub fn median(step: &mut Step, steps: usize) -> Duration {
    let mut took: Vec<Duration> = (0..steps).map(|_| step()).collect();
    took.sort_unstable();
    took[steps / 2]
}
