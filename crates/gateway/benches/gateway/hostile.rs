//! What peers that break every rule cost those that keep to them: the time from send to ack, alone and beside them.
//! For comparison the same peers attack another gateway on the same machine: what the others then wait longer they
//! wait for the processor, not for anything in their gateway.

use crate::crowd::used;
use crate::peers::{Kind, Peers};
use crate::support::Program;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Clients that wait for each ack before they send the next message.
const POLITE: usize = 8;
const ROUNDS: usize = 4;
const WINDOW: Duration = Duration::from_secs(5);
/// Between two messages of one polite client.
const PAUSE: Duration = Duration::from_millis(10);

/// Who attacks while the polite clients are measured, and what came of it.
struct Group {
    name: String,
    kinds: Vec<Kind>,
    /// The other gateway is attacked.
    elsewhere: bool,
    waited: Vec<Duration>,
    attempts: usize,
    /// Time on a core of the gateway that was attacked, s.
    used: f64,
}

impl Group {
    fn new(name: impl Into<String>, kinds: Vec<Kind>, elsewhere: bool) -> Self {
        Self { name: name.into(), kinds, elsewhere, waited: Vec::new(), attempts: 0, used: 0.0 }
    }

    /// What one connection of a peer takes of a core, ms, beside what the acks take. `ack` is the time of one, s.
    fn cost_ms(&self, ack: f64) -> f64 {
        let acks = if self.elsewhere { 0.0 } else { self.waited.len() as f64 };
        (self.used - acks * ack).max(0.0) / self.attempts.max(1) as f64 * 1e3
    }

    fn ms(&self, share: f64) -> f64 {
        self.waited[(self.waited.len() as f64 * share) as usize].as_secs_f64() * 1e3
    }
}

/// `each`: every kind of peer by itself.
pub async fn hostile(each: bool) {
    let (all, flood) = (Kind::breakers(), vec![Kind::Flood]);
    let mut groups = vec![
        Group::new("alone", Vec::new(), false),
        Group::new("beside hostile peers", all.clone(), false),
        Group::new("while they attack another gateway", all, true),
        Group::new("beside a flood", flood.clone(), false),
        Group::new("while it attacks another gateway", flood, true),
    ];
    if each {
        let one = |kind| Group::new(format!("beside {kind:?}"), vec![kind], false);
        groups = [Group::new("alone", Vec::new(), false)].into_iter().chain(Kind::EVERY.map(one)).collect();
    }
    let (program, other) = (Program::start(&["--rate", "0"]).await, Program::start(&["--rate", "0"]).await);
    for round in 0..ROUNDS {
        for (at, group) in groups.iter_mut().enumerate() {
            let attacked = if group.elsewhere { &other } else { &program };
            let before = used(attacked);
            let peers = (!group.kinds.is_empty()).then(|| Peers::attack(attacked.port, &group.kinds, WINDOW));
            group.waited.extend(polite(&program, &format!("{at}-{round}")).await);
            if let Some(peers) = peers {
                group.attempts += peers.attempts().await;
            }
            group.used += used(attacked) - before;
        }
    }
    for group in &mut groups {
        group.waited.sort();
    }
    let (alone, ack) = (groups[0].ms(0.99), groups[0].used / groups[0].waited.len() as f64);
    println!("{POLITE} clients, from send to ack:");
    for group in &groups {
        println!(
            "{:<36}{:>2} peers {:>6} connections of {:>6.2} ms CPU {:>6} acks  p50 {:>5.2} ms  p99 {:>5.2} ms: {:>4.1} times",
            group.name,
            group.kinds.len(),
            group.attempts,
            group.cost_ms(ack),
            group.waited.len(),
            group.ms(0.5),
            group.ms(0.99),
            group.ms(0.99) / alone
        );
    }
    if each {
        return;
    }
    let [alone, hostile, control, flood, flood_control] = [0, 1, 2, 3, 4].map(|at| groups[at].ms(0.99));
    println!(
        "p99 beside hostile peers {:.1} times that alone (goal 2), {:.1} times that while they attack another gateway",
        hostile / alone,
        hostile / control
    );
    println!(
        r#"{{"aloneP99Ms":{alone:.3},"hostileP99Ms":{hostile:.3},"controlP99Ms":{control:.3},"floodP99Ms":{flood:.3},"floodControlP99Ms":{flood_control:.3},"ratio":{:.3}}}"#,
        hostile / alone
    );
}

/// How long each message of the polite clients waited for its ack.
async fn polite(program: &Program, round: &str) -> Vec<Duration> {
    let mut clients = JoinSet::new();
    for number in 0..POLITE {
        let mut client = program.client(&format!("{round}-{number}")).await;
        let name = format!("{round}-{number}");
        clients.spawn(async move {
            let began = Instant::now();
            let mut waited = Vec::new();
            while began.elapsed() < WINDOW {
                let message = format!(
                    r#"{{"id":"{name}-{}","type":"chat.message","channel":"chat","payload":{{"conversationId":"{name}","content":"{}"}}}}"#,
                    waited.len(),
                    "x".repeat(200)
                );
                let sent = Instant::now();
                client.send(&message).await;
                client.acked().await;
                waited.push(sent.elapsed());
                sleep(PAUSE).await;
            }
            waited
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}
