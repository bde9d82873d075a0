//! Gateways on NATS: acked messages a second beside a bare async-nats publisher, and what an event costs and takes over two
//! gateways beside one. All in one run, by turns.

use crate::crowd::used;
use crate::support::nats::NatsServer;
use crate::support::{Client, Program, subscribe};
use crate::{IN_FLIGHT, acked, median, say};
use async_nats::jetstream::{self, Context};
use futures::{StreamExt, TryStreamExt, stream};
use sentinelops_protocol::{Channel, ServerMessage};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Bytes;

const VERSION: &str = "2.15.1";
/// Conversations that are written to by turns: of one, one record is in flight.
const KEYS: [usize; 3] = [1, 8, IN_FLIGHT];
/// Subscribers of each gateway.
const SUBSCRIBERS: usize = 50;
/// Events a second, over several conversations.
const RATE: u32 = 200;
/// An event that takes longer is lost.
const MISSING: Duration = Duration::from_secs(10);

struct Extent {
    rounds: usize,
    messages: usize,
    events: u32,
}

pub async fn nats(quick: bool) {
    let extent = if quick {
        Extent { rounds: 3, messages: 2_000, events: RATE }
    } else {
        Extent { rounds: 5, messages: 5_000, events: 5 * RATE }
    };
    let nats = NatsServer::start(VERSION).await;
    publishing(&nats, &extent).await;
    over_two(&nats, &extent).await;
}

async fn gateway(nats: &NatsServer, namespace: &str) -> Program {
    let flags = ["--nats", &nats.url(), "--nats-namespace", namespace, "--message-rate", "0"];
    Program::start(&flags).await
}

/// Acked by a gateway, and by NATS itself, into streams of the same settings.
async fn publishing(nats: &NatsServer, extent: &Extent) {
    let program = gateway(nats, "gateway").await;
    // Makes the streams; then nobody reads them.
    drop(gateway(nats, "bare").await);
    let context = jetstream::new(async_nats::connect(nats.url()).await.expect("a connection"));
    let mut client = program.client("s").await;
    // Warm, and a record whose size counts.
    acked(&mut client, 0, IN_FLIGHT, IN_FLIGHT).await;
    let mut next = IN_FLIGHT;
    let body = newest(&context, "SO_LOG_gateway").await;
    println!("{} bytes a record, {} messages, {} rounds", body.len(), extent.messages, extent.rounds);
    let mut rates = KEYS.map(|_| (Vec::new(), Vec::new(), Vec::new()));
    for _ in 0..extent.rounds {
        for (keys, (ours, theirs, costs)) in KEYS.into_iter().zip(&mut rates) {
            theirs.push(bare(&context, &body, extent.messages, keys).await);
            let before = used(&program);
            ours.push(acked(&mut client, next, extent.messages, keys).await.0);
            next += extent.messages;
            costs.push((used(&program) - before) * 1e6 / extent.messages as f64);
        }
    }
    for (keys, (ours, theirs, costs)) in KEYS.into_iter().zip(rates) {
        let (ours, theirs, cost) = (median(ours), median(theirs), median(costs));
        println!(
            "{keys} conversations: {ours:.0} acked/s, bare publisher {theirs:.0}/s: {:.2} of it{}; {cost:.0} µs of the gateway's processor time each",
            ours / theirs,
            if keys == IN_FLIGHT { " (goal 0.5)" } else { "" }
        );
        println!(
            r#"{{"keys":{keys},"ackedPerSecond":{ours:.0},"barePerSecond":{theirs:.0},"ratio":{:.3},"cpuUs":{cost:.1}}}"#,
            ours / theirs
        );
    }
}

async fn newest(context: &Context, name: &str) -> Bytes {
    let stream = context.get_stream(name).await.expect("the stream");
    let last = stream.cached_info().state.last_sequence;
    stream.get_raw_message(last).await.expect("a record").payload
}

/// As many in flight as the gateway has of so many conversations: one of each.
async fn bare(context: &Context, body: &Bytes, count: usize, keys: usize) -> f64 {
    let began = Instant::now();
    let publishes = (0..count).map(|number| async move {
        let subject = format!("so.bare.chat.{}", number % keys);
        context.publish(subject, body.clone()).await?.await
    });
    stream::iter(publishes)
        .buffer_unordered(keys.min(IN_FLIGHT))
        .try_for_each(|_| async { Ok(()) })
        .await
        .expect("stored");
    count as f64 / began.elapsed().as_secs_f64()
}

/// A gateway with its subscribers.
struct Crowd {
    program: Program,
    /// How long each event took to each subscriber.
    took: mpsc::UnboundedReceiver<Duration>,
}

impl Crowd {
    async fn gather(program: Program, began: Instant) -> Self {
        let (sender, took) = mpsc::unbounded_channel();
        for number in 0..SUBSCRIBERS {
            let mut client = program.client(&format!("s{number}")).await;
            client.system(&subscribe(Channel::Chat)).await;
            // The answer: what is published from now on arrives.
            client.next().await;
            tokio::spawn(listen(client, began, sender.clone()));
        }
        Self { program, took }
    }

    /// Of `events` events.
    async fn took(&mut self, events: u32) -> Vec<Duration> {
        let mut all = Vec::new();
        while all.len() < events as usize * SUBSCRIBERS {
            all.push(timeout(MISSING, self.took.recv()).await.expect("events arrive").expect("a subscriber"));
        }
        all
    }
}

/// Ids say when their message was due, in µs since `began`.
async fn listen(mut client: Client, began: Instant, took: mpsc::UnboundedSender<Duration>) {
    while let Some(message) = client.try_next().await {
        let ServerMessage::Event(event) = message else { continue };
        let due =
            event.cause.and_then(|id| id.trim_start_matches('m').parse().ok()).map(Duration::from_micros);
        if due.is_some_and(|due| took.send(began.elapsed().saturating_sub(due)).is_err()) {
            return;
        }
    }
}

/// Figures of one gateway, over all rounds.
#[derive(Default)]
struct Figures {
    /// Processor time for each event that a subscriber received, µs.
    cost: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Figures {
    fn add(&mut self, cost: f64, mut took: Vec<Duration>) {
        took.sort_unstable();
        let ms = |share: f64| took[(took.len() as f64 * share) as usize].as_secs_f64() * 1e3;
        self.cost.push(cost);
        self.p50.push(ms(0.5));
        self.p99.push(ms(0.99));
    }
}

/// The same events at a gateway that is alone, and at one that is not: there a second one sends them to as many subscribers,
/// and a third one, which has no clients, only reads them.
async fn over_two(nats: &NatsServer, extent: &Extent) {
    let began = Instant::now();
    let mut crowds = Vec::new();
    for namespace in ["one", "two", "two"] {
        crowds.push(Crowd::gather(gateway(nats, namespace).await, began).await);
    }
    let reader = gateway(nats, "two").await;
    let mut publishers = [crowds[0].program.client("p").await, crowds[1].program.client("p").await];
    let mut figures = [Figures::default(), Figures::default(), Figures::default()];
    let mut reading = Vec::new();
    for _ in 0..extent.rounds {
        for (publisher, gateways) in publishers.iter_mut().zip([0..1, 1..3]) {
            let before: Vec<f64> = crowds.iter().map(|crowd| used(&crowd.program)).collect();
            let read_before = used(&reader);
            publish(publisher, extent.events, began).await;
            for at in gateways.clone() {
                let took = crowds[at].took(extent.events).await;
                let cost = (used(&crowds[at].program) - before[at]) * 1e6 / took.len() as f64;
                figures[at].add(cost, took);
            }
            if gateways.len() > 1 {
                reading.push((used(&reader) - read_before) * 1e6 / f64::from(extent.events));
            }
        }
    }
    println!("{RATE} events/s to {SUBSCRIBERS} subscribers of each gateway, {} rounds", extent.rounds);
    println!("{:<28}{:>10}{:>10}{:>10}", "", "alone", "first", "second");
    let row = |name: &str, of: fn(&Figures) -> &Vec<f64>| {
        let medians = figures.each_ref().map(|figures| median(of(figures).clone()));
        let [alone, first, second] = medians;
        println!("{name:<28}{alone:>10.2}{first:>10.2}{second:>10.2}");
        medians
    };
    let cost = row("CPU of a delivered event, µs", |figures| &figures.cost);
    row("publish to event, p50, ms", |figures| &figures.p50);
    let p99 = row("publish to event, p99, ms", |figures| &figures.p99);
    let reading = median(reading);
    println!("a gateway without clients: {reading:.0} µs of processor time for each record");
    println!(
        "second to one: {:.2} of the cost (goal 1.15), p99 {:+.1} ms (goal 30)",
        cost[2] / cost[0],
        p99[2] - p99[0]
    );
    println!(
        r#"{{"costRatio":{:.3},"p99MoreMs":{:.2},"readUs":{reading:.1}}}"#,
        cost[2] / cost[0],
        p99[2] - p99[0]
    );
}

/// Each at the moment that its place in the schedule says. Returns when all are acked.
async fn publish(client: &mut Client, events: u32, began: Instant) {
    let start = Instant::now();
    let mut left = 0;
    for number in 0..events {
        let due = start + number * Duration::from_secs(1) / RATE;
        loop {
            // A wait of nothing would starve the acks.
            let until = due.saturating_duration_since(Instant::now());
            tokio::select! {
                () = sleep(until) => break,
                ids = client.acked(), if left > 0 => left -= ids.len(),
            }
        }
        let id = usize::try_from((due - began).as_micros()).expect("minutes");
        client.send(&say(id, IN_FLIGHT)).await;
        left += 1;
    }
    while left > 0 {
        left -= client.acked().await.len();
    }
}
