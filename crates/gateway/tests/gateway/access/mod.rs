//! Who may connect: settings, origins, tokens, revocation. Over the program itself.

mod before_auth;
mod check;
mod command;
mod docs;
mod no_token;
mod origins;
mod proxies;
mod publish;
mod refused;
mod reload;
mod settings;
mod tokens;

use crate::support::{Client, Folder, Program};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::{ServerSystem, Welcome};
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use tokio::process::Command;

const SECRET: &str = "a secret of the tests that is long enough for HS256";
const ORIGIN: &str = "https://ops.example";
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/access/keys/");

/// A gateway with a key, and what it logs.
struct Guarded {
    program: Program,
    folder: Folder,
}

impl Guarded {
    /// With [`SECRET`].
    async fn start(test: &str) -> Self {
        let folder = Folder::new(&format!("access-{test}"));
        std::fs::write(folder.path("key"), SECRET).expect("written");
        std::fs::write(folder.path("revoked"), "# nobody yet\n").expect("written");
        let (key, revoked) = (folder.path("key"), folder.path("revoked"));
        let flags = [&["--jwt-key", &key, "--revoked", &revoked], &COMMON[..]].concat();
        Self { program: Program::start_logged(&flags, &folder.path("log")).await, folder }
    }

    /// A page of [`ORIGIN`] that has sent hello.
    async fn greet(&self, path: &str) -> Client {
        greet(&self.program, path).await
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path("log")).expect("a log")
    }
}

const COMMON: [&str; 6] = ["--audience", "sentinelops", "--issuer", "https://id.example", "--origin", ORIGIN];

async fn greet(program: &Program, path: &str) -> Client {
    let mut client = program.socket_of(path, Some(ORIGIN)).await;
    client.hello("s").await;
    client
}

async fn welcome(client: &mut Client) -> Welcome {
    match client.next().await {
        ServerMessage::System(ServerSystem::Welcome(welcome)) => welcome,
        other => panic!("no welcome: {other:?}"),
    }
}

async fn user_of(client: &mut Client) -> String {
    welcome(client).await.user
}

/// Claims that are taken, with `over` over them; `null` takes one away.
fn claims(over: Value) -> Value {
    let now = get_current_timestamp();
    let mut claims = json!({
        "sub": "ann", "aud": "sentinelops", "iss": "https://id.example", "exp": now + 300,
        "so": { "read": ["incidents", "chat"], "write": ["incidents"] },
    });
    let (Value::Object(all), Value::Object(over)) = (&mut claims, over) else { panic!("objects") };
    for (name, value) in over {
        match value {
            Value::Null => all.remove(&name),
            value => all.insert(name, value),
        };
    }
    claims
}

fn hs256(over: Value) -> String {
    signed(&Header::new(Algorithm::HS256), &EncodingKey::from_secret(SECRET.as_bytes()).expect("a key"), over)
}

fn signed(header: &Header, key: &EncodingKey, over: Value) -> String {
    encode(header, &claims(over), key).expect("a token")
}

fn pem(name: &str) -> Vec<u8> {
    std::fs::read(format!("{KEYS}{name}")).expect("a key of the tests")
}

/// Runs the program to its end.
async fn run(flags: &[&str], environment: &[(&str, &str)]) -> Output {
    let run = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(flags)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(std::time::Duration::from_secs(20), run).await.expect("it ends").expect("it starts")
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
