//! `--serve`: the console from the gateway itself.

mod files;
mod origin;

use crate::support::{Folder, Program};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const POLICY: &str = "default-src 'none'; script-src 'self'";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A folder as `cargo xtask build` writes it, below the path `base`.
fn console(test: &str, base: &str, config: &str) -> Folder {
    let folder = Folder::new(&format!("serve-{test}"));
    let dist = folder.0.join("dist");
    std::fs::create_dir_all(dist.join("assets")).expect("a folder");
    let page = format!(
        "<!doctype html><meta name=\"sentinelops-base\" content=\"{base}\">\
         <script type=\"application/json\" id=\"sentinelops-config\">{config}</script><p>the page"
    );
    let headers = format!(
        "{base}*\n  Content-Security-Policy: {POLICY}\n  X-Content-Type-Options: nosniff\n\n\
         {base}assets/*\n  Cache-Control: {IMMUTABLE}\n\n{base}\n  Cache-Control: no-cache\n"
    );
    for (name, content) in [
        ("index.html", page.as_str()),
        ("404.html", &page),
        ("_headers", &headers),
        ("assets/app_bg-1.wasm", "the program, as it is"),
        ("assets/app_bg-1.wasm.br", "in brotli"),
        ("assets/app_bg-1.wasm.gz", "in gzip"),
        ("assets/app-1.js", "a script"),
        ("../secret", "the secret"),
    ] {
        std::fs::write(dist.join(name), content).expect("written");
    }
    folder
}

async fn start(folder: &Folder, more: &[&str]) -> Program {
    Program::start(&[&["--serve", &folder.path("dist")], more].concat()).await
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// `more` are further lines of the head.
async fn request(port: u16, method: &str, path: &str, more: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.parse().expect("a number"),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        body: body.to_owned(),
    }
}

async fn get(program: &Program, path: &str) -> Answer {
    request(program.port, "GET", path, "").await
}
