//! What docs/security.md shows works.

use super::{Client, Folder, Program, SECRET, error_of, run};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// The first block of this language, with the paths of a test.
fn settings(folder: &Folder) -> String {
    let text = include_str!("../../../../../docs/security.md");
    let block = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    for (name, content) in [("jwt.key", SECRET), ("revoked", "")] {
        std::fs::write(folder.path(name), content).expect("written");
    }
    std::fs::create_dir(folder.path("console")).expect("a folder");
    std::fs::write(folder.path("console/index.html"), "<meta name=\"sentinelops-base\" content=\"/\">")
        .expect("written");
    std::fs::write(folder.path("console/_headers"), "/*\n  X-Frame-Options: deny\n").expect("written");
    let settings = block
        .replace("/srv/console", &folder.path("console"))
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
    // As nginx passes it on.
    let url = format!("ws://127.0.0.1:{}/ws?token={token}", program.port);
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in
        [("origin", "https://ops.example.com"), ("host", "ops.example.com"), ("x-forwarded-proto", "https")]
    {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    let (socket, _) = connect_async(request).await.expect("a socket");
    let mut client = Client { socket, waiting: Vec::new().into_iter() };
    client.hello("s").await;
    assert_eq!(super::user_of(&mut client).await, "ann");
    assert_eq!(program.socket_of("/ws", Some("https://evil.example")).await.close_code().await, Some(4403));
}
