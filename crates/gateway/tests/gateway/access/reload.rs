use super::{Guarded, ORIGIN, hs256, user_of, welcome};
use serde_json::json;

#[cfg(unix)]
#[tokio::test]
async fn what_is_revoked_at_sighup_ends_open_and_new_connections() {
    let gateway = Guarded::start("revoked").await;
    let path = |over| format!("/ws?token={}", hs256(over));
    let (ann, bob) = (path(json!({"jti": "t1"})), path(json!({"sub": "bob", "jti": "t2"})));
    let other_of_bob = path(json!({"sub": "bob", "jti": "t3"}));
    let mut by_user = gateway.greet(&ann).await;
    let mut by_token = gateway.greet(&bob).await;
    let mut stays = gateway.greet(&other_of_bob).await;
    for client in [&mut by_user, &mut by_token, &mut stays] {
        welcome(client).await;
    }
    std::fs::write(gateway.folder.path("revoked"), "sub ann\njti t2\n").expect("written");
    gateway.program.signal("-HUP").await;
    for client in [&mut by_user, &mut by_token] {
        let (code, reason) = client.closed().await.expect("a close frame");
        assert!(code == 4401 && reason.contains("revoked"), "{code} {reason}");
    }
    for path in [&ann, &bob] {
        let mut client = gateway.greet(path).await;
        let (code, reason) = client.closed().await.expect("a close frame");
        assert!(code == 4401 && reason.contains("revoked"), "{code} {reason}");
    }
    let mut client = gateway.greet(&other_of_bob).await;
    assert_eq!(user_of(&mut client).await, "bob");
    stays.send(r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":1}}"#).await;
    stays.next().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_key_counts_from_sighup_on_and_an_unusable_one_changes_nothing() {
    let mut gateway = Guarded::start("rotated").await;
    let path = format!("/ws?token={}", hs256(json!({})));
    let refused = async |gateway: &Guarded| gateway.greet(&path).await.close_code().await == Some(4401);
    std::fs::write(gateway.folder.path("key"), "too short").expect("written");
    hang_up(&gateway, "everything stays as it was").await;
    assert_eq!(user_of(&mut gateway.greet(&path).await).await, "ann");
    assert!(gateway.program.child.try_wait().expect("a status").is_none());
    std::fs::write(gateway.folder.path("key"), "another secret that is long enough, too").expect("written");
    hang_up(&gateway, "keys and origins are read again").await;
    assert!(refused(&gateway).await);
    assert!(gateway.log().contains("signature"), "the reason of a refusal is in the log");
    assert_eq!(
        gateway.program.socket_of("/ws", Some(ORIGIN)).await.close_code().await,
        Some(4401),
        "in time"
    );
}

#[cfg(unix)]
async fn hang_up(gateway: &Guarded, logged: &str) {
    gateway.program.signal("-HUP").await;
    let waited = async {
        while !gateway.log().contains(logged) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), waited).await.expect("a line in the log");
}
