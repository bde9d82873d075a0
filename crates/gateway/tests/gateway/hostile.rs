//! Peers that break the rules of WebSocket or JSON: the right close code in time, and little memory.

use crate::support::raw::{BINARY, LAST, PING, Raw, TEXT, frame, header, read_close};
use crate::support::{Folder, Program};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WAIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn an_unmasked_frame_is_a_protocol_error() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut raw = Raw::connect(program.port).await;
    raw.write(&[LAST | TEXT, 2, b'{', b'}']).await;
    assert_eq!(raw.close_code().await, Some(1002));
}

#[tokio::test]
async fn a_reserved_opcode_is_a_protocol_error() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut raw = Raw::connect(program.port).await;
    raw.write(&frame(LAST | 3, b"{}")).await;
    assert_eq!(raw.close_code().await, Some(1002));
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_invalid_data() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut raw = Raw::connect(program.port).await;
    raw.write(&frame(LAST | TEXT, b"{\"type\":\"\xff\xfe\"}")).await;
    assert_eq!(raw.close_code().await, Some(1007));
}

#[tokio::test]
async fn ten_thousand_levels_of_nesting_are_a_bad_frame() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut raw = Raw::connect(program.port).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    raw.write(&frame(LAST | BINARY, deep.as_bytes())).await;
    assert_eq!(raw.close_code().await, Some(4400));
    assert!(program.http("GET", "/healthz").await.contains("\"status\":\"ok\""));
}

#[tokio::test]
async fn a_frame_of_64_mib_is_refused_by_its_header() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut raw = Raw::connect(program.port).await;
    raw.write(&header(LAST | BINARY, 64 << 20)).await;
    assert_eq!(raw.close_code().await, Some(1009));
}

/// Most memory that a process has had, KiB.
#[cfg(target_os = "linux")]
fn peak_kib(program: &Program) -> u64 {
    let process = program.child.id().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The server reads up to 256 KiB of a message.
#[cfg(target_os = "linux")]
const MESSAGE_KIB: u64 = 256;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn megabytes_of_one_message_cost_a_message_at_most() {
    let program = Program::start(&["--rate", "0"]).await;
    // What the first message costs anybody is not counted.
    let mut raw = Raw::connect(program.port).await;
    raw.write(&frame(LAST | TEXT, b"not JSON")).await;
    raw.close_code().await;
    let mut raw = Raw::connect(program.port).await;
    let before = peak_kib(&program);
    raw.write(&header(BINARY, 200 << 10)).await;
    raw.write(&vec![b' '; 200 << 10]).await;
    raw.write(&header(0, 64 << 20)).await;
    for _ in 0..64 {
        raw.write(&vec![b' '; 1 << 20]).await;
    }
    let code = raw.close_code().await;
    let grown = peak_kib(&program) - before;
    println!("64 MiB in a fragment: closed with {code:?}, {grown} KiB more at the peak");
    // The server stops reading: a reset may overtake the close frame.
    assert!(matches!(code, Some(1009) | None), "{code:?}");
    assert!(grown < 2 * MESSAGE_KIB, "{grown} KiB");
}

/// Writes a byte now and then until the other end closes; how long that took.
async fn trickle(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let (mut read, mut write) = stream.split();
    let writes = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        _ = read.read_to_end(&mut rest) => {}
        () = writes => {}
        () = tokio::time::sleep(WAIT) => panic!("still open"),
    }
    began.elapsed()
}

#[tokio::test]
async fn a_request_that_trickles_is_ended_after_5_s() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("written");
    let took = trickle(&mut stream).await;
    assert!((4..12).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn a_frame_that_trickles_before_the_token_is_ended_after_5_s() {
    let folder = Folder::new("slow-token");
    std::fs::write(folder.path("key"), "a secret of the tests that is long enough").expect("written");
    let key = folder.path("key");
    let flags = [
        "--rate",
        "0",
        "--jwt-key",
        &key,
        "--audience",
        "a",
        "--issuer",
        "i",
        "--origin",
        "http://o.example",
    ];
    let program = Program::start(&flags).await;
    let stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
    let mut raw = Raw::upgrade(stream, "Origin: http://o.example\r\n").await;
    raw.write(&header(LAST | TEXT, 1_000)).await;
    let began = Instant::now();
    let mut code = None;
    while code.is_none() {
        raw.write(b" ").await;
        code = tokio::time::timeout(Duration::from_millis(100), read_close(&mut raw.stream)).await.ok();
        assert!(began.elapsed() < WAIT, "still open");
    }
    assert_eq!(code.expect("an end").ok(), Some(4401));
    assert!((4..12).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

/// Sends `bytes` every second until the other end closes: the code, and after how long.
async fn silenced(mut raw: Raw, bytes: &[u8]) -> (Option<u16>, Duration) {
    let began = Instant::now();
    let (mut read, mut write) = raw.stream.split();
    let writes = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // What was closed is not read any more; the close frame says why.
            let _ = write.write_all(bytes).await;
        }
    };
    let code = tokio::select! {
        code = read_close(&mut read) => code.ok(),
        () = writes => None,
        () = tokio::time::sleep(Duration::from_secs(150)) => panic!("still open"),
    };
    (code, began.elapsed())
}

/// Run by `cargo xtask test long`: the limit is that of the protocol. In simulated time the core's tests have it.
#[tokio::test]
#[ignore = "takes 75 s"]
async fn greeted_peers_that_finish_no_message_are_closed_with_4408_after_75_s() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut peers = Vec::new();
    for session in ["quiet", "trickle", "ping"] {
        peers.push(Raw::greeted(program.port, session).await);
    }
    let [quiet, mut trickle, ping] = peers.try_into().unwrap_or_else(|_| unreachable!());
    trickle.write(&header(LAST | TEXT, 60_000)).await;
    let pings = frame(LAST | PING, b"");
    let (quiet, trickle, ping) =
        tokio::join!(silenced(quiet, b""), silenced(trickle, b" "), silenced(ping, &pings));
    for (peer, (code, took)) in [("quiet", quiet), ("trickle", trickle), ("pings of WebSocket", ping)] {
        println!("{peer}: closed with {code:?} after {took:?}");
        assert_eq!(code, Some(4408), "{peer}");
        assert!((74..100).contains(&took.as_secs()), "{peer}: {took:?}");
    }
}

#[tokio::test]
async fn a_reader_that_stalls_is_closed_with_4408_and_holds_nobody_up() {
    let program = Program::start(&["--rate", "0", "--test-admin"]).await;
    let mut slow = Raw::stalled(program.port).await;
    let mut client = program.client("s").await;
    let text = "x".repeat(15_000);
    let mut waited = Vec::new();
    // The kernel takes some megabytes before the server notices.
    for n in 0..1_000 {
        let began = Instant::now();
        client
            .send(&format!(
                r#"{{"id":"m{n}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#
            ))
            .await;
        assert_eq!(client.acked().await, [format!("m{n}")]);
        waited.push(began.elapsed());
    }
    waited.sort();
    println!("acks beside a stalled reader: p50 {:?}, p99 {:?}", waited[500], waited[990]);
    let stats = program.http("GET", "/admin/stats").await;
    assert!(stats.contains("\"dropped\":1"), "{stats}");
    assert_eq!(slow.close_code().await, Some(4408), "once it reads again");
}

#[tokio::test]
async fn small_fragments_and_pings_that_finish_no_message_are_too_big_after_320_kib() {
    let program = Program::start(&["--rate", "0"]).await;
    let before = frame(BINARY, b"[");
    // Together they hold 60,000 bytes, less than a message may have.
    for (small, what) in [(frame(0, b" "), "fragments"), (frame(LAST | PING, b""), "pings")] {
        let mut raw = Raw::connect(program.port).await;
        raw.write(&before).await;
        raw.write(&small.repeat(60_000)).await;
        // The server stops reading: a reset may overtake the close frame.
        let code = raw.close_code().await;
        assert!(matches!(code, Some(1009) | None), "{what}: {code:?}");
    }
}

#[tokio::test]
async fn a_flood_that_was_closed_is_not_read_on() {
    const MIB: usize = 1 << 20;
    let program = Program::start(&["--rate", "0"]).await;
    let mut raw = Raw::greeted(program.port, "flood").await;
    // Nothing answers these.
    let one = r#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#;
    let many = frame(LAST | TEXT, format!("[{}]", vec![one; 512].join(",")).as_bytes());
    let mut written = 0;
    // Until the server drops the connection.
    while written < 256 * MIB && raw.stream.write_all(&many).await.is_ok() {
        written += many.len();
    }
    println!("{} KiB of a flood were taken", written / 1024);
    // 2 MiB are ten times the rate and what may come at once; the kernel holds some megabytes.
    assert!(written < 32 * MIB, "{written} bytes");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_million_fragments_of_one_byte_cost_a_message_at_most() {
    let program = Program::start(&["--rate", "0"]).await;
    // What the first message costs anybody is not counted.
    let mut raw = Raw::connect(program.port).await;
    raw.write(&header(LAST | BINARY, 64 << 20)).await;
    raw.close_code().await;
    let mut raw = Raw::connect(program.port).await;
    let before = peak_kib(&program);
    raw.write(&frame(BINARY, b"[")).await;
    let fragments = frame(0, b" ").repeat(10_000);
    for _ in 0..100 {
        raw.write(&fragments).await;
    }
    let code = raw.close_code().await;
    let grown = peak_kib(&program) - before;
    println!("a million fragments: closed with {code:?}, {grown} KiB more at the peak");
    // The server stops reading at 256 KiB: a reset may overtake the close frame.
    assert!(matches!(code, Some(1009) | None), "{code:?}");
    assert!(grown < 2 * MESSAGE_KIB, "{grown} KiB");
    assert!(program.http("GET", "/healthz").await.contains("\"status\":\"ok\""));
}
