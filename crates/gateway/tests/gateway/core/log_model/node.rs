//! A gateway of the model: the real core, and what its shell does with the log.

use super::super::log_port::{LogPort, Outbox};
use super::Planted;
use super::log::{Body, Log, id_of};
use sentinelops_gateway::{ConnId, Durable, Gateway, GatewayConfig, Loaded, Now, Place, Position, Proposal};
use std::collections::{BTreeMap, VecDeque};

pub struct Node {
    pub gateway: Gateway,
    pub outbox: Outbox,
    pub name: String,
    /// Refusals of the log on their way back: number of the proposal, and the newest message of its key.
    pub answers: VecDeque<(u64, u64)>,
    pub position: Position,
    pub reachable: bool,
    pub conns: BTreeMap<usize, ConnId>,
}

/// Everything that the log holds.
fn loaded(log: &Log, epoch: &str, now: Now) -> Durable {
    let config = GatewayConfig::default();
    let mut durable = Durable::loaded(Loaded { epoch: epoch.to_owned(), ..Loaded::default() }, &config, now);
    for (seq, record) in log.records() {
        durable.take(seq, record, &config, now);
    }
    durable.read_up_to(log.last());
    durable
}

fn end_of(log: &Log, epoch: String) -> Position {
    let seq = log.last();
    Position { epoch, seq, print: log.get(seq).map_or(0, |message| message.print) }
}

fn write_mark(log: &mut Log, epoch: &str) {
    let mark = Body::Mark(epoch.to_owned(), log.server);
    log.push("meta/epoch".to_owned(), mark, None, (String::new(), 0));
}

impl Node {
    /// A gateway that starts. `others`: the epochs of those that read the log all along.
    pub fn start(log: &mut Log, number: u64, others: &[String], now: Now) -> Self {
        let kept = log.mark().filter(|(epoch, server)| *server == log.server || others.contains(epoch));
        let epoch = kept.map(|(epoch, _)| epoch).unwrap_or_else(|| {
            let epoch = format!("e{number}");
            write_mark(log, &epoch);
            epoch
        });
        let (outbox, name) = (Outbox::default(), format!("g{number}"));
        let port = LogPort { name: name.clone(), outbox: outbox.clone() };
        let durable = loaded(log, &epoch, now);
        let gateway =
            Gateway::restore(GatewayConfig::default(), number, durable, now).with_store(Box::new(port));
        let (answers, conns) = Default::default();
        Self { gateway, outbox, name, answers, position: end_of(log, epoch), reachable: true, conns }
    }

    /// The log takes the next proposal, or does not. `true`: it met another one.
    pub fn publish(&mut self, log: &mut Log, planted: Planted, now: Now) -> bool {
        let Some(proposal) = self.outbox.lock().proposals.pop_front().filter(|_| self.reachable) else {
            return false;
        };
        let Proposal { number, key, after, record } = proposal;
        let id = id_of(&record);
        let twin = id.as_ref().and_then(|id| log.known(id));
        let newest = log.newest(&key);
        let stale = match twin {
            Some(_) if planted == Planted::TrustDuplicate => {
                // Takes the duplicate for a success: acked without a look at what is in the log.
                self.gateway.fold(now, self.gateway.seq() + 1, &key, &record, Some(number));
                return false;
            }
            Some(twin) if planted != Planted::NoIds => Some(twin),
            _ if newest == after || planted == Planted::NoOrder => None,
            _ => Some(newest),
        };
        match stale {
            Some(newest) => self.answers.push_back((number, newest)),
            None => log.push(key, Body::Record(Box::new(record)), id, (self.name.clone(), number)),
        }
        stale.is_some()
    }

    pub fn answer(&mut self, now: Now) {
        if let Some((number, newest)) = self.answers.pop_front().filter(|_| self.reachable) {
            self.gateway.stale(now, number, newest);
        }
    }

    /// Takes in the next message of the log. `false`: there is none, or it cannot be reached.
    pub fn read(&mut self, log: &Log, now: Now) -> bool {
        let seq = self.position.seq + 1;
        let Some(message) = log.get(seq).filter(|_| self.reachable) else { return false };
        self.position = Position { seq, print: message.print, epoch: self.position.epoch.clone() };
        match &message.body {
            Body::Record(record) => {
                let own = (message.by.0 == self.name).then_some(message.by.1);
                self.gateway.fold(now, seq, &message.key, record, own);
            }
            Body::Mark(epoch, _) if *epoch == self.position.epoch => self.gateway.passed(now, seq),
            Body::Mark(..) => self.lose_way(now),
        }
        true
    }

    /// The same message once more: a consumer may do so.
    pub fn read_again(&mut self, log: &Log, now: Now) {
        let seq = self.position.seq;
        if let Some((message, record)) = log.get(seq).and_then(|message| match &message.body {
            Body::Record(record) => Some((message, record)),
            Body::Mark(..) => None,
        }) && self.reachable
        {
            let own = (message.by.0 == self.name).then_some(message.by.1);
            self.gateway.fold(now, seq, &message.key, record, own);
        }
    }

    pub fn lose_way(&mut self, now: Now) {
        *self.outbox.lock() = Default::default();
        self.answers.clear();
        self.reachable = false;
        self.gateway.set_unavailable(now, Some(2_000));
    }

    /// The connection is there again: goes on where it was, or with everything that the log holds.
    pub fn find_way(&mut self, log: &mut Log, fresh: u64, planted: Planted, now: Now) {
        self.reachable = true;
        let mark = log.mark();
        let epoch = mark.as_ref().map(|(epoch, _)| epoch.as_str());
        let place = Place::of(Some(&self.position), epoch, 1, log.last());
        let print = log.get(self.position.seq).map_or(0, |message| message.print);
        let place = place.unwrap_or_else(|| Place::with(&self.position, print));
        match place {
            _ if planted == Planted::KeepEpoch => {
                self.position.seq = self.position.seq.min(log.last());
            }
            Place::Continues => {
                if mark.is_some_and(|(_, server)| server != log.server) {
                    write_mark(log, &self.position.epoch);
                }
            }
            Place::Behind | Place::Unknown | Place::Lost => {
                let epoch = mark.filter(|_| place == Place::Behind).map(|(epoch, _)| epoch);
                let epoch = epoch.unwrap_or_else(|| {
                    let epoch = format!("f{fresh}");
                    write_mark(log, &epoch);
                    epoch
                });
                self.put_again(log, &epoch, planted, now);
                self.gateway.reset(now, loaded(log, &epoch, now));
                self.position = end_of(log, epoch);
            }
        }
        while self.read(log, now) {}
        if self.reachable {
            self.gateway.set_unavailable(now, None);
        }
    }

    /// What the log lacks and this gateway holds.
    fn put_again(&self, log: &mut Log, epoch: &str, planted: Planted, now: Now) {
        for (key, record) in self.gateway.missing_from(&loaded(log, epoch, now)) {
            let id = id_of(&record).filter(|_| planted != Planted::AgainByContent);
            let id = id.unwrap_or_else(|| format!("again/{epoch}/{record:?}"));
            if log.known(&id).is_none() {
                log.push(key, Body::Record(Box::new(record)), Some(id), (String::new(), 0));
            }
        }
    }
}
