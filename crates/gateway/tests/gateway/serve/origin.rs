//! Whose pages may connect to a gateway that serves the console.

use super::{console, request};
use crate::support::{Client, Folder, Program};
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::ServerSystem;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const HOST: &str = "host";
const PROTO: &str = "x-forwarded-proto";
const FORWARDED: &str = "x-forwarded-host";

async fn start(folder: &Folder, more: &[&str]) -> Program {
    std::fs::write(folder.path("key"), "a secret of the tests that is long enough for HS256")
        .expect("written");
    let (key, dist) = (folder.path("key"), folder.path("dist"));
    let flags = ["--jwt-key", &key, "--audience", "a", "--issuer", "i", "--serve", &dist];
    Program::start(&[&flags, more].concat()).await
}

/// A page of `origin` that connects with these headers.
async fn page(program: &Program, origin: &str, more: &[(&'static str, &str)]) -> Client {
    let mut request = format!("ws://127.0.0.1:{}/ws", program.port).into_client_request().expect("a request");
    for (name, value) in [("origin", origin)].iter().chain(more) {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    let (socket, _) = connect_async(request).await.expect("a socket");
    Client { socket, waiting: Vec::new().into_iter() }
}

/// Whether it got as far as being asked for a token: any first frame before that is answered with an error.
async fn may_connect(program: &Program, origin: &str, more: &[(&'static str, &str)]) -> bool {
    let mut client = page(program, origin, more).await;
    client.send(r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":1}}"#).await;
    match client.close_code().await {
        Some(4403) => false,
        Some(4400) => true,
        other => panic!("closed with {other:?}"),
    }
}

#[tokio::test]
async fn page_of_the_gateway_itself_may_connect_and_no_other() {
    let folder = console("own", "/", "{}");
    let program = start(&folder, &[]).await;
    let own = format!("http://127.0.0.1:{}", program.port);
    assert!(may_connect(&program, &own, &[]).await);
    assert!(may_connect(&program, "http://ops.example", &[(HOST, "ops.example")]).await);
    for (origin, more) in [
        ("http://evil.example", &[][..]),
        ("null", &[]),
        (&own.replace("http", "https"), &[]),
        ("http://ops.example:81", &[(HOST, "ops.example")]),
        // No proxy is trusted for these.
        ("https://ops.example", &[(HOST, "ops.example"), (PROTO, "https")]),
        ("http://ops.example", &[(FORWARDED, "ops.example")]),
    ] {
        assert!(!may_connect(&program, origin, more).await, "{origin} {more:?}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_origin_is_what_the_browser_sees() {
    let folder = console("proxied", "/", "{}");
    let program = start(&folder, &["--trusted-proxies", "127.0.0.1"]).await;
    let https = (PROTO, "https");
    assert!(may_connect(&program, "https://ops.example", &[(HOST, "ops.example"), https]).await);
    assert!(may_connect(&program, "https://ops.example", &[(FORWARDED, "ops.example"), https]).await);
    for (origin, more) in [
        ("http://ops.example", &[(HOST, "ops.example"), https][..]),
        ("https://evil.example", &[(HOST, "ops.example"), https]),
        ("https://inner:3001", &[(HOST, "inner:3001"), (FORWARDED, "ops.example"), https]),
    ] {
        assert!(!may_connect(&program, origin, more).await, "{origin} {more:?}");
    }
}

#[tokio::test]
async fn listed_origins_may_connect_beside_the_own_one() {
    let folder = console("listed", "/", "{}");
    let program = start(&folder, &["--origin", "https://other.example"]).await;
    assert!(may_connect(&program, "https://other.example", &[]).await);
    assert!(may_connect(&program, "http://ops.example", &[(HOST, "ops.example")]).await);
}

/// A name of somebody else that leads to this machine: where nobody is asked for a token it must not do.
#[tokio::test]
async fn in_development_a_foreign_name_for_this_machine_may_not_connect() {
    let folder = console("rebound", "/", "{}");
    let program = super::start(&folder, &[]).await;
    let mut client = page(&program, "http://evil.example", &[(HOST, "evil.example")]).await;
    assert_eq!(client.close_code().await, Some(4403));
    let own = format!("http://127.0.0.1:{}", program.port);
    let mut client = page(&program, &own, &[]).await;
    client.hello("s").await;
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Welcome(_))));
    assert_eq!(request(program.port, "GET", "/", "").await.status, 200);
}
