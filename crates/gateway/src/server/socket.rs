//! One WebSocket: one task that reads and writes, no policy.

use super::hub::{Input, Link, Write};
use super::log::TraceId;
use crate::Token;
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sentinelops_protocol::close;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// A frame that breaks the rules of WebSocket itself.
const PROTOCOL_ERROR: u16 = 1002;
/// How long the other end gets to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// How long a single write may take before the socket is given up.
const WRITE_WAIT: Duration = Duration::from_secs(20);
/// Read buffer, and longest frame written: a longer message is sent in fragments, because the buffer for writing keeps
/// the size of the longest frame.
const BUFFER: usize = 4 * 1024;

/// A socket that has been upgraded.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Who opened it.
pub(super) struct Opened {
    pub user: String,
    /// The token of the URL.
    pub token: Option<Token>,
    /// Where from, for the log.
    pub from: String,
    /// The trace that its request belongs to, for the log.
    pub trace: Option<TraceId>,
}

pub(super) async fn open(upgraded: Upgraded, max_message_bytes: usize) -> Socket {
    // The core refuses what is above the limit and says which message it was; what is far above it
    // is never held in memory.
    let limit = Some(max_message_bytes.saturating_mul(4));
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(limit)
        .max_frame_size(limit);
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// Closes a socket that was accepted for nothing else: so that a browser gets to see code and reason.
pub(super) async fn refuse(mut socket: Socket, code: u16, reason: String) {
    close(&mut socket, code, reason).await;
}

pub(super) async fn serve(mut socket: Socket, opened: Opened, hub: mpsc::Sender<Input>, low_water: usize) {
    let link = Arc::new(Link::new(opened.trace));
    let (reply, conn) = oneshot::channel();
    if hub.send(Input::Connect { opened, link: link.clone(), reply }).await.is_err() {
        return;
    }
    let Ok(conn) = conn.await else { return };
    'serving: loop {
        let message = tokio::select! {
            message = socket.next() => message,
            () = link.wait() => {
                for write in link.take() {
                    let (bytes, binary) = match write {
                        Write::Frame { bytes, binary } => (bytes, binary),
                        Write::Close { code, reason } => {
                            close(&mut socket, code, reason).await;
                            break 'serving;
                        }
                    };
                    let length = bytes.len();
                    match tokio::time::timeout(WRITE_WAIT, write_message(&mut socket, bytes, binary)).await {
                        Ok(Ok(())) => {}
                        _ => break 'serving,
                    }
                    if link.written(length, low_water) && hub.send(Input::Relieved { conn }).await.is_err() {
                        break 'serving;
                    }
                }
                continue;
            }
        };
        let bytes = match message {
            Some(Ok(message @ (Message::Binary(_) | Message::Text(_)))) => message.into_data(),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(_))) => {
                // The answer is ready and leaves with the next write: without it the other end would see a failure.
                let _ = tokio::time::timeout(CLOSE_WAIT, socket.flush()).await;
                break;
            }
            None => break,
            Some(Err(error)) => {
                if let Some((code, reason)) = blame(&error) {
                    // The rest of an oversized message is not read.
                    close(&mut socket, code, reason).await;
                }
                break;
            }
        };
        if hub.send(Input::Frame { conn, bytes }).await.is_err() {
            break;
        }
    }
    let _ = hub.send(Input::Gone { conn }).await;
}

async fn write_message(socket: &mut Socket, mut bytes: Vec<u8>, binary: bool) -> Result<(), Error> {
    let mut kind = if binary { Data::Binary } else { Data::Text };
    while bytes.len() > BUFFER {
        let rest = bytes.split_off(BUFFER);
        socket.feed(Message::Frame(Frame::message(bytes, OpCode::Data(kind), false))).await?;
        (bytes, kind) = (rest, Data::Continue);
    }
    socket.send(Message::Frame(Frame::message(bytes, OpCode::Data(kind), true))).await
}

/// Sends a close frame and waits until the other end has answered.
async fn close(socket: &mut Socket, code: u16, reason: String) {
    // A close without a code is what browsers call 1005.
    let frame = (code != close::NO_STATUS).then(|| CloseFrame { code: code.into(), reason: reason.into() });
    let closing = async {
        socket.send(Message::Close(frame)).await?;
        while let Some(message) = socket.next().await {
            message?;
        }
        Ok::<(), Error>(())
    };
    let _ = tokio::time::timeout(CLOSE_WAIT, closing).await;
}

/// What the WebSocket layer refused by itself, as far as the other end should know.
fn blame(error: &Error) -> Option<(u16, String)> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Some((close::TOO_BIG, "message too big".to_owned()))
        }
        Error::Utf8(_) => Some((close::INVALID_DATA, "text that is not UTF-8".to_owned())),
        // Without a handshake: the other end reads nothing any more.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some((PROTOCOL_ERROR, error.to_string())),
        _ => None,
    }
}
