//! The real programs: Debian's Prometheus scrapes a target of the test, its Alertmanager posts to the gateway.

use super::{Gateway, block, subscriber};
use crate::support::{Client, Folder};
use sentinelops_protocol::domain::{Alert, AlertChange};
use sentinelops_protocol::{Channel, Event, Payload, ServerMessage};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// For two programs that start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a program, or says how to get it.
fn start(name: &str, args: &[String]) -> Child {
    let child = Command::new(name)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    child.unwrap_or_else(|error| {
        panic!("{name} cannot be started ({error}): run `cargo xtask setup`, which installs it")
    })
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A request as it came, once its body is there.
async fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if bytes.len() >= end + 4 + length.unwrap_or(0) {
            return Some(bytes);
        }
    }
}

/// What Prometheus scrapes. Dropped, it is down.
struct Target {
    task: JoinHandle<()>,
    scrapes: watch::Receiver<u32>,
}

impl Target {
    async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("its port");
        let (count, scrapes) = watch::channel(0);
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                if request(&mut stream).await.is_some() {
                    let body = "checkout_orders_total 1\n";
                    let head =
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close";
                    let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    let _ = stream.write_all(answer.as_bytes()).await;
                    count.send_modify(|count| *count += 1);
                }
            }
        });
        Self { task, scrapes }
    }

    async fn scraped(&mut self, times: u32) {
        let found = tokio::time::timeout(PATIENCE, self.scrapes.wait_for(|count| *count >= times)).await;
        found.expect("Prometheus scrapes in time").expect("the target runs");
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Between Alertmanager and the gateway: notes when a body came, and may swallow it.
struct Proxy {
    address: SocketAddr,
    swallows: Arc<AtomicBool>,
    seen: watch::Receiver<Vec<Seen>>,
}

#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    is_firing: bool,
    /// `None`: the gateway was not there, or the body was swallowed.
    status: Option<u16>,
}

impl Proxy {
    async fn start(gateway: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let swallows = Arc::new(AtomicBool::new(false));
        let (note, seen) = watch::channel(Vec::new());
        let swallow = swallows.clone();
        tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let Some(bytes) = request(&mut stream).await else { continue };
                let at = Instant::now();
                let is_firing = String::from_utf8_lossy(&bytes).contains(r#""status":"firing""#);
                let answer = match swallow.load(Ordering::SeqCst) {
                    true => {
                        Some(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec())
                    }
                    false => forward(gateway, &bytes).await,
                };
                let status = answer.as_deref().and_then(|answer| {
                    String::from_utf8_lossy(answer).split(' ').nth(1).and_then(|status| status.parse().ok())
                });
                let status = status.filter(|_| !swallow.load(Ordering::SeqCst));
                let away = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer.as_deref().unwrap_or(away)).await;
                note.send_modify(|seen| seen.push(Seen { at, is_firing, status }));
            }
        });
        Self { address, swallows, seen }
    }

    /// The first request of this kind.
    async fn saw(&mut self, what: impl Fn(&Seen) -> bool) -> Seen {
        let seen = self.seen.wait_for(|seen| seen.iter().any(&what));
        let seen = tokio::time::timeout(PATIENCE, seen).await.expect("in time").expect("the proxy runs");
        seen.iter().find(|seen| what(seen)).expect("it was seen").clone()
    }
}

/// Sends a request on, as it came but for the end of the connection.
async fn forward(port: u16, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut gateway = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let line = bytes.windows(2).position(|two| two == b"\r\n")? + 2;
    let request = [&bytes[..line], b"Connection: close\r\n", &bytes[line..]].concat();
    gateway.write_all(&request).await.ok()?;
    let mut answer = Vec::new();
    gateway.read_to_end(&mut answer).await.ok()?;
    (!answer.is_empty()).then_some(answer)
}

struct Programs {
    _prometheus: Child,
    _alertmanager: Child,
}

impl Programs {
    fn start(folder: &Folder, target: u16, proxy: SocketAddr, alertmanager: u16, prometheus: u16) -> Self {
        let alertmanager_yml = block("yaml")
            .replace("http://127.0.0.1:3001/ingest/prometheus", &format!("http://{proxy}/ingest/am"))
            .replace("/etc/sentinelops/prometheus.token", &folder.path("token"))
            .replace("group_wait: 10s", "group_wait: 100ms")
            .replace("group_interval: 1m", "group_interval: 500ms");
        let rules = "groups:\n- name: test\n  rules:\n  - alert: TargetDown\n    expr: up == 0\n    for: 0s\n    \
            labels: {severity: critical, service: checkout}\n    annotations: {summary: '{{ $labels.instance }} is down', \
            runbook_url: 'https://example.org/rb'}\n";
        let prometheus_yml = format!(
            "global: {{scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms}}\nrule_files: [rules.yml]\n\
             alerting:\n  alertmanagers:\n  - static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]\nscrape_configs:\n\
             - job_name: app\n  static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        );
        for (name, text) in
            [("am.yml", &*alertmanager_yml), ("rules.yml", rules), ("prometheus.yml", &prometheus_yml)]
        {
            std::fs::write(folder.path(name), text).expect("written");
        }
        let flag = |name: &str, value: &str| format!("--{name}={value}");
        let alertmanager = start(
            "prometheus-alertmanager",
            &[
                flag("config.file", &folder.path("am.yml")),
                flag("storage.path", &folder.path("am")),
                flag("web.listen-address", &format!("127.0.0.1:{alertmanager}")),
                flag("cluster.listen-address", ""),
            ],
        );
        let prometheus = start(
            "prometheus",
            &[
                flag("config.file", &folder.path("prometheus.yml")),
                flag("storage.tsdb.path", &folder.path("prometheus")),
                flag("web.listen-address", &format!("127.0.0.1:{prometheus}")),
            ],
        );
        Self { _prometheus: prometheus, _alertmanager: alertmanager }
    }
}

async fn event(client: &mut Client, kind: &str) -> Event {
    let found = async {
        loop {
            if let ServerMessage::Event(event) = client.next().await
                && event.kind == kind
            {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{kind} in time"))
}

fn alert(event: &Event) -> &Alert {
    let Payload::Alert(alert) = &event.payload else { panic!("no alert: {event:?}") };
    alert
}

/// Events of this type in the store.
async fn stored(data: &str, kind: &str) -> usize {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"));
    let output = command.args(["records", data]).kill_on_drop(true).output().await.expect("it runs");
    String::from_utf8(output.stdout).expect("text").matches(&format!(r#""type":"{kind}""#)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn alert_of_a_real_prometheus_reaches_a_client_once_and_its_clear_is_found() {
    let (target_port, alertmanager, prometheus) = (free_port().await, free_port().await, free_port().await);
    let keys = format!("reconcile_url = \"http://127.0.0.1:{alertmanager}\"\nreconcile_every = \"1s\"");
    let mut gateway = Gateway::start("real", &keys).await;
    let mut proxy = Proxy::start(gateway.program.port).await;
    let mut target = Target::start(target_port).await;
    let programs = Programs::start(&gateway.folder, target_port, proxy.address, alertmanager, prometheus);
    target.scraped(2).await;

    // The target stops: alert and incident.
    let channels = [Channel::Incidents, Channel::Alerts];
    let mut client = subscriber(&gateway, &channels).await;
    drop(target);
    let created = event(&mut client, "incident.created").await;
    let raised = event(&mut client, "alert.raised").await;
    let arrived = Instant::now();
    let posted = proxy.saw(|seen| seen.is_firing).await;
    let took = arrived.saturating_duration_since(posted.at);
    println!("from Alertmanager's POST to the client's event: {} ms", took.as_millis());
    assert!(took <= Duration::from_secs(1), "{took:?}");
    let known = alert(&raised).clone();
    assert_eq!(known.title, format!("127.0.0.1:{target_port} is down"));
    assert_eq!((known.severity.as_str(), known.source.as_deref()), ("critical", Some("checkout")));
    let Payload::Incident(incident) = &created.payload else { panic!("no incident: {created:?}") };
    assert_eq!(known.incident_id.as_ref(), Some(&incident.incident_id));
    let extra = known.extra.expect("labels").as_str().to_owned();
    assert!(
        extra.contains(r#""alertname":"TargetDown""#) && extra.contains("https://example.org/rb"),
        "{extra}"
    );

    // It comes back: cleared and resolved.
    let target = Target::start(target_port).await;
    let cleared = event(&mut client, "alert.cleared").await;
    assert_eq!(alert(&cleared).id, known.id);
    let resolved = event(&mut client, "incident.resolved").await;
    assert!(matches!(&resolved.payload, Payload::Incident(over) if over.incident_id == incident.incident_id));

    // Else Alertmanager, which cannot send the clear any more, takes what comes for more of the same.
    proxy.saw(|seen| !seen.is_firing && seen.status == Some(200)).await;

    // The gateway is away while it stops again: the alert arrives after its return, once.
    gateway.kill().await;
    drop(target);
    let began = Instant::now();
    proxy.saw(|seen| seen.at > began && seen.is_firing && seen.status.is_none()).await;
    gateway.restart().await;
    proxy.saw(|seen| seen.at > began && seen.is_firing && seen.status == Some(200)).await;
    let raised = gateway.state("alerts").await;
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert_eq!(raised[0]["type"], "alert.raised");
    assert_eq!(
        stored(&gateway.folder.path("data"), "alert.raised").await,
        2,
        "one for each time it was down"
    );

    // Its clear is lost on the way: Alertmanager, asked, says that nothing fires.
    let mut client = subscriber(&gateway, &channels).await;
    proxy.swallows.store(true, Ordering::SeqCst);
    let began = Instant::now();
    let target = Target::start(target_port).await;
    let cleared = event(&mut client, "alert.cleared").await;
    assert_eq!(
        (alert(&cleared).id.as_str(), alert(&cleared).change),
        (known.id.as_str(), AlertChange::Cleared)
    );
    event(&mut client, "incident.resolved").await;
    let lost = proxy.saw(|seen| seen.at > began && !seen.is_firing).await;
    assert_eq!(lost.status, None, "the webhook's clear did not come through");
    drop((programs, target));
}

/// The files and commands of the README, on free ports.
#[tokio::test]
async fn alert_of_amtool_reaches_a_client_with_the_files_of_the_readme() {
    let port = free_port().await.to_string();
    let local = |text: &str| text.replace("9093", &port);
    let settings = local(include_str!("../../../../../examples/alertmanager/gateway.toml"));
    let gateway = Gateway::with("readme", &settings, &[]).await;
    let config = local(include_str!("../../../../../examples/alertmanager/alertmanager.yml"))
        .replace("127.0.0.1:3001", &format!("127.0.0.1:{}", gateway.program.port));
    std::fs::write(gateway.folder.path("am.yml"), config).expect("written");
    let mut client = subscriber(&gateway, &[Channel::Incidents, Channel::Alerts]).await;
    let readme = include_str!("../../../../../README.md");
    let command = |name: &str| {
        let line = readme.lines().find(|line| line.starts_with(&format!("{name} "))).expect("a command");
        let line = local(line)
            .replace("examples/alertmanager/alertmanager.yml", &gateway.folder.path("am.yml"))
            .replace("target/alertmanager", &gateway.folder.path("am"));
        format!("exec {line}")
    };
    let mut alertmanager = command("prometheus-alertmanager");
    alertmanager += &format!(" --web.listen-address=127.0.0.1:{port}");
    let _alertmanager = start("sh", &["-c".to_owned(), alertmanager]);
    let sent = async {
        while !start("sh", &["-c".to_owned(), command("amtool")])
            .wait()
            .await
            .is_ok_and(|status| status.success())
        {}
    };
    tokio::time::timeout(PATIENCE, sent).await.expect("Alertmanager takes the alert in time");
    let raised = event(&mut client, "alert.raised").await;
    let raised = alert(&raised);
    assert_eq!((raised.title.as_str(), raised.severity.as_str()), ("The disk of db1 is full", "critical"));
    assert!(raised.incident_id.is_some());
}
