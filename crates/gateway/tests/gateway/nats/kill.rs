//! kill -9 of gateways and of NATS under load: nothing acked is lost, nothing takes effect twice, no hole goes untold.

use super::Service;
use super::peer::{Crowd, Peer};
use crate::support::Program;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Barrier, watch};

const GATEWAYS: usize = 3;
const PEERS: usize = 6;
/// Acks between two kills.
const ACKS: u64 = 300;
/// Longest wait for them.
const WAIT: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Gateway,
    Nats,
    /// The stream is deleted; the gateways make it again.
    Stream,
}

async fn acks(crowd: &Crowd, count: u64) {
    let wanted = crowd.acks.load(Ordering::SeqCst) + count;
    let come = async {
        while crowd.acks.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, come).await.expect("acks come");
}

async fn killed_under_load(version: &str, victim: Victim, kills: usize) {
    let mut service = Service::start(version, GATEWAYS).await;
    let (ends, ending) = watch::channel(false);
    let crowd = Arc::new(Crowd {
        ports: service.gateways.iter().map(|gateway| gateway.port).collect(),
        ending,
        sent: AtomicU64::new(0),
        acks: AtomicU64::new(0),
        all: Barrier::new(PEERS),
    });
    let lives: Vec<_> = (0..PEERS).map(|n| tokio::spawn(Peer::new(n).live(crowd.clone()))).collect();
    for kill in 0..kills {
        acks(&crowd, ACKS).await;
        match victim {
            Victim::Gateway => {
                let gateway = &mut service.gateways[kill % GATEWAYS];
                let port = gateway.port.to_string();
                gateway.child.kill().await.expect("killed");
                let url = service.nats.url();
                *gateway = Program::start(&["--nats", &url, "--test-admin", "--port", &port]).await;
            }
            Victim::Nats => {
                service.nats.kill().await;
                service.nats.start_again().await;
            }
            Victim::Stream => service.nats.delete_stream("SO_LOG").await,
        }
    }
    acks(&crowd, ACKS).await;
    ends.send_replace(true);
    let mut peers = Vec::new();
    for life in lives {
        peers.push(tokio::time::timeout(WAIT, life).await.expect("everything comes").expect("a peer"));
    }
    let acked: BTreeSet<&String> = peers.iter().flat_map(|peer| peer.acked.keys()).collect();
    let count = |of: fn(&Peer) -> u64| peers.iter().map(of).sum::<u64>();
    let lost = peers
        .iter()
        .map(|peer| acked.iter().filter(|id| !peer.seen.contains_key(id.as_str())).count())
        .sum::<usize>();
    let doubled =
        peers.iter().map(|peer| peer.seen.values().filter(|times| **times > 1).count()).sum::<usize>();
    let (untold, resumes, exact) = (count(|p| p.untold), count(|p| p.resumes), count(|p| p.exact));
    println!(
        "NATS {version}, {kills} kills of {victim:?}, {} acked, {} refused for now: {lost} lost, {doubled} doubled, \
         {untold} holes untold, {exact} of {resumes} resumes exact",
        acked.len(),
        count(|p| p.refused),
    );
    assert_eq!((doubled, untold), (0, 0));
    if victim == Victim::Stream {
        // A gap was told, so not everything was seen: what was acked has to be known by its id all the same.
        return known(&service.gateways[0], &peers).await;
    }
    assert_eq!(lost, 0);
    assert!(exact * 100 >= resumes * 99, "{exact} of {resumes}");
}

/// Sends everything that was acked once more: all of it is acked, and nothing takes effect.
async fn known(gateway: &Program, peers: &[Peer]) {
    let before = accepted(gateway).await;
    for peer in peers {
        let url = format!("/ws?user=p{}", peer.number);
        let mut client = gateway.socket(&url).await;
        client.hello("again").await;
        let mut left: BTreeSet<&String> = peer.acked.keys().collect();
        for text in peer.acked.values() {
            client.send(text).await;
        }
        while !left.is_empty() {
            for id in client.acked().await {
                left.remove(&id);
            }
        }
    }
    assert_eq!(accepted(gateway).await, before, "what was acked takes effect again");
}

async fn accepted(gateway: &Program) -> String {
    let stats = gateway.http("GET", "/admin/stats").await;
    let (_, rest) = stats.split_once("\"accepted\":").expect("a count");
    rest.split(',').next().expect("a number").to_owned()
}

#[tokio::test]
async fn a_stream_that_is_deleted_is_made_again_with_what_the_gateways_hold() {
    for version in ["debian", "2.15.1"] {
        killed_under_load(version, Victim::Stream, 2).await;
    }
}

#[tokio::test]
async fn killing_gateways_loses_and_doubles_nothing() {
    for version in ["debian", "2.15.1"] {
        killed_under_load(version, Victim::Gateway, 2).await;
    }
}

#[tokio::test]
async fn killing_nats_loses_and_doubles_nothing() {
    for version in ["debian", "2.15.1"] {
        killed_under_load(version, Victim::Nats, 2).await;
    }
}

#[tokio::test]
#[ignore = "minutes on a busy machine: `cargo xtask test long` runs it"]
async fn twenty_kills_of_gateways_and_of_nats_lose_and_double_nothing() {
    for version in crate::support::nats::VERSIONS {
        for victim in [Victim::Gateway, Victim::Nats] {
            killed_under_load(version, victim, 20).await;
        }
    }
}
