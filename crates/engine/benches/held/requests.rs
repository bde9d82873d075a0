//! How often memory is asked for.

use super::{Bench, alert};
use sentinelops_protocol::{Channel, Subject};

/// A frame with `count` events, from the `from`-th on, each about one of 50 keys.
fn batch(from: usize, count: usize, event: Make) -> String {
    let events: Vec<String> = (from..from + count).map(|seq| event(seq, seq % 50)).collect();
    format!("[{}]", events.join(","))
}

fn agent(seq: usize, key: usize) -> String {
    format!(
        r#"{{"type":"agent.status","channel":"agents","seq":{seq},"prev":{},"timestamp":1700000000000,"payload":{{"agentId":"agent-{key}","status":"online","lastSeen":1700000000000,"name":"Ann"}}}}"#,
        seq - 1
    )
}

fn incident(seq: usize, key: usize) -> String {
    format!(
        r#"{{"type":"incident.updated","channel":"incidents","seq":{seq},"prev":{},"timestamp":1700000000000,"payload":{{"incidentId":"inc-{key}","type":"updated","data":{{"status":"investigating","assignedTo":"ann","updatedAt":1700000000000}}}}}}"#,
        seq - 1
    )
}

/// As a gateway sends it: without an id of its own.
fn alert_event(seq: usize, key: usize) -> String {
    alert(seq, key).replacen(&format!(r#""id":"e{seq}","#), "", 1)
}

/// Makes the event of a number about a key.
pub type Make = fn(usize, usize) -> String;

/// What [`allocations`] counts, by name.
pub const EVENTS: [(&str, Channel, Make); 3] = [
    ("alert", Channel::Alerts, alert_event),
    ("agent", Channel::Agents, agent),
    ("incident", Channel::Incidents, incident),
];

/// How often memory is asked for per event of a frame with 64 of keys that are known. `count` says how often a closure asks.
pub fn allocations(channel: Channel, event: Make, count: fn(&mut dyn FnMut()) -> u64) -> f64 {
    const BATCH: usize = 64;
    let mut bench = Bench::new(false);
    bench.connect();
    bench.subscribe(Subject::channel(channel));
    let mut used = Vec::new();
    for round in 0..20 {
        let text = batch(1 + round * BATCH, BATCH, event);
        used.push(count(&mut || bench.frame(&text)));
    }
    used.sort_unstable();
    used[used.len() / 2] as f64 / BATCH as f64
}
