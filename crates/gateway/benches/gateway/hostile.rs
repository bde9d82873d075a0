//! What peers that break every rule cost those that keep to them: the time from send to ack, alone and beside them.

use crate::support::Program;
use crate::support::raw::{BINARY, LAST, Raw, TEXT, frame, header};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Clients that wait for each ack before they send the next message.
const POLITE: usize = 8;
const ROUNDS: usize = 4;
const WINDOW: Duration = Duration::from_secs(5);
/// Between two messages of one polite client, and between two attempts of one hostile peer.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a hostile peer waits for its end before it tries the next thing.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn hostile() {
    let program = Arc::new(Program::start(&["--rate", "0"]).await);
    let groups: [(&str, &[Kind]); 3] =
        [("alone", &[]), ("beside hostile peers", &Kind::ALL), ("beside a flood", &[Kind::Flood])];
    let mut waited = [Vec::new(), Vec::new(), Vec::new()];
    let mut attempts = [0; 3];
    for round in 0..ROUNDS {
        for (at, (_, kinds)) in groups.iter().enumerate() {
            let peers = attack(&program, kinds);
            waited[at].extend(polite(&program, &format!("{at}-{round}")).await);
            attempts[at] += peers.join_all().await.into_iter().sum::<usize>();
        }
    }
    let figures = waited.map(Figures::of);
    for (at, (name, kinds)) in groups.iter().enumerate() {
        println!(
            "send to ack of {POLITE} clients {name} ({} peers, {} attempts): p50 {:.2} ms, p99 {:.2} ms ({} acks)",
            kinds.len(),
            attempts[at],
            figures[at].p50_ms,
            figures[at].p99_ms,
            figures[at].count
        );
    }
    let [alone, hostile, flood] = figures.map(|figures| figures.p99_ms);
    println!(
        "p99 beside hostile peers {:.2} times that alone (goal 2), beside a flood {:.2} times",
        hostile / alone,
        flood / alone
    );
    println!(
        r#"{{"aloneP99Ms":{alone:.3},"hostileP99Ms":{hostile:.3},"floodP99Ms":{flood:.3},"ratio":{:.3}}}"#,
        hostile / alone
    );
}

/// Each kind for the time of a window, one connection after the other; how many there were.
fn attack(program: &Arc<Program>, kinds: &[Kind]) -> JoinSet<usize> {
    let mut peers = JoinSet::new();
    for kind in kinds.iter().copied() {
        let program = program.clone();
        peers.spawn(async move {
            let began = Instant::now();
            let mut attempts = 0;
            while began.elapsed() < WINDOW {
                let _ = timeout(PATIENCE, kind.attempt(&program)).await;
                attempts += 1;
                sleep(PAUSE).await;
            }
            attempts
        });
    }
    peers
}

struct Figures {
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
}

impl Figures {
    fn of(mut waited: Vec<Duration>) -> Self {
        waited.sort();
        let ms = |share: f64| waited[(waited.len() as f64 * share) as usize].as_secs_f64() * 1e3;
        Self { count: waited.len(), p50_ms: ms(0.5), p99_ms: ms(0.99) }
    }
}

/// How long each message of the polite clients waited for its ack.
async fn polite(program: &Arc<Program>, round: &str) -> Vec<Duration> {
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

/// The peers of tests/hostile.rs, and one that sends without pause.
#[derive(Clone, Copy)]
enum Kind {
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
    /// All but the flood, which costs what its size costs until ten times the rate is reached.
    const ALL: [Self; 10] = [
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
    ];

    /// One connection, until the server ends it.
    async fn attempt(self, program: &Program) {
        if matches!(self, Self::SlowRequest) {
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", program.port)).await else { return };
            let _ = stream.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
            while stream.write_all(b"x").await.is_ok() {
                sleep(PAUSE).await;
            }
            return;
        }
        let mut raw = match self {
            Self::SlowReader => Raw::stalled(program).await,
            Self::SlowFrame | Self::Flood => Raw::greeted(program, "hostile").await,
            _ => Raw::connect(program).await,
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
