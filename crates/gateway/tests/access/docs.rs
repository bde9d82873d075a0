//! What docs/security.md shows works.

use super::{Folder, Program, SECRET, error_of, run};

/// The first block of this language, with the paths of a test.
fn settings(folder: &Folder) -> String {
    let text = include_str!("../../../../docs/security.md");
    let block = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    for (name, content) in [("jwt.key", SECRET), ("revoked", "")] {
        std::fs::write(folder.path(name), content).expect("written");
    }
    let settings = block
        .replace("/etc/sentinelops/", &folder.path(""))
        .replace("/var/lib/sentinelops", &folder.path("data"))
        .replace("port = 3001", "port = 0");
    assert!(settings.contains("port = 0") && !settings.contains("/etc/"), "{settings}");
    let file = folder.path("gateway.toml");
    std::fs::write(&file, settings).expect("written");
    file
}

#[tokio::test]
async fn gateway_starts_with_the_settings_of_the_documentation() {
    let folder = Folder::new("access-docs");
    let file = settings(&folder);
    let made = run(&["token", "--config", &file, "--user", "ann", "--read", "incidents"], &[]).await;
    assert!(made.status.success(), "{}", error_of(&made));
    let token = String::from_utf8(made.stdout).expect("text").trim().to_owned();
    let program = Program::start(&["--config", &file]).await;
    let mut client = program.socket_of(&format!("/ws?token={token}"), Some("https://ops.example.com")).await;
    client.hello("s").await;
    assert_eq!(super::user_of(&mut client).await, "ann");
    assert_eq!(program.socket_of("/ws", Some("https://evil.example")).await.close_code().await, Some(4403));
}
