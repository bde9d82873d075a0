//! The gateway under load: acked messages a second beside bare rusqlite in the same run, what a crowd of connections
//! costs in time, what it holds in memory, what hostile peers cost the others, and a broadcast to many beside a bare axum
//! server in the same run; and gateways on NATS.

mod broadcast;
mod crowd;
mod hostile;
mod nats;
mod peers;
#[path = "../../tests/gateway/support/mod.rs"]
mod support;

use rusqlite::{Connection, params};
use sentinelops_protocol::encode_batch;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use support::{Client, Folder, Program};

const IN_FLIGHT: usize = 64;
const MESSAGES: usize = 20_000;
const ROUNDS: usize = 5;

/// A message to one of so many conversations.
fn say(number: usize, conversations: usize) -> String {
    let text = "x".repeat(200);
    let conversation = number % conversations;
    format!(
        r#"{{"id":"m{number}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c{conversation}","content":"{text}"}}}}"#
    )
}

/// Messages a second, and how long each waited for its ack.
async fn acked(
    client: &mut Client,
    first: usize,
    count: usize,
    conversations: usize,
) -> (f64, Vec<Duration>) {
    let began = Instant::now();
    let (mut sent, mut acked) = (0, 0);
    let mut waiting = HashMap::new();
    let mut waited = Vec::with_capacity(count);
    while acked < count {
        // As the client does: what may go goes in one frame.
        let mut frame = Vec::new();
        while sent < count && waiting.len() < IN_FLIGHT {
            let number = first + sent;
            waiting.insert(format!("m{number}"), Instant::now());
            frame.push(say(number, conversations));
            sent += 1;
        }
        if !frame.is_empty() {
            client.send(&encode_batch(&frame)).await;
        }
        for id in client.acked().await {
            acked += 1;
            waited.extend(waiting.remove(&id).map(|at| at.elapsed()));
        }
    }
    (count as f64 / began.elapsed().as_secs_f64(), waited)
}

/// The same three rows a message, 64 messages a transaction, nothing else.
fn bare(folder: &Folder, round: usize) -> f64 {
    let mut db = Connection::open(folder.path(&format!("bare-{round}.db"))).expect("a database");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE log (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL);
         CREATE TABLE state (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
         CREATE TABLE ids (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;",
    )
    .expect("tables");
    let began = Instant::now();
    for batch in (0..MESSAGES).collect::<Vec<_>>().chunks(IN_FLIGHT) {
        let all = db.transaction().expect("a transaction");
        for number in batch {
            let (id, body, seq) = (format!("m{number}"), say(*number, 1), *number as i64);
            let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
                all.prepare_cached(sql).and_then(|mut row| row.execute(values)).expect("a row");
            };
            run("INSERT INTO log VALUES (?1, ?2, ?3)", params![seq, 0, body]);
            run("INSERT INTO state VALUES (?1, ?2, ?3)", params![id, seq, body]);
            run("INSERT INTO ids VALUES (?1, ?2)", params![id, 0]);
        }
        all.commit().expect("committed");
    }
    MESSAGES as f64 / began.elapsed().as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

#[tokio::main]
async fn main() {
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    if only.as_deref() == Some(broadcast::BARE) {
        return broadcast::serve().await;
    }
    if only.as_deref() == Some(peers::PEERS) {
        return peers::run(std::env::args().skip(2)).await;
    }
    // Beside those of one gateway: only by name.
    if only.as_deref() == Some("nats") {
        return nats::nats(std::env::args().any(|arg| arg == "--quick")).await;
    }
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("store") {
        store().await;
    }
    if wanted("fan-out") {
        crowd::fan_out().await;
    }
    if wanted("memory") {
        crowd::memory().await;
    }
    if wanted("hostile") {
        hostile::hostile(std::env::args().any(|arg| arg == "each")).await;
    }
    if wanted("broadcast") {
        broadcast::broadcast().await;
    }
}

async fn store() {
    let folder = Folder::new("bench-gateway");
    let data = folder.path("data");
    let program = Program::start(&["--rate", "0", "--message-rate", "0", "--data", &data]).await;
    let mut client = program.client("s").await;
    let (mut ours, mut theirs, mut waited) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        theirs.push(bare(&folder, round));
        let (rate, times) = acked(&mut client, round * MESSAGES, MESSAGES, 1).await;
        ours.push(rate);
        waited.extend(times);
    }
    waited.sort();
    let (ours, theirs) = (median(ours), median(theirs));
    let millis = |share: f64| waited[(waited.len() as f64 * share) as usize].as_secs_f64() * 1e3;
    let (p50, p99) = (millis(0.5), millis(0.99));
    println!(
        "acked with {IN_FLIGHT} in flight: {ours:.0}/s, bare rusqlite {theirs:.0}/s: {:.2} of it (goal 0.5)",
        ours / theirs
    );
    println!("from send to ack: p50 {p50:.2} ms, p99 {p99:.2} ms");
    println!(
        r#"{{"ackedPerSecond":{ours:.0},"barePerSecond":{theirs:.0},"ratio":{:.3},"p50Ms":{p50:.3},"p99Ms":{p99:.3}}}"#,
        ours / theirs
    );
}
