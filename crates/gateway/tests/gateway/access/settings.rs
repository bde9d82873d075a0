use super::{COMMON, Folder, Program, error_of, run};
use crate::support::Client;
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::ServerSystem;

#[tokio::test]
async fn without_a_key_it_exits_2_and_says_what_to_do() {
    let output = run(&["--port", "0"], &[]).await;
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    for word in ["no key", "--jwt-key", "--jwks-url", "--dev", "--mock"] {
        assert!(error.contains(word), "{word}: {error}");
    }
}

#[tokio::test]
async fn what_asks_for_no_token_is_for_loopback_only() {
    for flag in ["--dev", "--mock"] {
        let output = run(&[flag, "--host", "0.0.0.0", "--port", "0"], &[]).await;
        let error = error_of(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(flag) && error.contains("loopback"), "{error}");
    }
}

#[tokio::test]
async fn an_unusable_key_exits_2_and_names_the_file() {
    let folder = Folder::new("access-unusable");
    let key = folder.path("key");
    let flags = [&["--port", "0", "--jwt-key", &key], &COMMON[..]].concat();
    for (text, word) in [
        (None, "cannot read"),
        (Some("short"), "openssl rand"),
        (Some("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "PEM"),
        (Some("{\"keys\": []}"), "no key in it"),
        (Some("{\"keys\": "), "not JSON"),
        (Some("{\"keys\": [{\"kty\": \"RSA\", \"n\": \"AQAB\", \"e\": \"AQAB\"}]}"), "2048"),
    ] {
        if let Some(text) = text {
            std::fs::write(&key, text).expect("written");
        }
        let output = run(&flags, &[]).await;
        let error = error_of(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(&key) && error.contains(word), "{word}: {error}");
    }
}

#[tokio::test]
async fn an_unknown_key_of_the_file_exits_2_with_the_nearest_one() {
    let folder = Folder::new("access-unknown-key");
    let file = folder.path("gateway.toml");
    std::fs::write(&file, "dev = true\norigins = []\n").expect("written");
    let output = run(&["--config", &file], &[]).await;
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("line 2: there is no key origins; the nearest one is origin"), "{error}");
}

async fn window(mut client: Client) -> u64 {
    client.hello("s").await;
    match client.next().await {
        ServerMessage::System(ServerSystem::Welcome(welcome)) => welcome.reconnect_window_ms,
        other => panic!("no welcome: {other:?}"),
    }
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = Folder::new("access-precedence");
    let file = folder.path("gateway.toml");
    std::fs::write(&file, "dev = true\nreconnect_window_ms = 1000\n").expect("written");
    let start = async |environment: bool, flag: bool| {
        let under: &[&str] = if environment { &["env", "SENTINELOPS_RECONNECT_WINDOW_MS=2000"] } else { &[] };
        let mut flags = vec!["--config", &file];
        flags.extend(if flag { &["--reconnect-window-ms", "3000"][..] } else { &[] });
        let program = Program::start_under(under, &flags).await;
        window(program.socket("/ws").await).await
    };
    assert_eq!(start(false, false).await, 1_000);
    assert_eq!(start(true, false).await, 2_000);
    assert_eq!(start(true, true).await, 3_000);
}
