//! Gateways, clients and the log, and what happens to them in the order of a seed.

use super::Planted;
use super::client::Client;
use super::log::{Log, id_of};
use super::node::Node;
use sentinelops_gateway::{ConnId, Now, Output};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Limits, ServerMessage, decode_server_frame};
use std::collections::{BTreeMap, BTreeSet};

const GATEWAYS: usize = 3;
const CLIENTS: usize = 6;
const STEPS: usize = 400;

pub struct World {
    rng: fastrand::Rng,
    planted: Planted,
    now: Now,
    log: Log,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    starts: u64,
    /// The log has lost something that only the gateways hold: none of them is killed before it is back.
    is_fragile: bool,
    pub seen: Seen,
}

/// What a schedule met.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub conflicts: u64,
    pub losses: u64,
    pub resumes: u64,
    pub acked: u64,
}

impl World {
    /// What is wrong in the end, and what the schedule met.
    pub fn run(seed: u64, planted: Planted) -> (Option<String>, Seen) {
        let mut world = Self {
            rng: fastrand::Rng::with_seed(seed),
            planted,
            now: Now { mono: 1_000, wall: 1_700_000_000_000 },
            log: Log::default(),
            nodes: Vec::new(),
            clients: (0..CLIENTS).map(|n| Client::at(n % GATEWAYS)).collect(),
            starts: 0,
            is_fragile: false,
            seen: Seen::default(),
        };
        for _ in 0..GATEWAYS {
            let node = world.node();
            world.nodes.push(node);
        }
        for _ in 0..STEPS {
            world.step();
        }
        world.settle();
        let violation = world.violation();
        let count = |of: fn(&Client) -> u64| world.clients.iter().map(of).sum();
        let (resumes, acked) = (count(|client| client.resumes), count(|client| client.acked.len() as u64));
        (violation, Seen { resumes, acked, ..world.seen })
    }

    fn node(&mut self) -> Node {
        self.starts += 1;
        let others: Vec<_> =
            self.nodes.iter().filter(|node| node.reachable).map(|node| node.position.epoch.clone()).collect();
        Node::start(&mut self.log, self.starts, &others, self.now)
    }

    fn step(&mut self) {
        self.pass(7);
        let at = self.rng.usize(..GATEWAYS);
        let now = self.now;
        match self.rng.u32(..42) {
            0..10 => {
                let client = self.rng.usize(..CLIENTS);
                self.new_command(client);
            }
            10..20 => self.publish(at),
            20..26 => self.nodes[at].answer(now),
            26..36 => drop(self.nodes[at].read(&self.log, now)),
            36 => self.nodes[at].read_again(&self.log, now),
            37 if self.rng.u32(..2) == 0 && !self.is_fragile => self.restart(at),
            38 if self.nodes[at].reachable && self.rng.u32(..2) == 0 => self.break_off(at),
            39 if self.rng.u32(..8) == 0 => self.restart_log(),
            40 if self.rng.u32(..12) == 0 => self.delete_stream(),
            _ if !self.nodes[at].reachable => self.come_back(at),
            _ => {
                // A person who changes over while everything works.
                let client = self.rng.usize(..CLIENTS);
                if self.rng.u32(..6) == 0 {
                    self.clients[client].at = at;
                }
            }
        }
        self.deliver();
    }

    fn pass(&mut self, ms: u64) {
        self.now.mono += ms;
        self.now.wall += ms;
    }

    fn conn(&mut self, client: usize, at: usize) -> ConnId {
        if let Some(conn) = self.nodes[at].conns.get(&client) {
            return *conn;
        }
        let now = self.now;
        let gateway = &mut self.nodes[at].gateway;
        let conn = gateway.connect(now, format!("u{}", client % 2));
        gateway.receive(now, conn, Client::hello(client).as_bytes());
        if self.clients[client].at == at {
            gateway.receive(now, conn, self.clients[client].subscribe().as_bytes());
        }
        self.nodes[at].conns.insert(client, conn);
        conn
    }

    fn send(&mut self, client: usize, at: usize, text: &str) {
        let conn = self.conn(client, at);
        let now = self.now;
        self.nodes[at].gateway.receive(now, conn, text.as_bytes());
        if self.planted == Planted::AckEarly {
            for id in self.nodes[at]
                .outbox
                .lock()
                .proposals
                .iter()
                .filter_map(|proposal| proposal.record.accepted.clone())
            {
                self.clients[client].acked.insert(id.id);
            }
        }
        if self.planted == Planted::FoldEarly {
            let proposals = self.nodes[at].outbox.lock().proposals.clone();
            for proposal in proposals {
                let gateway = &mut self.nodes[at].gateway;
                gateway.fold(now, gateway.seq() + 1, &proposal.key, &proposal.record, Some(proposal.number));
            }
        }
    }

    fn new_command(&mut self, client: usize) {
        let number = self.clients[client].sent;
        self.clients[client].sent += 1;
        let id = format!("c{client}-{number}");
        let incident = self.rng.u32(..4);
        let chat = |conversation: &str| {
            format!(
                r#""type":"chat.message","channel":"chat","payload":{{"conversationId":"{conversation}","content":"{id}"}}"#
            )
        };
        let payload = match self.rng.u32(..4) {
            kind @ 0..2 => {
                let kind = if kind == 0 { "create" } else { "update" };
                format!(
                    r#""type":"incident.{kind}","channel":"incidents","payload":{{"id":"i{incident}","title":"{id}"}}"#
                )
            }
            _ => chat("k"),
        };
        let text = format!(r#"{{"id":"{id}",{payload}}}"#);
        self.clients[client].unacked.insert(id.clone(), text.clone());
        let at = self.clients[client].at;
        self.send(client, at, &text);
        let other = self.rng.usize(..GATEWAYS);
        match self.rng.u32(..16) {
            // A careless one uses its id for something else, too: one of the two takes effect.
            0..2 => self.send(client, other, &format!(r#"{{"id":"{id}",{}}}"#, chat("m"))),
            // An impatient one whose first message is under way sends it to another gateway, too.
            2..6 => self.send(client, other, &text),
            _ => {}
        }
    }

    fn publish(&mut self, at: usize) {
        let met = self.nodes[at].publish(&mut self.log, self.planted, self.now);
        self.seen.conflicts += u64::from(met);
    }

    /// The connection breaks; what was on its way may have arrived or not, and its answer never comes.
    fn break_off(&mut self, at: usize) {
        if self.rng.bool() {
            self.publish(at);
        }
        self.nodes[at].lose_way(self.now);
    }

    fn come_back(&mut self, at: usize) {
        self.starts += 1;
        self.nodes[at].find_way(&mut self.log, self.starts, self.planted, self.now);
        self.is_fragile &= self.nodes.iter().any(|node| !node.reachable);
    }

    /// The server is killed, in two of three cases before it has flushed its newest messages.
    fn restart_log(&mut self) {
        let lost = self.rng.usize(..3).min(1) * self.rng.usize(1..6);
        for at in 0..GATEWAYS {
            self.break_off(at);
        }
        self.log.restart(lost);
        self.is_fragile = true;
        self.seen.losses += 1;
    }

    fn delete_stream(&mut self) {
        self.log.make_again();
        for at in 0..GATEWAYS {
            self.break_off(at);
        }
        self.is_fragile = true;
        self.seen.losses += 1;
    }

    fn restart(&mut self, at: usize) {
        self.nodes[at] = self.node();
        for client in 0..CLIENTS {
            if self.clients[client].at == at {
                self.clients[client].at = self.rng.usize(..GATEWAYS);
            }
        }
    }

    /// Hands every frame to its client; those without a connection make one.
    fn deliver(&mut self) {
        let now = self.now;
        for (at, node) in self.nodes.iter_mut().enumerate() {
            node.gateway.timeout(now);
            while let Some(output) = node.gateway.poll_output() {
                match output {
                    Output::Send { conn, frame, .. } => {
                        let found = node.conns.iter().find(|(_, other)| **other == conn);
                        let Some((client, _)) = found else { continue };
                        let client = &mut self.clients[*client];
                        let decoded = decode_server_frame(&frame, &Limits::to_client()).expect("readable");
                        for message in decoded.messages {
                            // Of a gateway that it only sends to the answers count.
                            let is_answer = matches!(
                                message,
                                ServerMessage::System(ServerSystem::Ack { .. } | ServerSystem::Nack { .. })
                            );
                            if client.at == at || is_answer {
                                client.take(message);
                            }
                        }
                    }
                    Output::Close { conn, .. } => node.conns.retain(|_, other| *other != conn),
                    Output::CheckToken { .. } | Output::Answer { .. } => {}
                }
            }
        }
        for client in 0..CLIENTS {
            let at = self.clients[client].at;
            // It has one gateway: of the others it hears nothing more.
            for other in (0..GATEWAYS).filter(|other| *other != at) {
                if let Some(conn) = self.nodes[other].conns.remove(&client) {
                    self.nodes[other].gateway.disconnected(now, conn);
                }
            }
            self.conn(client, at);
            for id in std::mem::take(&mut self.clients[client].again) {
                if let Some(text) =
                    self.clients[client].unacked.get(&id).filter(|_| self.rng.u32(..3) == 0).cloned()
                {
                    self.send(client, at, &text);
                }
            }
        }
    }

    /// Everything that is on its way arrives, and what was not answered is sent again.
    fn settle(&mut self) {
        for round in 0..400 {
            self.pass(50);
            for at in 0..GATEWAYS {
                if !self.nodes[at].reachable {
                    self.come_back(at);
                }
                for _ in 0..50 {
                    self.publish(at);
                    self.nodes[at].answer(self.now);
                    self.nodes[at].read(&self.log, self.now);
                }
            }
            self.deliver();
            let is_done = self.clients.iter().all(|client| client.unacked.is_empty());
            let has_read =
                self.nodes.iter().all(|node| node.reachable && node.position.seq == self.log.last());
            if is_done && has_read {
                // What was sent last arrives.
                self.pass(6_000);
                self.deliver();
                self.pass(50);
                return self.deliver();
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

    fn violation(&self) -> Option<String> {
        let mut effects = BTreeMap::<String, u32>::new();
        let mut said = BTreeSet::new();
        for (_, record) in self.log.records() {
            let Some(id) = id_of(record) else { continue };
            if record.events.iter().any(|event| event.kind == "chat.message") {
                said.insert(id.clone());
            }
            *effects.entry(id).or_default() += 1;
        }
        if let Some((id, times)) = effects.iter().find(|(_, times)| **times > 1) {
            return Some(format!("{id} took effect {times} times"));
        }
        for (number, client) in self.clients.iter().enumerate() {
            if let Some(wrong) = &client.wrong {
                return Some(format!("client {number}: {wrong}"));
            }
            let key = |id: &String| format!("u{}/{id}", number % 2);
            if let Some(id) = client.acked.iter().find(|id| !effects.contains_key(&key(id))) {
                return Some(format!("{id} was acked and is not in the log"));
            }
            if let Some(id) = client.unacked.keys().next() {
                return Some(format!("{id} was never answered"));
            }
            let missed = said
                .iter()
                .filter_map(|id| id.split_once('/'))
                .find(|(_, id)| !client.seen.contains_key(*id));
            if let Some((_, id)) = missed.filter(|_| client.gaps == 0) {
                return Some(format!("client {number} never saw {id}, and was told of no gap"));
            }
        }
        let mut created = BTreeSet::new();
        let events = self.log.records().flat_map(|(_, record)| &record.events);
        for event in events.filter(|event| event.kind == "incident.created" && event.merged.is_some()) {
            let incident = event.payload.as_str().split(r#""incidentId":""#).nth(1).map(|rest| &rest[..2]);
            if event.begins && !created.insert(incident) {
                return Some(format!("created twice: {}", event.payload.as_str()));
            }
        }
        let first = self.nodes[0].gateway.view();
        if let Some(at) = self.nodes.iter().position(|node| node.gateway.view() != first) {
            return Some(format!("gateway {at} holds another state"));
        }
        let waits = self.nodes.iter().find(|node| node.gateway.waiting() > 0);
        waits.map(|node| format!("{} waits for ever", node.name))
    }
}
