//! The least a server does that `gateway load` can measure: axum, a WebSocket, and a broadcast of what comes in. Nothing
//! is checked, counted by user, remembered or kept.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, error::RecvError};

/// Events that may wait for a connection.
const WAITING: usize = 65_536;
const WELCOME: &str = r#"{"type":"welcome","channel":"system","payload":{"protocol":1,"session":"s","user":"u","now":0,"maxMessageBytes":65536,"maxInFlight":64,"reconnectWindowMs":0}}"#;

/// What it does wrong, for tests of who measures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Every message whose number (from 1) divides by this is acked and passed on to nobody.
    Loses(u64),
    /// It is passed on twice.
    Doubles(u64),
    /// It is passed on after the one behind it.
    Delays(u64),
    /// It is passed on, and never acked.
    Ignores(u64),
    /// At this message every connection is closed.
    Breaks(u64),
}

struct Hub {
    fault: Fault,
    events: broadcast::Sender<Bytes>,
    state: Mutex<Numbers>,
}

#[derive(Default)]
struct Numbers {
    seq: u64,
    delayed: Option<Bytes>,
}

/// Serves for ever.
pub async fn serve(listener: TcpListener, fault: Fault) {
    let hub = Hub { fault, events: broadcast::channel(WAITING).0, state: Mutex::default() };
    let router = Router::new().fallback(get(upgrade)).with_state(Arc::new(hub));
    let served = axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true)));
    axum::serve(served, router).await.expect("served");
}

async fn upgrade(State(hub): State<Arc<Hub>>, upgrade: WebSocketUpgrade) -> Response {
    // As the gateway does: the buffers of thousands of connections are small.
    upgrade.read_buffer_size(4_096).write_buffer_size(0).on_upgrade(|socket| talk(socket, hub))
}

/// Until either end has had enough.
async fn talk(mut socket: WebSocket, hub: Arc<Hub>) -> () {
    let mut events = None;
    loop {
        let frame = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Binary(bytes))) => hub.answer(&bytes, &mut events),
                Some(Ok(Message::Text(text))) => hub.answer(text.as_bytes(), &mut events),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            event = next(&mut events) => match event {
                Ok(event) if event.is_empty() => return,
                Ok(event) => Some(event),
                Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return,
            },
        };
        if let Some(frame) = frame
            && socket.send(Message::Binary(frame)).await.is_err()
        {
            return;
        }
    }
}

async fn next(events: &mut Option<broadcast::Receiver<Bytes>>) -> Result<Bytes, RecvError> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}

impl Hub {
    fn answer(&self, bytes: &[u8], events: &mut Option<broadcast::Receiver<Bytes>>) -> Option<Bytes> {
        let text = std::str::from_utf8(bytes).expect("text");
        if text.starts_with(r#"{"type":"hello""#) {
            return Some(Bytes::from_static(WELCOME.as_bytes()));
        }
        if text.starts_with(r#"{"type":"subscribe""#) {
            let numbers = self.state.lock().expect("no panic");
            *events = Some(self.events.subscribe());
            let about = format!(r#""channel":"chat","epoch":"e","seq":{}"#, numbers.seq);
            return Some(Bytes::from(format!(
                r#"[{{"type":"subscribed","channel":"system","payload":{{{about},"continuity":"snapshot"}}}},{{"type":"snapshot","channel":"system","payload":{{{about},"part":0,"last":true,"items":[]}}}}]"#
            )));
        }
        let (id, rest) = text.strip_prefix(r#"{"id":""#)?.split_once('"')?;
        let (payload, _) = rest.split_once(r#""payload":{"#)?.1.split_once('}')?;
        self.publish(id, payload).then(|| {
            Bytes::from(format!(r#"{{"type":"ack","channel":"system","payload":{{"ids":["{id}"]}}}}"#))
        })
    }

    /// Whether it is acked.
    fn publish(&self, id: &str, payload: &str) -> bool {
        let mut numbers = self.state.lock().expect("no panic");
        let prev = numbers.seq;
        numbers.seq += 1;
        let seq = numbers.seq;
        let event = Bytes::from(format!(
            r#"{{"id":"e{seq}","type":"chat.message","channel":"chat","payload":{{"id":"{id}",{payload},"senderId":"u","timestamp":0}},"timestamp":0,"seq":{seq},"prev":{prev},"cause":"{id}"}}"#
        ));
        // It fails where nobody subscribes.
        let send = |event: Bytes| drop(self.events.send(event));
        match self.fault {
            Fault::Loses(every) if seq.is_multiple_of(every) => return true,
            Fault::Delays(every) if seq.is_multiple_of(every) => {
                numbers.delayed = Some(event);
                return true;
            }
            Fault::Breaks(every) if seq.is_multiple_of(every) => send(Bytes::new()),
            Fault::Doubles(every) if seq.is_multiple_of(every) => {
                send(event.clone());
                send(event);
            }
            _ => send(event),
        }
        numbers.delayed.take().map(send);
        !matches!(self.fault, Fault::Ignores(every) if seq.is_multiple_of(every))
    }
}
