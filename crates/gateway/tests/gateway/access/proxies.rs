//! Behind a reverse proxy: whose address the log names.

use super::{COMMON, Folder, ORIGIN, Program, SECRET};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What the log says of a refused page that came with these headers.
async fn logged(test: &str, more: &[&str], forwarded: &str) -> String {
    let folder = Folder::new(&format!("access-proxy-{test}"));
    std::fs::write(folder.path("key"), SECRET).expect("written");
    let (key, log) = (folder.path("key"), folder.path("log"));
    let program = Program::start_logged(&[&["--jwt-key", &key], &COMMON[..], more].concat(), &log).await;
    for origin in ["https://evil.example", ORIGIN] {
        let mut request =
            format!("ws://127.0.0.1:{}/ws", program.port).into_client_request().expect("a request");
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
        let (mut socket, _) = connect_async(request).await.expect("a socket");
        if origin == ORIGIN {
            use futures::{SinkExt, StreamExt};
            // Answered, so it is in the log by then.
            socket.send(r#"{"type":"ping","channel":"system"}"#.into()).await.expect("sent");
            socket.next().await;
        } else {
            use futures::StreamExt;
            socket.next().await;
        }
    }
    std::fs::read_to_string(&log).expect("a log")
}

#[tokio::test]
async fn forwarded_addresses_count_from_trusted_proxies_only() {
    let own = logged("none", &[], "203.0.113.7").await;
    assert!(own.contains("from 127.0.0.1") && !own.contains("203.0.113.7"), "{own}");
    let other = logged("other", &["--trusted-proxies", "10.0.0.0/8"], "203.0.113.7").await;
    assert!(other.contains("from 127.0.0.1") && !other.contains("203.0.113.7"), "{other}");
    // What the client itself put in front does not count.
    let trusted = ["--trusted-proxies", "127.0.0.1", "--trusted-proxies", "10.0.0.0/8"];
    let named = logged("trusted", &trusted, "6.6.6.6, 203.0.113.7, 10.1.2.3").await;
    assert_eq!(named.matches("from 203.0.113.7").count(), 2, "{named}");
    assert!(!named.contains("6.6.6.6") && !named.contains("from 127.0.0.1"), "{named}");
}
