use super::{Folder, Guarded, KEYS, SECRET, error_of, hs256, run, user_of};
use serde_json::json;

fn flags<'a>(key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut flags =
        vec!["token", "--jwt-key", key, "--audience", "sentinelops", "--issuer", "https://id.example"];
    flags.extend(more);
    flags
}

#[tokio::test]
async fn a_token_that_was_made_is_taken() {
    let gateway = Guarded::start("made").await;
    let key = gateway.folder.path("key");
    let made =
        run(&flags(&key, &["--user", "ann", "--read", "incidents,chat:inc-7", "--write", "incidents"]), &[])
            .await;
    assert!(made.status.success(), "{}", error_of(&made));
    let token = String::from_utf8(made.stdout).expect("text").trim().to_owned();
    let mut client = gateway.greet(&format!("/ws?token={token}")).await;
    assert_eq!(user_of(&mut client).await, "ann");

    let checked = run(&flags(&key, &["--check", &token]), &[]).await;
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success() && shown.contains("user:  ann"), "{shown}");
    assert!(shown.contains("read:  incidents, chat:inc-7") && !shown.contains(&token), "{shown}");
}

#[tokio::test]
async fn tokens_are_made_with_each_private_key_and_with_no_public_one() {
    for key in ["rsa.pem", "p256.pem", "ed25519.pem"] {
        let made = run(&flags(&format!("{KEYS}{key}"), &["--user", "ann"]), &[]).await;
        assert!(made.status.success(), "{key}: {}", error_of(&made));
    }
    let refused = run(&flags(&format!("{KEYS}rsa.pub.pem"), &["--user", "ann"]), &[]).await;
    assert!(
        !refused.status.success() && error_of(&refused).contains("cannot sign"),
        "{}",
        error_of(&refused)
    );
}

#[tokio::test]
async fn a_check_names_the_claim_that_is_wrong() {
    let folder = Folder::new("access-check");
    let key = folder.path("key");
    std::fs::write(&key, SECRET).expect("written");
    let check = async |token: &str| {
        let output = run(&flags(&key, &["--check", token]), &[]).await;
        assert_eq!(output.status.code(), Some(1));
        error_of(&output)
    };
    let late = hs256(json!({"exp": 1}));
    let error = check(&late).await;
    assert!(error.contains("claim exp is in the past") && !error.contains(&late), "{error}");
    assert!(check(&hs256(json!({"iss": "x"}))).await.contains("claim iss"));
    assert!(check("x").await.contains("not a JSON Web Token"));
}

#[tokio::test]
async fn a_token_needs_the_key_and_says_so() {
    let output = run(&["token", "--user", "ann"], &[]).await;
    let error = error_of(&output);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("--jwt-key") && error.contains("--audience"), "{error}");
}
