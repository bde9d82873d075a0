//! What one inbound message, one enqueue, one ack cost, and how that grows with what is held.
//!
//! `cargo bench -p sentinelops-engine`. Compare lines of one run with each other: ten times as many
//! rows, subscriptions or keys may cost a few per cent more, never ten times as much.

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use sentinelops_engine::*;
use sentinelops_protocol::{Channel, Json, Priority, Subject};
use std::time::{Duration, Instant};

const PAGE: ConsumerId = ConsumerId(1);
const HELD: [usize; 3] = [10, 1_000, 10_000];
const SUBSCRIBED: [usize; 3] = [1, 100, 10_000];

/// One engine, a consumer that takes everything at once, and nothing round it.
struct Bench {
    engine: Engine,
    now: Now,
    generation: Generation,
}

impl Bench {
    fn new() -> Self {
        let outbox = OutboxOptions {
            persist: false,
            capacity: 1_000_000,
            max_bytes: 1 << 40,
            ..OutboxOptions::default()
        };
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
    SendRequest {
        id: format!("m{n}"),
        kind: "incident.update".into(),
        channel: Channel::Incidents,
        payload: Json::parse(&format!(r#"{{"id":"inc-{n}","status":"resolved"}}"#)).expect("JSON"),
        priority: Priority::Normal,
        ordering_key: None,
        coalesce: None,
        queue: true,
        ephemeral: false,
        again: false,
    }
}

fn alert(seq: usize, key: usize) -> String {
    format!(
        r#"{{"id":"e{seq}","type":"alert.raised","channel":"alerts","seq":{seq},"prev":{},"timestamp":1700000000000,"payload":{{"id":"a{key}","severity":"high","title":"Disk nearly full","source":"probe"}}}}"#,
        seq - 1
    )
}

fn inbound(c: &mut Criterion) {
    let mut group = c.benchmark_group("inbound/fold_entries");
    for keys in SUBSCRIBED {
        let mut bench = Bench::new();
        bench.connect();
        bench.subscribe(Subject::channel(Channel::Alerts));
        let mut seq = 0;
        for key in 0..keys {
            seq += 1;
            bench.frame(&alert(seq, key));
        }
        group.bench_function(BenchmarkId::from_parameter(keys), |b| {
            let next = || {
                seq += 1;
                alert(seq, seq % keys)
            };
            b.iter_batched(next, |text| bench.frame(&text), BatchSize::SmallInput);
        });
    }
    group.finish();

    let mut group = c.benchmark_group("inbound/subscriptions");
    for topics in SUBSCRIBED {
        let mut bench = Bench::new();
        bench.connect();
        for topic in 0..topics {
            bench.subscribe(Subject::topic(Channel::Chat, format!("c{topic}")));
        }
        let mut sent = 0;
        group.bench_function(BenchmarkId::from_parameter(topics), |b| {
            let next = || {
                // Every conversation in turn, each with a chain of its own.
                let (topic, prev) = (sent % topics, sent / topics);
                let seq = prev + 1;
                sent += 1;
                format!(
                    r#"{{"id":"e","type":"chat.message","channel":"chat","topic":"c{topic}","seq":{seq},"prev":{prev},"timestamp":1,"payload":{{"id":"x{sent}","conversationId":"c{topic}","senderId":"u","content":"hello there","timestamp":1}}}}"#
                )
            };
            b.iter_batched(next, |text| bench.frame(&text), BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// Sums what each step says it took: the rest of it only keeps what is held at its size.
fn timed(iters: u64, mut step: impl FnMut(u64) -> Duration) -> Duration {
    (0..iters).map(&mut step).sum()
}

fn enqueue(c: &mut Criterion) {
    let mut group = c.benchmark_group("enqueue/queued");
    for held in HELD {
        let mut bench = Bench::new();
        (0..held).for_each(|n| bench.send(n));
        let mut n = held;
        group.bench_function(BenchmarkId::from_parameter(held), |b| {
            b.iter_custom(|iters| {
                timed(iters, |_| {
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
            });
        });
    }
    group.finish();
}

fn ack(c: &mut Criterion) {
    let mut group = c.benchmark_group("ack/queued");
    for held in HELD {
        let mut bench = Bench::new();
        bench.connect();
        (0..held).for_each(|n| bench.send(n));
        let (mut n, mut acked) = (held, 0);
        group.bench_function(BenchmarkId::from_parameter(held), |b| {
            b.iter_custom(|iters| {
                timed(iters, |_| {
                    bench.send(n);
                    n += 1;
                    let text =
                        format!(r#"{{"type":"ack","channel":"system","payload":{{"ids":["m{acked}"]}}}}"#);
                    acked += 1;
                    let start = Instant::now();
                    bench.frame(&text);
                    start.elapsed()
                })
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = inbound, enqueue, ack
}
criterion_main!(benches);
