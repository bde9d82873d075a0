//! Gateways on a log, in simulated time: what is on its way arrives at once, unless a gateway is cut off.

mod ahead;
mod lease;

use super::log_port::{LogPort, Outbox, Published};
use sentinelops_gateway::{ConnId, Gateway, GatewayConfig, Now, Output, Record};
use sentinelops_protocol::domain::Presence;
use sentinelops_protocol::{Limits, ServerMessage, decode_server_frame};

struct Node {
    gateway: Gateway,
    outbox: Outbox,
    read: usize,
    /// Neither log nor notices reach it.
    is_cut_off: bool,
    is_dead: bool,
}

struct World {
    mono: u64,
    log: Vec<(String, Record, (usize, u64))>,
    nodes: Vec<Node>,
}

impl World {
    fn new(count: usize) -> Self {
        let nodes = (0..count)
            .map(|n| {
                let outbox = Outbox::default();
                let port = LogPort { name: format!("g{n}"), outbox: outbox.clone() };
                let gateway = Gateway::new(GatewayConfig::default(), 1).with_store(Box::new(port));
                Node { gateway, outbox, read: 0, is_cut_off: false, is_dead: false }
            })
            .collect();
        let mut world = Self { mono: 1_000, log: Vec::new(), nodes };
        world.pass(1_000);
        world
    }

    fn now(&self) -> Now {
        Now { mono: self.mono, wall: 1_700_000_000_000 + self.mono }
    }

    fn connect(&mut self, at: usize, user: &str) -> ConnId {
        let now = self.now();
        let gateway = &mut self.nodes[at].gateway;
        let conn = gateway.connect(now, user);
        let hello = r#"{"type":"hello","channel":"system","payload":{"protocol":1,"client":"t","session":"s","term":1}}"#;
        gateway.receive(now, conn, hello.as_bytes());
        self.exchange();
        conn
    }

    fn receive(&mut self, at: usize, conn: ConnId, text: &str) {
        let now = self.now();
        self.nodes[at].gateway.receive(now, conn, text.as_bytes());
        self.exchange();
    }

    fn status(&mut self, at: usize, conn: ConnId, id: &str, status: &str) {
        let text = format!(
            r#"{{"id":"{id}","type":"agent.status","channel":"agents","payload":{{"status":"{status}"}}}}"#
        );
        self.receive(at, conn, &text);
    }

    /// Everything that is on its way arrives.
    fn exchange(&mut self) {
        let now = self.now();
        loop {
            let mut quiet = true;
            for at in 0..self.nodes.len() {
                let node = &mut self.nodes[at];
                let Published { proposals, notices } = std::mem::take(&mut *node.outbox.lock());
                if node.is_dead || node.is_cut_off {
                    continue;
                }
                for proposal in proposals {
                    quiet = false;
                    let newest = (1..).zip(&self.log).filter(|(_, (key, ..))| *key == proposal.key).last();
                    let newest = newest.map_or(0, |(seq, _)| seq);
                    if newest == proposal.after {
                        self.log.push((proposal.key, proposal.record, (at, proposal.number)));
                    } else {
                        self.nodes[at].gateway.stale(now, proposal.number, newest);
                    }
                }
                for notice in notices {
                    let others = self.nodes.iter_mut().enumerate().filter(|(other, _)| *other != at);
                    for (_, node) in others.filter(|(_, node)| !node.is_cut_off && !node.is_dead) {
                        node.gateway.told(now, notice.clone());
                    }
                }
            }
            for (at, node) in self.nodes.iter_mut().enumerate() {
                while !node.is_dead
                    && !node.is_cut_off
                    && let Some((key, record, by)) = self.log.get(node.read)
                {
                    node.read += 1;
                    quiet = false;
                    let own = (by.0 == at).then_some(by.1);
                    node.gateway.fold(now, node.read as u64, key, record, own);
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// So many ms pass.
    fn pass(&mut self, ms: u64) {
        let end = self.mono + ms;
        while self.mono < end {
            self.mono = (self.mono + 500).min(end);
            let now = self.now();
            for node in self.nodes.iter_mut().filter(|node| !node.is_dead) {
                node.gateway.timeout(now);
            }
            self.exchange();
        }
    }

    fn cut_off(&mut self, at: usize, is_cut_off: bool) {
        let now = self.now();
        self.nodes[at].is_cut_off = is_cut_off;
        if !is_cut_off {
            self.exchange();
        }
        self.nodes[at].gateway.set_unavailable(now, is_cut_off.then_some(2_000));
    }

    /// The status of an agent, as this gateway has it, and how often the log says that it is offline.
    fn agent(&self, at: usize, user: &str) -> (Option<Presence>, usize) {
        let status = self.nodes[at].gateway.view().agent(user).map(|agent| agent.status.clone());
        let is_offline = |record: &Record| {
            let text = record.events.first().map_or("", |event| event.payload.as_str());
            text.contains(&format!("\"{user}\"")) && text.contains("offline")
        };
        (status, self.log.iter().filter(|(_, record, _)| is_offline(record)).count())
    }
}

/// What a connection was sent.
fn sent(node: &mut Node, conn: ConnId) -> Vec<ServerMessage> {
    let mut all = Vec::new();
    while let Some(output) = node.gateway.poll_output() {
        let Output::Send { conn: to, frame, .. } = output else { continue };
        let messages = decode_server_frame(&frame, &Limits::to_client()).expect("readable").messages;
        all.extend(messages.into_iter().filter(|_| to == conn));
    }
    all
}
