use super::{COMMON, Guarded, KEYS, SECRET, claims, greet, hs256, pem, signed, user_of};
use crate::support::Program;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use sentinelops_protocol::system::{ClientSystem, ServerSystem};
use sentinelops_protocol::{Code, ServerMessage};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

fn unsigned(header: &Value, over: Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(&claims(over)))
}

#[tokio::test]
async fn every_wrong_claim_is_named_and_no_value() {
    let gateway = Guarded::start("claims").await;
    let now = get_current_timestamp();
    let other = EncodingKey::from_secret(b"not the secret of the gateway, but long").expect("a key");
    let mut tampered = hs256(json!({}));
    tampered.truncate(tampered.rfind('.').expect("a signature") + 1);
    let cases = [
        (hs256(json!({"exp": now - 31})), "claim exp is in the past"),
        (hs256(json!({"exp": (now + 300).to_string()})), "claim exp is missing or not a number"),
        (hs256(json!({"exp": null})), "claim exp is missing"),
        (hs256(json!({"nbf": now + 300})), "claim nbf is in the future"),
        (hs256(json!({"aud": "others"})), "claim aud does not name"),
        (hs256(json!({"aud": null})), "claim aud is missing"),
        (hs256(json!({"aud": 7})), "claim aud"),
        (hs256(json!({"iss": "https://evil.example"})), "claim iss is not"),
        (hs256(json!({"iss": null})), "claim iss is missing"),
        (hs256(json!({"sub": null})), "claim sub is missing"),
        (hs256(json!({"sub": ""})), "claim sub is not"),
        (hs256(json!({"sub": "x".repeat(65)})), "claim sub is not"),
        (hs256(json!({"sub": "a\nb"})), "claim sub is not"),
        (hs256(json!({"jti": 7})), "claim jti is not"),
        (hs256(json!({"so": "incidents"})), "claim so is not"),
        (hs256(json!({"so": {"read": [7]}})), "claim so is not"),
        (signed(&Header::new(Algorithm::HS256), &other, json!({})), "signature"),
        (tampered, "signature"),
        (unsigned(&json!({"alg": "none", "typ": "JWT"}), json!({})), "alg"),
        (unsigned(&json!({"alg": "None"}), json!({})), "alg"),
        ("nonsense".to_owned(), "not a JSON Web Token"),
        ("a.b.c.d".to_owned(), "not a JSON Web Token"),
        ("e30.e30.e30".to_owned(), "not a JSON Web Token"),
    ];
    let mut reasons = String::new();
    for (token, words) in &cases {
        let mut client = gateway.greet(&format!("/ws?token={token}")).await;
        let (code, reason) = client.closed().await.expect("a close frame");
        assert!(code == 4401 && reason.contains(words), "{words}: {code} {reason}");
        reasons.push_str(&reason);
    }
    // No part of a token in what is logged or answered; the user only once it is known.
    let log = gateway.log();
    for (token, _) in &cases {
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(!log.contains(part) && !reasons.contains(part), "{part}");
        }
    }
    for value in ["others", "evil.example", "ann", SECRET] {
        assert!(!log.contains(value) && !reasons.contains(value), "{value}: {log}");
    }
    // Within the leeway of 30 s.
    let mut client = gateway.greet(&format!("/ws?token={}", hs256(json!({"exp": now - 5})))).await;
    assert_eq!(user_of(&mut client).await, "ann");
}

#[tokio::test]
async fn a_token_of_auth_is_in_no_log_either() {
    let gateway = Guarded::start("log").await;
    let good = hs256(json!({}));
    let bad = hs256(json!({"aud": "others"}));
    let mut client = gateway.greet("/ws").await;
    client.system(&ClientSystem::Auth { token: good.clone() }).await;
    assert_eq!(user_of(&mut client).await, "ann");
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Authed { .. })));
    // A refresh that is refused is answered; the token of before counts.
    client.system(&ClientSystem::Auth { token: bad.clone() }).await;
    let ServerMessage::System(ServerSystem::Error { code, message, .. }) = client.next().await else {
        panic!("no error")
    };
    assert!(code == Code::Unauthenticated && message.contains("claim aud"), "{message}");
    let log = gateway.log();
    assert!(log.contains("is \"ann\""), "{log}");
    for part in good.split('.').chain(bad.split('.')) {
        assert!(!log.contains(part) && !message.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let file = format!("{KEYS}rsa.pub.pem");
    let program = Program::start(&[&["--jwt-key", &file], &COMMON[..]].concat()).await;
    // Signed with the text of the public key, which everybody may have.
    for secret in [pem("rsa.pub.pem"), pem("rsa.pub.pem").trim_ascii().to_vec()] {
        let key = EncodingKey::from_secret(&secret).expect("a key");
        let token = signed(&Header::new(Algorithm::HS256), &key, json!({}));
        let mut client = greet(&program, &format!("/ws?token={token}")).await;
        let (code, reason) = client.closed().await.expect("a close frame");
        assert!(code == 4401 && reason.contains("alg"), "{code} {reason}");
    }
}

/// Answers every request with these keys, each once `answers` has a permit for it; counts the requests.
async fn key_server(keys: Value, answers: Arc<Semaphore>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await;
            answers.acquire().await.expect("never closed").forget();
            let body = keys.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, count)
}

#[tokio::test]
async fn a_flood_of_unknown_kids_costs_one_request_for_keys() {
    let keys = json!({"keys": [{"kty": "oct", "kid": "a", "k": URL_SAFE_NO_PAD.encode(SECRET)}]});
    let (url, requests) = key_server(keys, Arc::new(Semaphore::new(100))).await;
    let program = Program::start(&[&["--jwks-url", &url], &COMMON[..]].concat()).await;
    let token = |kid: &str| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        signed(&header, &EncodingKey::from_secret(SECRET.as_bytes()).expect("a key"), json!({}))
    };
    for number in 0..50 {
        let mut client = greet(&program, &format!("/ws?token={}", token(&format!("made-up-{number}")))).await;
        let (code, reason) = client.closed().await.expect("a close frame");
        assert!(code == 4401 && reason.contains("kid"), "{code} {reason}");
    }
    let mut client = greet(&program, &format!("/ws?token={}", token("a"))).await;
    assert_eq!(user_of(&mut client).await, "ann");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn connections_that_come_while_keys_are_fetched_wait_for_one_request() {
    let keys = json!({"keys": [{"kty": "oct", "kid": "a", "k": URL_SAFE_NO_PAD.encode(SECRET)}]});
    let answers = Arc::new(Semaphore::new(0));
    let (url, requests) = key_server(keys, answers.clone()).await;
    let program = Program::start(&[&["--jwks-url", &url], &COMMON[..]].concat()).await;
    let token = |kid: &str| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        signed(&header, &EncodingKey::from_secret(SECRET.as_bytes()).expect("a key"), json!({}))
    };
    let kid =
        |number: usize| if number.is_multiple_of(2) { "a".to_owned() } else { format!("made-up-{number}") };
    let clients =
        (0..20).map(async |number| greet(&program, &format!("/ws?token={}", token(&kid(number)))).await);
    let mut clients = futures::future::join_all(clients).await;
    // All of them are connected, and none has its answer.
    answers.add_permits(100);
    for (number, client) in clients.iter_mut().enumerate() {
        match kid(number).as_str() {
            "a" => assert_eq!(user_of(client).await, "ann"),
            _ => assert_eq!(client.close_code().await, Some(4401)),
        }
    }
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_not_the_tokens_fault() {
    // A port at which nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
    drop(listener);
    let program = Program::start(&[&["--jwks-url", &url], &COMMON[..]].concat()).await;
    let mut client = greet(&program, &format!("/ws?token={}", hs256(json!({})))).await;
    let (code, reason) = client.closed().await.expect("a close frame");
    assert!(code == 1013 && reason.starts_with("retry after 10000 ms"), "{code} {reason}");
}
