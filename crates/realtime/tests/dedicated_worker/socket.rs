//! The worker's shell and its socket, in a real dedicated worker, against a real gateway.
//!
//! The runner serves the package's directory; `cargo xtask test wasm` starts a gateway and leaves
//! its address in `target/test-gateway.json`.

use crate::surroundings;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt, pin_mut};
use gloo::timers::future::TimeoutFuture;
use sentinelops_engine::tabs::Role;
use sentinelops_engine::{
    ConnectionState, Delivery, DeliveryState, EngineOptions, Generation, Hint, SendRequest, SocketEvent,
    StorageState, Trace,
};
use sentinelops_protocol::{Channel, Json, Priority, Subject};
use sentinelops_realtime::bridge::{FromWorker, Init, SignOut, ToWorker};
use sentinelops_realtime::worker::shell::Shell;
use sentinelops_realtime::worker::socket::{Socket, SocketListener};
use std::rc::Rc;
use wasm_bindgen_test::*;

/// Longer than anything here takes, shorter than the runner's patience.
const PATIENCE_MS: u32 = 10_000;

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    pin_mut!(future);
    match select(future, TimeoutFuture::new(PATIENCE_MS)).await {
        Either::Left((value, _)) => value,
        Either::Right(_) => panic!("{what}: nothing within {PATIENCE_MS} ms"),
    }
}

/// An event of a socket, without borrows.
#[derive(Debug, PartialEq)]
enum Received {
    Opened,
    Text(String),
    Binary(String),
    Closed(u16),
}

fn open(url: &str) -> (Result<Socket, String>, UnboundedReceiver<Received>) {
    let (send, received) = unbounded();
    let listener: SocketListener = Rc::new(move |generation: Generation, event: SocketEvent<'_>| {
        assert_eq!(generation, Generation(4));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let received = match event {
            SocketEvent::Opened => Received::Opened,
            SocketEvent::Frame { bytes, binary: false } => Received::Text(text(bytes)),
            SocketEvent::Frame { bytes, binary: true } => Received::Binary(text(bytes)),
            SocketEvent::Closed { code, .. } => Received::Closed(code),
            SocketEvent::Protocol(_) | SocketEvent::Buffered(_) | SocketEvent::Refused { .. } => {
                unreachable!()
            }
        };
        send.unbounded_send(received).unwrap();
    });
    (Socket::open(Generation(4), url, &[], &listener), received)
}

const HELLO: &str = r#"{"id":"01H","type":"hello","channel":"system","payload":{"protocol":1,"client":"test","session":"socket-test","term":1},"timestamp":0,"priority":"normal"}"#;

#[wasm_bindgen_test]
async fn a_socket_opens_speaks_and_closes() {
    let Some(url) = surroundings::gateway(None).await else { return };
    let (socket, mut received) = open(&url);
    let socket = socket.unwrap();
    assert_eq!(in_time("opened", received.next()).await, Some(Received::Opened));
    socket.send(HELLO, true);
    match in_time("welcome", received.next()).await {
        Some(Received::Binary(text) | Received::Text(text)) => assert!(text.contains("welcome"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(socket.buffered(), 0);
    socket.abandon(4000, "over");
    TimeoutFuture::new(200).await;
    assert!(
        received.try_recv().map_or(true, |received| !matches!(received, Received::Closed(_))),
        "abandoned"
    );
}

#[wasm_bindgen_test]
async fn nobody_there_is_1006() {
    // Port 1 of this machine: nobody listens.
    let (socket, mut received) = open("ws://127.0.0.1:1/");
    let _socket = socket.unwrap();
    assert_eq!(in_time("closed", received.next()).await, Some(Received::Closed(1006)));
}

#[wasm_bindgen_test]
fn a_refused_url_is_named_without_its_query() {
    let (socket, _) = open("ftp://nowhere/?token=secret");
    let reason = socket.err().unwrap();
    assert!(reason.contains("ftp://nowhere/") && !reason.contains("secret"), "{reason}");
}

/// A shell and the page's end of it.
struct Page {
    shell: Shell,
    inbox: UnboundedReceiver<FromWorker>,
    deliveries: std::collections::VecDeque<Delivery>,
}

impl Page {
    fn new(url: &str, scope: &str) -> Self {
        let (send, inbox) = unbounded();
        let reply = Rc::new(move |message| {
            let _ = send.unbounded_send(message);
        });
        let page = Self { shell: Shell::new(reply), inbox, deliveries: Default::default() };
        let mut engine = EngineOptions::default();
        engine.connection.url = url.to_owned();
        engine.session = scope.to_owned();
        engine.client = "test".to_owned();
        engine.tab = "tab".to_owned();
        page.tell(ToWorker::Init(Box::new(Init {
            engine,
            scope: scope.to_owned(),
            page: "tab".to_owned(),
            auto_connect: true,
            visible: true,
        })));
        page
    }

    fn tell(&self, message: ToWorker) {
        self.shell.handle(message);
    }

    async fn message(&mut self) -> FromWorker {
        let message = in_time("message", self.inbox.next()).await.unwrap();
        self.take(&message);
        message
    }

    /// A batch is taken, so that the next one comes.
    fn take(&mut self, message: &FromWorker) {
        if let FromWorker::Batch(batch) = message {
            self.shell.handle(ToWorker::Credit(batch.number));
            self.deliveries.extend(batch.items.iter().cloned());
        }
    }

    /// The next delivery that fits; everything before it is let go.
    async fn until<T>(&mut self, what: &str, fits: impl Fn(&Delivery) -> Option<T>) -> T {
        let find = async {
            loop {
                while let Some(delivery) = self.deliveries.pop_front() {
                    if let Some(found) = fits(&delivery) {
                        return found;
                    }
                }
                if let Some(message) = self.inbox.next().await {
                    self.take(&message);
                }
            }
        };
        in_time(what, find).await
    }

    async fn state(&mut self, wanted: ConnectionState) {
        let what = format!("{wanted:?}");
        self.until(&what, |delivery| match delivery {
            Delivery::Status(status) if status.state == wanted => Some(()),
            _ => None,
        })
        .await;
    }
}

fn scope(test: &str) -> String {
    format!("{test} {}", js_sys::Math::random())
}

#[wasm_bindgen_test]
async fn before_init_only_beats_are_answered() {
    let (send, mut inbox) = unbounded();
    let shell = Shell::new(Rc::new(move |message| send.unbounded_send(message).unwrap()));
    shell.handle(ToWorker::Connect);
    shell.handle(ToWorker::Credit(1));
    shell.handle(ToWorker::Heartbeat(5));
    assert_eq!(inbox.next().now_or_never().flatten(), Some(FromWorker::Heartbeat(5)));
}

#[wasm_bindgen_test]
async fn dials_are_told_to_a_page_that_looks_at_nothing() {
    let mut page = Page::new("ws://127.0.0.1:1/", &scope("traces"));
    let planned = |trace: &Trace| matches!(trace, Trace::Backoff { attempt: 1, .. });
    let changed = |trace: &Trace| matches!(trace, Trace::State { to: ConnectionState::Reconnecting, .. });
    let (mut dials, mut changes) = (0, 0);
    while dials == 0 || changes == 0 {
        if let FromWorker::Traces(traces) = page.message().await {
            dials += traces.iter().filter(|trace| planned(trace)).count();
            changes += traces.iter().filter(|trace| changed(trace)).count();
        }
    }
    assert_eq!((dials, changes), (1, 1));
}

#[wasm_bindgen_test]
async fn incidents_arrive_and_a_message_is_delivered() {
    let Some(url) = surroundings::gateway(None).await else { return };
    let mut page = Page::new(&url, &scope("live"));
    assert_eq!(page.message().await, FromWorker::Ready);
    while page.message().await != FromWorker::Role(Role::Leader) {}
    page.state(ConnectionState::Connected).await;

    page.tell(ToWorker::Subscribe(Subject::channel(Channel::Incidents)));
    let items = page
        .until("a snapshot", |delivery| match delivery {
            Delivery::Snapshot(snapshot) => Some(snapshot.items.len()),
            _ => None,
        })
        .await;
    console_log!("a snapshot of {items} incidents");

    let text = r#"{"id":"01HTEST","conversationId":"c","senderId":"me","content":"hi","timestamp":1}"#;
    let payload = Json::parse(text).unwrap();
    page.tell(ToWorker::Send(vec![SendRequest::new(
        "01HTESTTESTTESTTESTTESTTES",
        "chat.message",
        Channel::Chat,
        payload,
    )]));
    let last = page
        .until("a final state", |delivery| match delivery {
            Delivery::Message(update) if update.delivery.is_final() => Some(update.delivery.clone()),
            _ => None,
        })
        .await;
    assert_eq!(last, DeliveryState::Delivered);
}

#[wasm_bindgen_test]
async fn a_page_put_away_holds_no_socket_and_dials_when_it_is_back() {
    let Some(url) = surroundings::gateway(None).await else { return };
    let mut page = Page::new(&url, &scope("away"));
    page.state(ConnectionState::Connected).await;
    page.tell(ToWorker::PageHide);
    page.state(ConnectionState::Disconnected).await;
    // Longer than the first delay: an engine would have dialled.
    TimeoutFuture::new(3_000).await;
    page.tell(ToWorker::Hint(Hint::PageShow));
    page.state(ConnectionState::Connected).await;
}

#[wasm_bindgen_test]
async fn what_is_sent_offline_outlives_the_worker() {
    let nobody = "ws://127.0.0.1:1/";
    let scope = scope("outlives");
    let payload = Json::parse(r#"{"conversationId":"c"}"#).unwrap();
    let request = |id: &str| SendRequest {
        priority: Priority::High,
        ..SendRequest::new(id, "chat.message", Channel::Chat, payload.clone())
    };
    let mut page = Page::new(nobody, &scope);
    page.tell(ToWorker::Send(vec![request("one"), request("two")]));
    for id in ["one", "two"] {
        page.until("durable", |delivery| match delivery {
            Delivery::Message(update)
                if update.id == id && update.durability == sentinelops_engine::Durability::Durable =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
    }
    drop(page);

    let mut page = Page::new(nobody, &scope);
    let queued = page
        .until("the rows", |delivery| match delivery {
            Delivery::Status(status) if status.storage == StorageState::Durable => Some(status.queued),
            _ => None,
        })
        .await;
    assert_eq!(queued, [0, 2, 0, 0]);

    page.tell(ToWorker::SignOut(SignOut::Wipe));
    let ended = async { while page.inbox.next().await != Some(FromWorker::SignedOut { left: false }) {} };
    in_time("signed out", ended).await;
    let mut page = Page::new(nobody, &scope);
    let queued = page
        .until("an empty store", |delivery| match delivery {
            Delivery::Status(status) if status.storage == StorageState::Durable => Some(status.queued),
            _ => None,
        })
        .await;
    assert_eq!(queued, [0; 4]);
}
