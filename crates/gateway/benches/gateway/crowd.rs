//! What many connections cost.

use crate::support::Program;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Each window in which time is measured.
const WINDOW: Duration = Duration::from_secs(8);
const FEW: usize = 100;
const MANY: usize = 4_000;
const SUBSCRIBED: usize = 5_000;
const HELLO: &str = r#"{"type":"hello","channel":"system","payload":{"protocol":1,"client":"bench","session":"SESSION","term":1}}"#;
const SUBSCRIBE: &str = r#"{"type":"subscribe","channel":"system","payload":{"channels":[{"channel":"incidents"},{"channel":"alerts"},{"channel":"chat"}]}}"#;

/// Connections that read whatever comes.
#[derive(Default)]
struct Crowd {
    members: Vec<JoinHandle<()>>,
    received: Arc<AtomicU64>,
}

impl Crowd {
    async fn grow(&mut self, program: &Program, count: usize, subscribed: bool) {
        for _ in 0..count {
            let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
            let request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            let session = format!("s{}", self.members.len());
            let mut bytes = request.as_bytes().to_vec();
            bytes.extend(frame(&HELLO.replace("SESSION", &session)));
            if subscribed {
                bytes.extend(frame(SUBSCRIBE));
            }
            stream.write_all(&bytes).await.expect("written");
            let received = self.received.clone();
            self.members.push(tokio::spawn(async move {
                let mut buffer = vec![0; 4_096];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    received.fetch_add(read as u64, Ordering::Relaxed);
                }
            }));
        }
        self.quiet(program).await;
    }

    async fn shrink(&mut self, program: &Program, to: usize) {
        for member in self.members.drain(to..) {
            member.abort();
        }
        self.quiet(program).await;
    }

    /// Until all are connected and nothing more comes for half a second, or, where events go on, for 5 s.
    async fn quiet(&self, program: &Program) {
        let connected = format!("\"connections\":{},", self.members.len());
        while !program.http("GET", "/healthz").await.contains(&connected) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for _ in 0..10 {
            let before = self.received.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.received.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}

/// A masked text frame; a mask of zeros leaves the payload as it is.
fn frame(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x80 | 126];
    bytes.extend_from_slice(&u16::try_from(text.len()).expect("short").to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Time on a core that the program has used, s.
pub fn used(program: &Program) -> f64 {
    let id = program.child.id().expect("it runs");
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).expect("its tasks");
    let times = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    times.sum::<f64>() / 1e9
}

fn rss_kib(program: &Program) -> f64 {
    let id = program.child.id().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Share of a core that 1,000 events/s take.
async fn share(program: &Program) -> f64 {
    let before = used(program);
    tokio::time::sleep(WINDOW).await;
    (used(program) - before) / WINDOW.as_secs_f64()
}

/// 1,000 events/s beside connections that subscribe to nothing.
pub async fn fan_out() {
    let program = Program::start(&["--rate", "1000"]).await;
    let mut crowd = Crowd::default();
    let (mut few, mut many) = (0.0, 0.0);
    for _ in 0..2 {
        crowd.grow(&program, FEW, false).await;
        few += share(&program).await / 2.0;
        crowd.grow(&program, MANY - FEW, false).await;
        many += share(&program).await / 2.0;
        crowd.shrink(&program, 0).await;
    }
    println!(
        "1,000 events/s: {:.1} % of a core beside {FEW} unsubscribed connections, {:.1} % beside {MANY}: {:.2} times (goal 1.3)",
        few * 100.0,
        many * 100.0,
        many / few
    );
    println!(r#"{{"shareFew":{few:.4},"shareMany":{many:.4},"ratio":{:.3}}}"#, many / few);
}

/// Connections with three subscriptions each, after their snapshots.
pub async fn memory() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut crowd = Crowd::default();
    crowd.grow(&program, FEW, true).await;
    let before = rss_kib(&program);
    crowd.grow(&program, SUBSCRIBED - FEW, true).await;
    let each = (rss_kib(&program) - before) / (SUBSCRIBED - FEW) as f64;
    println!("{SUBSCRIBED} connections with 3 subscriptions: {each:.1} KiB each (goal 12)");
    println!(r#"{{"kibPerConnection":{each:.2}}}"#);
}
