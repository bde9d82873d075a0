//! No token in a log, a metric or an error, whichever way it came.

use super::{COMMON, Folder, ORIGIN, Program, SECRET, hs256, user_of};
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::ClientSystem;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Whatever the gateway answers to these bytes of HTTP.
async fn http(port: u16, request: String) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn no_token_is_in_a_log_a_metric_or_an_error() {
    let folder = Folder::new("access-no-token");
    std::fs::write(folder.path("key"), SECRET).expect("written");
    let (key, log) = (folder.path("key"), folder.path("log"));
    let flags = [&["--jwt-key", &key, "--test-admin"], &COMMON[..]].concat();
    let program = Program::start_logged(&flags, &log).await;
    let good = hs256(json!({"jti": "the-jti"}));
    let bad = hs256(json!({"aud": "others", "jti": "the-jti"}));
    let mut answers = String::new();
    for token in [&good, &bad] {
        // By HTTP: no upgrade, two tokens, a path and a query that are none, a header.
        for path in [
            format!("/ws?token={token}"),
            format!("/ws?token={token}&token={token}"),
            format!("/{token}"),
            format!("/healthz?token={token}"),
            format!("/admin/close?code={token}"),
        ] {
            let head = "Host: localhost\r\nConnection: close";
            answers += &http(program.port, format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n")).await;
            answers += &http(
                program.port,
                format!("GET {path} HTTP/9.9\r\n{head}\r\nAuthorization: Bearer {token}\r\n\r\n"),
            )
            .await;
        }
        // By WebSocket: as it should be, and in every way that is wrong.
        for frame in [
            format!(r#"{{"type":"auth","channel":"system","payload":{{"token":"{token}"}}}}"#),
            format!(r#"{{"type":"auth","channel":"system","payload":{{"token":["{token}"]}}}}"#),
            format!(r#"{{"type":"auth","channel":"system","payload":{{"tokn":"{token}"}}}}"#),
            format!(r#"{{"type":"auth","channel":"system","payload":"{token}"}}"#),
            format!(r#"{{"type":"auth","channel":"{token}","payload":{{}}}}"#),
            format!(r#"{{"type":"{token}","channel":"system","payload":{{}}}}"#),
            format!(r#"{{"id":"{token}","type":"chat.message","channel":"chat","payload":{{}}}}"#),
            format!(r#"{{"type":"auth" "{token}""#),
            token.clone(),
        ] {
            for greets in [true, false] {
                let mut client = program.socket_of("/ws", Some(ORIGIN)).await;
                if greets {
                    client.hello("s").await;
                }
                client.send(&frame).await;
                // Ends it, whatever came before.
                client.send("[1").await;
                loop {
                    match client.frame().await {
                        Message::Close(frame) => {
                            break answers +=
                                &frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                        }
                        other => answers += &other.into_text().expect("text"),
                    }
                }
            }
        }
        // A page that may not connect.
        let mut client = program.socket_of(&format!("/ws?token={token}"), Some("https://evil.example")).await;
        answers += &client.closed().await.expect("a close frame").1;
    }
    let mut client = program.socket_of(&format!("/ws?token={bad}"), Some(ORIGIN)).await;
    answers += &client.closed().await.expect("a close frame").1;
    // Welcomed, refused at a refresh, and closed by an operator.
    let mut client = program.socket_of(&format!("/ws?token={good}"), Some(ORIGIN)).await;
    client.hello("s").await;
    assert_eq!(user_of(&mut client).await, "ann");
    client.system(&ClientSystem::Auth { token: bad.clone() }).await;
    let ServerMessage::System(refused) = client.next().await else { panic!("no answer") };
    answers += &format!("{refused:?}");
    for path in ["/healthz", "/admin/stats", "/admin/state?channel=chat"] {
        answers += &program.http("GET", path).await;
    }
    answers += &program.http("POST", "/admin/close?code=4401&reason=closed").await;
    answers += &client.closed().await.expect("a close frame").1;

    let logged = std::fs::read_to_string(&log).expect("a log");
    for word in ["claim aud", "is \"ann\"", "evil.example"] {
        assert!(logged.contains(word), "the log is of this test: {logged}");
    }
    assert!(answers.contains("\"connections\"") && answers.contains("claim aud"), "{answers}");
    for (what, text) in [("log", &logged), ("answers", &answers)] {
        for part in good.split('.').chain(bad.split('.')) {
            assert!(!text.contains(part), "{part} is in the {what}: {text}");
        }
        assert!(!text.contains(SECRET), "the key is in the {what}");
    }
}
