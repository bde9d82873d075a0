use super::{COMMON, Guarded, KEYS, SECRET, greet, hs256, pem, signed, user_of, welcome};
use crate::support::{Folder, Program, resolve, subscribe};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sentinelops_protocol::system::{ClientSystem, ServerSystem};
use sentinelops_protocol::{Channel, Code, ServerMessage};
use serde_json::json;

#[tokio::test]
async fn a_token_of_the_url_and_one_of_auth_both_count() {
    let gateway = Guarded::start("both").await;
    let mut by_url = gateway.greet(&format!("/ws?token={}", hs256(json!({})))).await;
    let welcomed = welcome(&mut by_url).await;
    assert_eq!(welcomed.user, "ann");
    let left = welcomed.expires_in_ms.expect("an end");
    assert!((300_000..=331_000).contains(&left), "exp and the leeway: {left}");

    let mut by_frame = gateway.greet("/ws").await;
    by_frame.system(&ClientSystem::Auth { token: hs256(json!({"sub": "bob"})) }).await;
    assert_eq!(user_of(&mut by_frame).await, "bob");
    assert!(matches!(by_frame.next().await, ServerMessage::System(ServerSystem::Authed { .. })));
}

#[tokio::test]
async fn each_algorithm_is_checked_with_its_own_key() {
    let folder = Folder::new("access-algorithms");
    let rsa = || EncodingKey::from_rsa_pem(&pem("rsa.pem")).expect("a key");
    let p256 = || EncodingKey::from_ec_pem(&pem("p256.pem")).expect("a key");
    let ed25519 = || EncodingKey::from_ed_pem(&pem("ed25519.pem")).expect("a key");
    std::fs::write(folder.path("secret"), format!("{SECRET}\n")).expect("written");
    let secret = EncodingKey::from_secret(SECRET.as_bytes()).expect("a key");
    for (file, algorithm, key) in [
        (folder.path("secret"), Algorithm::HS256, secret),
        (format!("{KEYS}rsa.pub.pem"), Algorithm::RS256, rsa()),
        (format!("{KEYS}rsa.pem"), Algorithm::RS256, rsa()),
        (format!("{KEYS}p256.pub.pem"), Algorithm::ES256, p256()),
        (format!("{KEYS}p256.pem"), Algorithm::ES256, p256()),
        (format!("{KEYS}ed25519.pub.pem"), Algorithm::EdDSA, ed25519()),
        (format!("{KEYS}ed25519.pem"), Algorithm::EdDSA, ed25519()),
    ] {
        let program = Program::start(&[&["--jwt-key", &file], &COMMON[..]].concat()).await;
        let token = signed(&Header::new(algorithm), &key, json!({}));
        let mut client = greet(&program, &format!("/ws?token={token}")).await;
        assert_eq!(user_of(&mut client).await, "ann", "{file}");
    }
}

#[tokio::test]
async fn of_a_jwks_the_key_with_the_tokens_kid_counts() {
    let folder = Folder::new("access-jwks");
    let secret = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let other = "another secret of the tests, long enough, too";
    let keys = json!({"keys": [
        {"kty": "oct", "kid": "a", "alg": "HS256", "k": secret(SECRET)},
        {"kty": "oct", "kid": "b", "k": secret(other)},
        {"kty": "RSA", "kid": "enc", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kty": "brand new", "kid": "c"},
    ]});
    std::fs::write(folder.path("keys.json"), keys.to_string()).expect("written");
    let file = folder.path("keys.json");
    let program = Program::start(&[&["--jwt-key", &file], &COMMON[..]].concat()).await;
    let token = |kid: Option<&str>, text: &str| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        signed(&header, &EncodingKey::from_secret(text.as_bytes()).expect("a key"), json!({}))
    };
    for taken in [token(Some("a"), SECRET), token(Some("b"), other), token(None, other)] {
        let mut client = greet(&program, &format!("/ws?token={taken}")).await;
        assert_eq!(user_of(&mut client).await, "ann");
    }
    for (refused, word) in [(token(Some("a"), other), "signature"), (token(Some("z"), SECRET), "kid")] {
        let mut client = greet(&program, &format!("/ws?token={refused}")).await;
        let (code, reason) = client.closed().await.expect("a close frame");
        assert!(code == 4401 && reason.contains(word), "{code} {reason}");
    }
}

#[tokio::test]
async fn the_rights_of_the_token_decide_what_is_read_and_written() {
    let gateway = Guarded::start("rights").await;
    let so = json!({"so": {"read": ["incidents"], "write": []}});
    let mut client = gateway.greet(&format!("/ws?token={}", hs256(so))).await;
    welcome(&mut client).await;
    client.system(&subscribe(Channel::Chat)).await;
    let ServerMessage::System(ServerSystem::Denied { code, message, .. }) = client.next().await else {
        panic!("not denied")
    };
    assert_eq!(code, Code::Forbidden);
    assert!(message.contains("right to read"), "{message}");
    client.send(&resolve("m1", "inc-1005")).await;
    let ServerMessage::System(ServerSystem::Nack { code, .. }) = client.next().await else {
        panic!("no nack")
    };
    assert_eq!(code, Code::Forbidden);
    client.system(&subscribe(Channel::Incidents)).await;
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Subscribed(_))));

    // Without `so` nothing may be read.
    let mut client = gateway.greet(&format!("/ws?token={}", hs256(json!({"so": null})))).await;
    welcome(&mut client).await;
    client.system(&subscribe(Channel::Incidents)).await;
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Denied { .. })));
}
