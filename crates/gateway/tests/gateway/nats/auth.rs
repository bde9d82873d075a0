//! Every way of signing in at NATS that docs/operations.md names, at a real server: who has it is let in, everybody else
//! is refused with a sentence that names the flags.

use super::{ends, say};
use crate::support::nats::{NatsServer, VERSIONS};
use crate::support::{Folder, Program};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

const SIGN_IN: &str = "give --nats-creds, --nats-user with --nats-password, or --nats-token";

/// A gateway with these flags takes a command: it was let in, and may read and write its streams.
async fn is_let_in(nats: &NatsServer, flags: &[&str]) {
    let url = nats.url();
    let program = Program::start(&[&["--nats", &url], flags].concat()).await;
    let mut client = program.client("s").await;
    client.send(&say("m", "x")).await;
    assert_eq!(client.acked().await, ["m"], "{flags:?}");
}

async fn is_refused(nats: &NatsServer, flags: &[&str]) {
    let errors = ends(&[&["--nats", &nats.url()], flags].concat()).await;
    assert!(errors.contains("authorization violation") && errors.contains(SIGN_IN), "{flags:?}: {errors}");
}

#[tokio::test]
async fn a_user_is_let_in_by_the_password() {
    for version in VERSIONS {
        let nats = NatsServer::start_with(version, "authorization { user: ann, password: secret }").await;
        is_let_in(&nats, &["--nats-user", "ann", "--nats-password", "secret"]).await;
        is_refused(&nats, &["--nats-user", "ann", "--nats-password", "wrong"]).await;
        is_refused(&nats, &[]).await;
    }
}

#[tokio::test]
async fn a_token_is_let_in() {
    for version in VERSIONS {
        let nats = NatsServer::start_with(version, "authorization { token: abc }").await;
        is_let_in(&nats, &["--nats-token", "abc"]).await;
        is_refused(&nats, &["--nats-token", "abd"]).await;
        is_refused(&nats, &[]).await;
    }
}

/// A NATS token: `claims` of the subject, signed by the issuer.
fn token(issuer: &KeyPair, subject: &str, name: &str, claims: Value) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let body = encode(json!({
        "jti": name, "iat": 1_700_000_000, "iss": issuer.public_key(), "name": name, "sub": subject, "nats": claims,
    }));
    let signature = issuer.sign(format!("{head}.{body}").as_bytes()).expect("a signature");
    format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The configuration of a server that believes an operator, and the account that the operator let use JetStream.
fn operator() -> (String, KeyPair) {
    let (operator, system, account) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let limits = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let of_account = |pair: &KeyPair, name, limits: &Value| {
        let claims = json!({ "limits": limits, "type": "account", "version": 2 });
        token(&operator, &pair.public_key(), name, claims)
    };
    let mut system_limits = limits.clone();
    for storage in ["mem_storage", "disk_storage"] {
        system_limits[storage] = json!(0);
    }
    let operator_claims = json!({ "type": "operator", "version": 2 });
    let config = format!(
        "operator: {}\nsystem_account: {system_key}\nresolver: MEMORY\nresolver_preload {{ {system_key}: {}, {}: {} }}",
        token(&operator, &operator.public_key(), "operator", operator_claims),
        of_account(&system, "system", &system_limits),
        account.public_key(),
        of_account(&account, "gateways", &limits),
        system_key = system.public_key(),
    );
    (config, account)
}

/// A file as `nsc generate creds` writes it, of a user of this account.
fn credentials(folder: &Folder, name: &str, account: &KeyPair) -> String {
    let user = KeyPair::new_user();
    let claims = json!({ "subs": -1, "data": -1, "payload": -1, "type": "user", "version": 2 });
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        token(account, &user.public_key(), name, claims),
        user.seed().expect("a seed"),
    );
    let path = folder.path(name);
    std::fs::write(&path, text).expect("written");
    path
}

#[tokio::test]
async fn a_credentials_file_is_let_in_when_an_account_of_the_operator_signed_it() {
    let folder = Folder::new("nats-creds");
    for version in VERSIONS {
        let (config, account) = operator();
        let nats = NatsServer::start_with(version, &config).await;
        is_let_in(&nats, &["--nats-creds", &credentials(&folder, "right", &account)]).await;
        let stranger = credentials(&folder, "stranger", &KeyPair::new_account());
        is_refused(&nats, &["--nats-creds", &stranger]).await;
        is_refused(&nats, &[]).await;
    }
}

#[tokio::test]
async fn a_file_that_holds_no_credentials_is_named() {
    let folder = Folder::new("nats-no-creds");
    let path = folder.path("empty");
    std::fs::write(&path, "nothing").expect("written");
    // Nobody listens there: the file is read first.
    let errors = ends(&["--nats", "nats://127.0.0.1:9", "--nats-creds", &path]).await;
    assert!(errors.contains(&path) && errors.contains("nsc generate creds"), "{errors}");
}

const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/nats/tls");

/// A server with TLS, and its URL.
async fn tls(version: &str, more: &str) -> (NatsServer, String) {
    let config = format!("tls {{ cert_file: \"{TLS}/cert.pem\", key_file: \"{TLS}/key.pem\" {more} }}");
    let nats = NatsServer::start_with(version, &config).await;
    let url = nats.url().replace("nats://", "tls://");
    (nats, url)
}

#[tokio::test]
async fn a_server_is_believed_by_its_authority() {
    let authority = format!("{TLS}/cert.pem");
    for version in VERSIONS {
        let (nats, url) = tls(version, "").await;
        is_let_in(&nats, &["--nats-ca", &authority]).await;
        let errors = ends(&["--nats", &url]).await;
        assert!(errors.contains("certificate") && errors.contains("--nats-ca"), "{errors}");
    }
}

#[tokio::test]
async fn a_certificate_is_let_in_where_the_server_asks_for_one() {
    let certificate = format!("{TLS}/cert.pem");
    let key = format!("{TLS}/key.pem");
    for version in VERSIONS {
        let (nats, url) = tls(version, &format!(", ca_file: \"{certificate}\", verify: true")).await;
        let authority = ["--nats-ca", &certificate];
        is_let_in(&nats, &[&authority[..], &["--nats-cert", &certificate, "--nats-key", &key]].concat())
            .await;
        let errors = ends(&[&["--nats", &url][..], &authority].concat()).await;
        assert!(errors.contains("--nats-cert"), "{errors}");
    }
}
