//! A client that sends all the time, keeps its cursor, and goes to the next gateway when its connection ends; and what a
//! crowd of them saw.

use super::Client;
use futures::SinkExt;
use sentinelops_protocol::system::{ClientSystem, Continuity, Hello, ServerSystem, Since, SubscribeEntry};
use sentinelops_protocol::{Channel, OutboundMeta, ServerMessage, encode_client_system};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Barrier, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

const IN_FLIGHT: usize = 8;
/// Longest wait for acks, or for everything to come: what a deleted stream held is put in again first, and on a busy machine
/// that took more than a minute.
const WAIT: Duration = Duration::from_secs(180);

/// What all peers share.
pub struct Crowd {
    /// Where the gateways are.
    pub ports: Vec<u16>,
    /// Set when nothing new is to be sent.
    ending: watch::Sender<bool>,
    sent: AtomicU64,
    acks: watch::Sender<u64>,
    /// How often a peer was told that nothing can be stored.
    unavailable: watch::Sender<u64>,
    /// How often a peer has gone on from its cursor at another gateway.
    resumes: watch::Sender<u64>,
    /// Nothing is sent before everybody sees it.
    all: Barrier,
}

impl Crowd {
    /// So many peers, each of them at another one of these gateways, begin.
    pub fn start(ports: Vec<u16>, peers: usize) -> (Arc<Self>, Vec<JoinHandle<Peer>>) {
        let crowd = Arc::new(Self {
            ports,
            ending: watch::Sender::new(false),
            sent: AtomicU64::new(0),
            acks: watch::Sender::new(0),
            unavailable: watch::Sender::new(0),
            resumes: watch::Sender::new(0),
            all: Barrier::new(peers),
        });
        let lives = (0..peers).map(|n| tokio::spawn(Peer::new(n).live(crowd.clone()))).collect();
        (crowd, lives)
    }

    /// Returns when so many more messages are acked.
    pub async fn acks(&self, count: u64) {
        more(&self.acks, count).await;
    }

    /// Returns when peers have resumed so often since the crowd began.
    pub async fn resumed(&self, times: u64) {
        reaches(&self.resumes, times).await;
    }

    /// Returns when a peer is told that nothing can be stored.
    pub async fn is_told(&self) {
        more(&self.unavailable, 1).await;
    }

    /// Nothing new is sent; returns when everything has come to everybody.
    pub async fn end(&self, lives: Vec<JoinHandle<Peer>>) -> Vec<Peer> {
        self.ending.send_replace(true);
        let mut peers = Vec::new();
        for life in lives {
            peers.push(tokio::time::timeout(WAIT, life).await.expect("everything comes").expect("a peer"));
        }
        peers
    }
}

async fn more(counter: &watch::Sender<u64>, count: u64) {
    let wanted = *counter.borrow() + count;
    reaches(counter, wanted).await;
}

async fn reaches(counter: &watch::Sender<u64>, wanted: u64) {
    let mut counter = counter.subscribe();
    let come = counter.wait_for(|counted| *counted >= wanted);
    tokio::time::timeout(WAIT, come).await.expect("they come").expect("somebody counts");
}

/// What a crowd saw.
#[derive(Debug)]
pub struct Seen {
    pub acked: usize,
    pub lost: usize,
    pub doubled: usize,
    pub untold: u64,
    pub resumes: u64,
    pub exact: u64,
    pub refused: u64,
}

impl Seen {
    pub fn by(peers: &[Peer]) -> Self {
        let acked: BTreeSet<&String> = peers.iter().flat_map(|peer| peer.acked.keys()).collect();
        let count = |of: fn(&Peer) -> u64| peers.iter().map(of).sum::<u64>();
        let lost = |peer: &Peer| acked.iter().filter(|id| !peer.seen.contains_key(id.as_str())).count();
        let doubled = |peer: &Peer| peer.seen.values().filter(|times| **times > 1).count();
        Self {
            acked: acked.len(),
            lost: peers.iter().map(lost).sum(),
            doubled: peers.iter().map(doubled).sum(),
            untold: count(|peer| peer.untold),
            resumes: count(|peer| peer.resumes),
            exact: count(|peer| peer.exact),
            refused: count(|peer| peer.refused),
        }
    }

    pub fn is_exact(&self) -> bool {
        self.exact * 100 >= self.resumes * 99
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acked, lost, doubled, untold, resumes, exact, refused } = self;
        write!(
            f,
            "{acked} acked, {refused} refused for now: {lost} lost, {doubled} doubled, {untold} holes untold, \
             {exact} of {resumes} resumes exact"
        )
    }
}

#[derive(Default)]
pub struct Peer {
    pub number: usize,
    last: u64,
    unacked: BTreeMap<u64, String>,
    /// What was acked, as it was sent.
    pub acked: BTreeMap<String, String>,
    cursor: Option<(String, u64)>,
    /// How often the event of each command was received.
    pub seen: BTreeMap<String, u64>,
    pub resumes: u64,
    pub exact: u64,
    pub untold: u64,
    /// Some ids may never be seen: a gap was told.
    pub gaps: u64,
    pub refused: u64,
    again: bool,
}

impl Peer {
    fn new(number: usize) -> Self {
        Self { number, ..Self::default() }
    }

    /// Until everything sent by anybody was acked and received, or `Crowd::ending` and nothing comes any more.
    async fn live(mut self, crowd: Arc<Crowd>) -> Self {
        let mut gateway = self.number;
        loop {
            let port = crowd.ports[gateway % crowd.ports.len()];
            let url = format!("ws://127.0.0.1:{port}/ws?user=p{}", self.number);
            if let Ok((socket, _)) = tokio_tungstenite::connect_async(url).await {
                let client = Client { socket, waiting: Vec::new().into_iter() };
                if self.connected(client, &crowd).await {
                    return self;
                }
            } else {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            gateway += 1;
        }
    }

    /// `true` when everything has come.
    async fn connected(&mut self, mut client: Client, crowd: &Crowd) -> bool {
        let hello = Hello { protocol: 1, client: "test".into(), session: "s".into(), term: 1 };
        write(&mut client, &encode_client_system(&ClientSystem::Hello(hello), OutboundMeta::default())).await;
        let since = self.cursor.as_ref().map(|(epoch, seq)| Since { epoch: epoch.clone(), seq: *seq });
        let entry = SubscribeEntry { channel: Channel::Chat, topic: None, since };
        let subscribe = ClientSystem::Subscribe(vec![entry]);
        write(&mut client, &encode_client_system(&subscribe, OutboundMeta::default())).await;
        self.send_again(&mut client).await;
        if self.cursor.is_none() {
            while self.cursor.is_none() {
                let Some(message) = client.try_next().await else { return false };
                self.take(message, crowd);
            }
            crowd.all.wait().await;
        }
        let mut pause = tokio::time::interval(Duration::from_millis(50));
        let mut quiet = 0;
        loop {
            let is_ending = *crowd.ending.borrow();
            while !is_ending && !self.again && self.unacked.len() < IN_FLIGHT {
                self.last += 1;
                crowd.sent.fetch_add(1, Ordering::SeqCst);
                let id = format!("p{}-{}", self.number, self.last);
                let text = format!(
                    r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c{}","content":"{id}"}}}}"#,
                    self.number
                );
                write(&mut client, &text).await;
                self.unacked.insert(self.last, text);
            }
            let has_all = self.seen.len() as u64 >= crowd.sent.load(Ordering::SeqCst);
            if is_ending && self.unacked.is_empty() && (has_all || self.gaps > 0 && quiet > 40) {
                return true;
            }
            tokio::select! {
                message = client.try_next() => match message {
                    None => return false,
                    Some(message) => {
                        quiet = 0;
                        self.take(message, crowd);
                    }
                },
                _ = pause.tick() => {
                    quiet += 1;
                    if std::mem::take(&mut self.again) {
                        self.send_again(&mut client).await;
                    }
                }
            }
        }
    }

    async fn send_again(&mut self, client: &mut Client) {
        for text in self.unacked.values() {
            write(client, text).await;
        }
    }

    fn take(&mut self, message: ServerMessage, crowd: &Crowd) {
        match message {
            ServerMessage::System(ServerSystem::Ack { ids }) => {
                for id in ids {
                    let (_, number) = id.split_once('-').expect("one of ours");
                    // A second ack answers what was sent twice.
                    if let Some(text) = self.unacked.remove(&number.parse().expect("a number")) {
                        self.acked.insert(id, text);
                        crowd.acks.send_modify(|acks| *acks += 1);
                    }
                }
            }
            ServerMessage::System(ServerSystem::Nack { id, retry_after_ms, code, message }) => {
                assert!(retry_after_ms.is_some(), "{id} is refused for good: {code} {message}");
                self.refused += 1;
                self.again = true;
            }
            ServerMessage::System(ServerSystem::Subscribed(subscribed)) => {
                if self.cursor.is_some() {
                    self.resumes += 1;
                    crowd.resumes.send_modify(|resumes| *resumes += 1);
                    self.exact += u64::from(subscribed.continuity == Continuity::Exact);
                    self.gaps += u64::from(subscribed.continuity == Continuity::Gap);
                }
                self.cursor = Some((subscribed.epoch, subscribed.seq));
            }
            ServerMessage::System(ServerSystem::Snapshot(snapshot)) => {
                for item in snapshot.items {
                    let text = item.payload.as_str();
                    // What a gap skipped may be in the state.
                    if let Some((_, rest)) = text.split_once(r#""content":"p"#)
                        && let Some((id, _)) = rest.split_once('"')
                        && id.chars().all(|char| char.is_ascii_digit() || char == '-')
                    {
                        self.seen.entry(format!("p{id}")).or_insert(1);
                    }
                }
            }
            ServerMessage::Event(event) => {
                let (_, cursor) = self.cursor.as_mut().expect("subscribed");
                self.untold += u64::from(event.prev != Some(*cursor));
                *cursor = event.seq.expect("a seq");
                if let Some(cause) = event.cause {
                    *self.seen.entry(cause).or_default() += 1;
                }
            }
            ServerMessage::System(ServerSystem::Storage { available: false, .. }) => {
                crowd.unavailable.send_modify(|told| *told += 1);
            }
            ServerMessage::System(_) => {}
        }
    }
}

async fn write(client: &mut Client, text: &str) {
    // A connection that has ended is noticed when it is read.
    let _ = client.socket.send(Message::binary(text.as_bytes().to_vec())).await;
}
