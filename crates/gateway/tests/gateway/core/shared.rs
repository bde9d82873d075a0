//! Several cores on one log, in seeded schedules: delays, lost answers, breaks, restarts. The log is a model of what the
//! shell has from NATS.

use sentinelops_gateway::{
    ConnId, Durable, Gateway, GatewayConfig, Notice, Now, Output, Proposal, Record, Store,
};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Limits, ServerMessage, decode_server_frame};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

const GATEWAYS: usize = 3;
const CLIENTS: usize = 6;
const STEPS: usize = 400;

/// What the model does wrong, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Planted {
    Nothing,
    /// The log takes a record whatever came before it.
    NoOrder,
    /// The log takes an id twice; the judges alone do not see each other in time.
    NoIds,
    /// What the log refused for its id is folded as if it had been stored.
    TrustDuplicate,
}

#[derive(Clone, Debug, Default)]
struct Outbox(Arc<Mutex<VecDeque<Proposal>>>);

#[derive(Clone, Debug)]
struct Port {
    name: String,
    outbox: Outbox,
}

impl Store for Port {
    fn append(&mut self, _: Record) -> u64 {
        unreachable!("a log gives no seq")
    }

    fn committed(&self) -> u64 {
        u64::MAX
    }

    fn writer(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn propose(&mut self, proposal: Proposal) {
        self.outbox.0.lock().expect("not poisoned").push_back(proposal);
    }

    fn tell(&mut self, _: Notice) {}
}

struct Message {
    key: String,
    record: Record,
    by: (String, u64),
}

#[derive(Clone, Copy)]
enum Answer {
    Stale(u64, u64),
}

struct Node {
    gateway: Gateway,
    outbox: Outbox,
    name: String,
    /// Answers of the log on their way back.
    answers: VecDeque<Answer>,
    /// Messages of the log that were folded.
    read: usize,
    reachable: bool,
    conns: BTreeMap<usize, ConnId>,
}

#[derive(Default)]
struct Client {
    at: usize,
    unacked: BTreeMap<String, String>,
    acked: BTreeSet<String>,
    sent: u64,
}

struct World {
    rng: fastrand::Rng,
    planted: Planted,
    now: Now,
    log: Vec<Message>,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    starts: u64,
    conflicts: u64,
}

impl World {
    fn new(seed: u64, planted: Planted) -> Self {
        let mut world = Self {
            rng: fastrand::Rng::with_seed(seed),
            planted,
            now: Now { mono: 1_000, wall: 1_700_000_000_000 },
            log: Vec::new(),
            nodes: Vec::new(),
            clients: (0..CLIENTS).map(|n| Client { at: n % GATEWAYS, ..Client::default() }).collect(),
            starts: 0,
            conflicts: 0,
        };
        for _ in 0..GATEWAYS {
            let node = world.node();
            world.nodes.push(node);
        }
        world
    }

    /// A gateway that starts: it has read everything.
    fn node(&mut self) -> Node {
        self.starts += 1;
        let config = GatewayConfig::default();
        let mut durable = Durable::loaded(
            sentinelops_gateway::Loaded { epoch: "e".into(), ..Default::default() },
            &config,
            self.now,
        );
        for (seq, message) in (1..).zip(&self.log) {
            durable.take(seq, &message.record, &config, self.now);
        }
        let outbox = Outbox::default();
        let name = format!("g{}", self.starts);
        let port = Port { name: name.clone(), outbox: outbox.clone() };
        let gateway = Gateway::restore(config, self.starts, durable, self.now).with_store(Box::new(port));
        let (answers, conns) = Default::default();
        Node { gateway, outbox, name, answers, read: self.log.len(), reachable: true, conns }
    }

    fn conn(&mut self, client: usize, at: usize) -> ConnId {
        let now = self.now;
        let node = &mut self.nodes[at];
        *node.conns.entry(client).or_insert_with(|| {
            let conn = node.gateway.connect(now, format!("u{}", client % 2));
            let hello = format!(
                r#"{{"type":"hello","channel":"system","payload":{{"protocol":1,"client":"t","session":"s{client}","term":1}}}}"#
            );
            node.gateway.receive(now, conn, hello.as_bytes());
            conn
        })
    }

    fn send(&mut self, client: usize, at: usize, text: &str) {
        let conn = self.conn(client, at);
        let now = self.now;
        self.nodes[at].gateway.receive(now, conn, text.as_bytes());
    }

    fn new_command(&mut self, client: usize) {
        let number = self.clients[client].sent;
        self.clients[client].sent += 1;
        let id = format!("c{client}-{number}");
        let incident = self.rng.u32(..4);
        let payload = match self.rng.u32(..3) {
            0 => format!(
                r#""type":"incident.create","channel":"incidents","payload":{{"id":"i{incident}","title":"{id}"}}"#
            ),
            1 => format!(
                r#""type":"incident.update","channel":"incidents","payload":{{"id":"i{incident}","title":"{id}"}}"#
            ),
            _ => format!(
                r#""type":"chat.message","channel":"chat","payload":{{"conversationId":"k","content":"{id}"}}"#
            ),
        };
        let text = format!(r#"{{"id":"{id}",{payload}}}"#);
        self.clients[client].unacked.insert(id.clone(), text.clone());
        let at = self.clients[client].at;
        self.send(client, at, &text);
        // A careless one uses its id for something else, too: one of the two takes effect.
        if self.rng.u32(..8) == 0 {
            let other = self.rng.usize(..GATEWAYS);
            let another = format!(
                r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"m","content":"x"}}}}"#
            );
            return self.send(client, other, &another);
        }
        // An impatient client whose first message is under way sends it to another gateway, too.
        if self.rng.u32(..4) == 0 {
            let other = self.rng.usize(..GATEWAYS);
            self.send(client, other, &text);
        }
    }

    /// The log takes the next proposal of a gateway, or does not; its answer may get lost with the connection.
    fn publish(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if !node.reachable {
            return;
        }
        let Some(proposal) = node.outbox.0.lock().expect("not poisoned").pop_front() else { return };
        let newest = (1..).zip(&self.log).filter(|(_, message)| message.key == proposal.key).last();
        let newest: u64 = newest.map_or(0, |(seq, _)| seq);
        let id =
            proposal.record.accepted.as_ref().map(|accepted| (accepted.user.clone(), accepted.id.clone()));
        let twin: Option<u64> = (1..)
            .zip(&self.log)
            .find(|(_, message)| {
                let known = message.record.accepted.as_ref();
                id.is_some() && known.map(|known| (known.user.clone(), known.id.clone())) == id
            })
            .map(|(seq, _)| seq);
        let in_order = newest == proposal.after || self.planted == Planted::NoOrder;
        match twin {
            Some(twin) if self.planted == Planted::TrustDuplicate => {
                // Takes the duplicate for a success: the command is acked without a look at what is in the log.
                let _ = twin;
                let (now, seq) = (self.now, node.gateway.seq() + 1);
                node.gateway.fold(now, seq, &proposal.key, &proposal.record, Some(proposal.number));
            }
            Some(twin) if self.planted != Planted::NoIds => {
                node.answers.push_back(Answer::Stale(proposal.number, twin));
                self.conflicts += 1;
            }
            _ if in_order => {
                let by = (node.name.clone(), proposal.number);
                self.log.push(Message { key: proposal.key, record: proposal.record, by });
            }
            _ => {
                node.answers.push_back(Answer::Stale(proposal.number, newest));
                self.conflicts += 1;
            }
        }
    }

    fn answer(&mut self, at: usize) {
        let now = self.now;
        let node = &mut self.nodes[at];
        if let Some(Answer::Stale(number, newest)) = node.answers.pop_front().filter(|_| node.reachable) {
            node.gateway.stale(now, number, newest);
        }
    }

    fn read(&mut self, at: usize) {
        let now = self.now;
        let node = &mut self.nodes[at];
        if !node.reachable || node.read >= self.log.len() {
            return;
        }
        let message = &self.log[node.read];
        node.read += 1;
        let own = (message.by.0 == node.name).then_some(message.by.1);
        node.gateway.fold(now, node.read as u64, &message.key, &message.record, own);
    }

    /// The connection breaks; what was on its way may have arrived or not.
    fn break_off(&mut self, at: usize) {
        if self.rng.bool() {
            self.publish(at);
        }
        let now = self.now;
        let node = &mut self.nodes[at];
        node.outbox.0.lock().expect("not poisoned").clear();
        node.answers.clear();
        node.reachable = false;
        node.gateway.set_unavailable(now, Some(2_000));
    }

    fn come_back(&mut self, at: usize) {
        self.nodes[at].reachable = true;
        while self.nodes[at].read < self.log.len() {
            self.read(at);
        }
        let now = self.now;
        self.nodes[at].gateway.set_unavailable(now, None);
    }

    fn restart(&mut self, at: usize) {
        self.nodes[at] = self.node();
        // What was not acked is sent again, to whatever gateway.
        for client in 0..CLIENTS {
            if self.clients[client].at == at {
                self.clients[client].at = self.rng.usize(..GATEWAYS);
            }
        }
    }

    /// Hands every frame to its client.
    fn deliver(&mut self) {
        let mut again = Vec::new();
        for node in &mut self.nodes {
            let now = self.now;
            node.gateway.timeout(now);
            while let Some(output) = node.gateway.poll_output() {
                let Output::Send { conn, frame, .. } = output else { continue };
                let client = node.conns.iter().find(|(_, other)| **other == conn).map(|(client, _)| *client);
                let Some(client) = client else { continue };
                let decoded = decode_server_frame(&frame, &Limits::to_client()).expect("readable");
                for message in decoded.messages {
                    match message {
                        ServerMessage::System(ServerSystem::Ack { ids }) => {
                            for id in ids {
                                self.clients[client].unacked.remove(&id);
                                self.clients[client].acked.insert(id);
                            }
                        }
                        ServerMessage::System(ServerSystem::Nack { id, retry_after_ms, .. }) => {
                            if retry_after_ms.is_some() {
                                again.push((client, id));
                            } else {
                                self.clients[client].unacked.remove(&id);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        for (client, id) in again {
            if self.rng.u32(..3) == 0
                && let Some(text) = self.clients[client].unacked.get(&id).cloned()
            {
                let at = self.clients[client].at;
                self.send(client, at, &text);
            }
        }
    }

    fn step(&mut self) {
        self.now.mono += 7;
        self.now.wall += 7;
        let at = self.rng.usize(..GATEWAYS);
        match self.rng.u32(..20) {
            0..5 => {
                let client = self.rng.usize(..CLIENTS);
                self.new_command(client);
            }
            5..10 => self.publish(at),
            10..13 => self.answer(at),
            13..18 => self.read(at),
            18 if self.rng.u32(..4) == 0 => self.restart(at),
            19 if self.nodes[at].reachable && self.rng.u32(..3) == 0 => self.break_off(at),
            _ if !self.nodes[at].reachable => self.come_back(at),
            _ => {}
        }
        self.deliver();
    }

    /// Everything that is on its way arrives, and what was not answered is sent again.
    fn settle(&mut self) {
        for round in 0..400 {
            self.now.mono += 50;
            self.now.wall += 50;
            for at in 0..GATEWAYS {
                if !self.nodes[at].reachable {
                    self.come_back(at);
                }
                for _ in 0..50 {
                    self.publish(at);
                    self.answer(at);
                    self.read(at);
                }
            }
            self.deliver();
            let is_done = self.clients.iter().all(|client| client.unacked.is_empty());
            let has_read = self.nodes.iter().all(|node| node.read == self.log.len());
            if is_done && has_read {
                return;
            }
            if round % 4 == 3 {
                for client in 0..CLIENTS {
                    let at = self.clients[client].at;
                    for text in self.clients[client].unacked.clone().into_values() {
                        self.send(client, at, &text);
                    }
                }
            }
        }
    }

    /// What is wrong in the end.
    fn violation(&self) -> Option<String> {
        let mut effects = BTreeMap::<(String, String), u32>::new();
        for accepted in self.log.iter().filter_map(|message| message.record.accepted.as_ref()) {
            *effects.entry((accepted.user.clone(), accepted.id.clone())).or_default() += 1;
        }
        if let Some((id, times)) = effects.iter().find(|(_, times)| **times > 1) {
            return Some(format!("{id:?} took effect {times} times"));
        }
        for (client, state) in self.clients.iter().enumerate() {
            let user = format!("u{}", client % 2);
            let lost = state.acked.iter().find(|id| !effects.contains_key(&(user.clone(), (*id).clone())));
            if let Some(id) = lost {
                return Some(format!("{id} was acked and is not in the log"));
            }
            if let Some(id) = state.unacked.keys().next() {
                return Some(format!("{id} was never answered"));
            }
        }
        let mut created = BTreeSet::new();
        let events = self.log.iter().flat_map(|message| &message.record.events);
        for event in events.filter(|event| event.kind == "incident.created") {
            if !created
                .insert(event.payload.as_str().split(r#""incidentId":""#).nth(1).map(|rest| &rest[..2]))
            {
                return Some(format!("created twice: {}", event.payload.as_str()));
            }
        }
        let first = self.nodes[0].gateway.view();
        let differs = self.nodes.iter().position(|node| node.gateway.view() != first);
        if let Some(at) = differs {
            return Some(format!("gateway {at} holds another state"));
        }
        let waits = self.nodes.iter().find(|node| node.gateway.waiting() > 0);
        waits.map(|node| format!("{} waits for ever", node.name))
    }

    fn run(seed: u64, planted: Planted) -> (Option<String>, u64) {
        let mut world = Self::new(seed, planted);
        for _ in 0..STEPS {
            world.step();
        }
        world.settle();
        (world.violation(), world.conflicts)
    }
}

#[test]
fn cores_on_one_log_agree_lose_nothing_and_double_nothing() {
    let mut conflicts = 0;
    for seed in 0..300 {
        let (violation, met) = World::run(seed, Planted::Nothing);
        assert_eq!(violation, None, "seed {seed}");
        conflicts += met;
    }
    assert!(conflicts > 1_000, "the schedules hardly ever meet: {conflicts} conflicts");
}

#[test]
fn a_log_that_keeps_no_order_or_ids_is_found() {
    for planted in [Planted::NoOrder, Planted::NoIds, Planted::TrustDuplicate] {
        let found = (0..300).find_map(|seed| World::run(seed, planted).0);
        assert!(found.is_some(), "{planted:?} is not found");
    }
}
