//! kill -9 under load: nothing acked is lost, nothing takes effect twice, no hole goes untold.

use crate::support::{Client, Folder, Program};
use futures::SinkExt;
use sentinelops_protocol::system::{ClientSystem, Continuity, Hello, ServerSystem, Since, SubscribeEntry};
use sentinelops_protocol::{Channel, OutboundMeta, ServerMessage, encode_client_system};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Barrier, mpsc};
use tokio_tungstenite::tungstenite::Message;

const PEERS: u64 = 4;
const IN_FLIGHT: usize = 16;
/// Acks of one life of the server before it is killed.
const ACKS: u64 = 600;

/// A client that keeps its cursor and its unanswered messages over every connection.
struct Peer {
    number: u64,
    sent: u64,
    unacked: BTreeMap<u64, String>,
    acked: BTreeSet<String>,
    cursor: Option<(String, u64)>,
    /// How often the event of each command was received.
    seen: BTreeMap<String, u64>,
    resumes: u64,
    exact: u64,
    untold: u64,
}

impl Peer {
    fn new(number: u64) -> Self {
        Self {
            number,
            sent: 0,
            unacked: BTreeMap::new(),
            acked: BTreeSet::new(),
            cursor: None,
            seen: BTreeMap::new(),
            resumes: 0,
            exact: 0,
            untold: 0,
        }
    }

    fn id(&self, message: u64) -> String {
        format!("p{}-{message}", self.number)
    }

    /// Until the connection ends; without `load` until everything sent by anybody was received.
    async fn live(
        mut self,
        port: u16,
        load: Option<mpsc::UnboundedSender<()>>,
        sent: Arc<AtomicU64>,
        all: Arc<Barrier>,
    ) -> Self {
        let url = format!("ws://127.0.0.1:{port}/ws?user=p{}", self.number);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("a socket");
        let mut client = Client { socket, waiting: Vec::new().into_iter() };
        // From here on every write may meet the kill: what was not acked is sent again.
        let hello = Hello { protocol: 1, client: "test".into(), session: "s".into(), term: 1 };
        write(&mut client, &encode_client_system(&ClientSystem::Hello(hello), OutboundMeta::default())).await;
        let since = self.cursor.as_ref().map(|(epoch, seq)| Since { epoch: epoch.clone(), seq: *seq });
        let entry = SubscribeEntry { channel: Channel::Chat, topic: None, since };
        let subscribe = ClientSystem::Subscribe(vec![entry]);
        write(&mut client, &encode_client_system(&subscribe, OutboundMeta::default())).await;
        for text in self.unacked.values() {
            write(&mut client, text).await;
        }
        if self.cursor.is_none() {
            while self.cursor.is_none() {
                let message = client.try_next().await.expect("a first subscription");
                self.take(message, None);
            }
            // Nothing is sent before everybody sees it.
            all.wait().await;
        }
        loop {
            while load.is_some() && self.unacked.len() < IN_FLIGHT {
                self.sent += 1;
                sent.fetch_add(1, Ordering::SeqCst);
                let id = self.id(self.sent);
                let text = format!(
                    r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c{}","content":"{id}"}}}}"#,
                    self.number
                );
                write(&mut client, &text).await;
                self.unacked.insert(self.sent, text);
            }
            let is_done = self.unacked.is_empty() && self.seen.len() as u64 == sent.load(Ordering::SeqCst);
            if load.is_none() && is_done {
                return self;
            }
            match client.try_next().await {
                None => return self,
                Some(message) => self.take(message, load.as_ref()),
            }
        }
    }

    fn take(&mut self, message: ServerMessage, load: Option<&mpsc::UnboundedSender<()>>) {
        match message {
            ServerMessage::System(ServerSystem::Ack { ids }) => {
                for id in ids {
                    let (_, number) = id.split_once('-').expect("one of ours");
                    self.unacked.remove(&number.parse().expect("a number"));
                    self.acked.insert(id);
                    let _ = load.map(|load| load.send(()));
                }
            }
            ServerMessage::System(ServerSystem::Subscribed(subscribed)) => {
                if self.cursor.is_some() {
                    self.resumes += 1;
                    self.exact += u64::from(subscribed.continuity == Continuity::Exact);
                }
                self.cursor = Some((subscribed.epoch, subscribed.seq));
            }
            ServerMessage::Event(event) => {
                let (_, cursor) = self.cursor.as_mut().expect("subscribed");
                self.untold += u64::from(event.prev != Some(*cursor));
                *cursor = event.seq.expect("a seq");
                *self.seen.entry(event.cause.expect("a command behind it")).or_default() += 1;
            }
            ServerMessage::System(ServerSystem::Nack { .. } | ServerSystem::Error { .. }) => {
                panic!("refused: {message:?}")
            }
            ServerMessage::System(_) => {}
        }
    }
}

async fn write(client: &mut Client, text: &str) {
    // A connection that has ended is noticed when it is read.
    let _ = client.socket.send(Message::binary(text.as_bytes().to_vec())).await;
}

async fn killed_under_load(kills: u64) {
    let folder = Folder::new(&format!("kill-{kills}"));
    let data = folder.path("data");
    let flags = ["--rate", "0", "--trust-user", "--data", &data];
    let sent = Arc::new(AtomicU64::new(0));
    let all = Arc::new(Barrier::new(PEERS as usize));
    let mut peers: Vec<Peer> = (0..PEERS).map(Peer::new).collect();
    for life in 0..=kills {
        let mut program = Program::start(&flags).await;
        let (load, mut acks) = mpsc::unbounded_channel();
        let lives: Vec<_> = peers
            .drain(..)
            .map(|peer| {
                let load = (life < kills).then(|| load.clone());
                tokio::spawn(peer.live(program.port, load, sent.clone(), all.clone()))
            })
            .collect();
        drop(load);
        if life < kills {
            for _ in 0..ACKS {
                acks.recv().await.expect("acks");
            }
            program.child.kill().await.expect("killed");
        }
        for life in lives {
            peers.push(life.await.expect("a peer"));
        }
    }
    let acked: BTreeSet<&String> = peers.iter().flat_map(|peer| &peer.acked).collect();
    let count = |of: fn(&Peer) -> u64| peers.iter().map(of).sum::<u64>();
    let lost = peers
        .iter()
        .map(|peer| acked.iter().filter(|id| !peer.seen.contains_key(id.as_str())).count())
        .sum::<usize>();
    let doubled =
        peers.iter().map(|peer| peer.seen.values().filter(|times| **times > 1).count()).sum::<usize>();
    let (untold, resumes, exact) = (count(|p| p.untold), count(|p| p.resumes), count(|p| p.exact));
    println!(
        "{kills} kills, {} acked: {lost} lost, {doubled} doubled, {untold} holes untold, {exact} of {resumes} resumes exact",
        acked.len()
    );
    assert_eq!((lost, doubled, untold), (0, 0, 0));
    assert!(acked.len() as u64 >= kills * ACKS);
    assert_eq!(resumes, kills * PEERS);
    assert!(exact * 100 >= resumes * 99, "{exact} of {resumes}");
}

#[tokio::test]
async fn three_kills_lose_and_double_nothing() {
    killed_under_load(3).await;
}

#[tokio::test]
#[ignore = "minutes on a busy machine: `cargo xtask test long` runs it"]
async fn twenty_kills_lose_and_double_nothing() {
    killed_under_load(20).await;
}
