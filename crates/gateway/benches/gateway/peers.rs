//! The peers of `tests/gateway/hostile.rs` and one that sends without pause, in a process of their own.

use crate::support::raw::{BINARY, LAST, Raw, TEXT, frame, header};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The argument with which the bench starts itself as them: then come the port, the seconds and their kinds.
pub const PEERS: &str = "hostile-peers";

/// Between two attempts of one peer.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a peer waits for its end before it tries the next thing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Peers that attack for a time.
pub struct Peers(Child);

impl Peers {
    /// A process of a low priority: on another machine their own work would take no processor from anybody here.
    pub fn attack(port: u16, kinds: &[Kind], time: Duration) -> Self {
        let kinds = kinds.iter().map(|kind| format!("{kind:?}"));
        let child = Command::new("nice")
            .args(["-n", "10"])
            .arg(std::env::current_exe().expect("this program"))
            .args([PEERS, &port.to_string(), &time.as_secs().to_string()])
            .args(kinds)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("nice starts");
        Self(child)
    }

    /// Waits for their end; how many connections they made.
    pub async fn attempts(self) -> usize {
        let output = self.0.wait_with_output().await.expect("it ends");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }
}

/// Runs as the peers, each kind one connection after the other; prints how many there were.
pub async fn run(mut words: impl Iterator<Item = String>) {
    let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).expect("a number");
    let (port, time) = (number() as u16, Duration::from_secs(number()));
    let mut peers = JoinSet::new();
    for word in words {
        let kind = Kind::EVERY.into_iter().find(|kind| format!("{kind:?}") == word).expect("a kind");
        peers.spawn(async move {
            let began = Instant::now();
            let mut attempts = 0_usize;
            while began.elapsed() < time {
                let left = time.saturating_sub(began.elapsed()).min(PATIENCE);
                let _ = timeout(left, kind.attempt(port)).await;
                attempts += 1;
                sleep(PAUSE).await;
            }
            attempts
        });
    }
    println!("{}", peers.join_all().await.into_iter().sum::<usize>());
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Unmasked,
    ReservedOpcode,
    BadUtf8,
    Deep,
    HugeHeader,
    HugeFragment,
    ManyFragments,
    SlowRequest,
    SlowFrame,
    SlowReader,
    Flood,
}

impl Kind {
    pub const EVERY: [Self; 11] = [
        Self::Unmasked,
        Self::ReservedOpcode,
        Self::BadUtf8,
        Self::Deep,
        Self::HugeHeader,
        Self::HugeFragment,
        Self::ManyFragments,
        Self::SlowRequest,
        Self::SlowFrame,
        Self::SlowReader,
        Self::Flood,
    ];

    /// All but the flood, which costs what its size costs until ten times the rate is reached.
    pub fn breakers() -> Vec<Self> {
        Self::EVERY.into_iter().filter(|kind| *kind != Self::Flood).collect()
    }

    /// One connection, until the server ends it.
    async fn attempt(self, port: u16) {
        if matches!(self, Self::SlowRequest) {
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            let _ = stream.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
            while stream.write_all(b"x").await.is_ok() {
                sleep(PAUSE).await;
            }
            return;
        }
        let mut raw = match self {
            Self::SlowReader => Raw::stalled(port).await,
            Self::SlowFrame | Self::Flood => Raw::greeted(port, "hostile").await,
            _ => Raw::connect(port).await,
        };
        match self {
            Self::Unmasked => raw.write(&[LAST | TEXT, 2, b'{', b'}']).await,
            Self::ReservedOpcode => raw.write(&frame(LAST | 3, b"{}")).await,
            Self::BadUtf8 => raw.write(&frame(LAST | TEXT, b"{\"type\":\"\xff\xfe\"}")).await,
            Self::Deep => {
                let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
                raw.write(&frame(LAST | BINARY, deep.as_bytes())).await;
            }
            Self::HugeHeader => raw.write(&header(LAST | BINARY, 64 << 20)).await,
            Self::HugeFragment => {
                raw.write(&header(BINARY, 200 << 10)).await;
                raw.write(&vec![b' '; 200 << 10]).await;
                raw.write(&header(0, 64 << 20)).await;
                raw.write(&vec![b' '; 1 << 20]).await;
            }
            Self::ManyFragments => {
                raw.write(&frame(BINARY, b"[")).await;
                let fragments = frame(0, b" ").repeat(10_000);
                for _ in 0..100 {
                    if raw.stream.write_all(&fragments).await.is_err() {
                        break;
                    }
                }
            }
            Self::SlowFrame => {
                raw.write(&header(LAST | TEXT, 60_000)).await;
                while raw.stream.write_all(b" ").await.is_ok() {
                    sleep(PAUSE).await;
                }
            }
            // Nothing answers these.
            Self::Flood => {
                let one = r#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#;
                let many = frame(LAST | TEXT, format!("[{}]", vec![one; 512].join(",")).as_bytes());
                while raw.stream.write_all(&many).await.is_ok() {}
            }
            Self::SlowReader => sleep(PATIENCE).await,
            Self::SlowRequest => {}
        }
        raw.close_code().await;
    }
}
