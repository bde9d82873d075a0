//! One WebSocket: one task that reads and writes, no policy.

use super::input::{Input, Link, Opened, Write};
use super::paced::Paced;
use futures::{SinkExt, StreamExt};
use sentinelops_protocol::close;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
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

/// Frames of one connection that may wait for the hub. What comes behind them is not read: a flood waits for itself.
const FRAMES: usize = 2;

/// A socket that has been upgraded. In a box: what moves through the futures of a connection is held by each of them.
pub(super) type Socket<S> = Box<WebSocketStream<Paced<S>>>;

/// What a socket reads from and writes to.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

pub(super) async fn open<S: Stream>(stream: S, max_message_bytes: usize) -> Socket<S> {
    // The core refuses what is above the limit and says which message it was; what is far above it
    // is never held in memory. A quarter more is for the headers of fragments.
    let limit = Some(max_message_bytes.saturating_mul(4));
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(limit)
        .max_frame_size(limit);
    let most = max_message_bytes.saturating_mul(5);
    let stream = Paced::new(stream, most);
    Box::new(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
}

/// Closes a socket that was accepted for nothing else: so that a browser gets to see code and reason.
pub(super) async fn refuse<S: Stream>(mut socket: Socket<S>, code: u16, reason: String) {
    close(&mut socket, code, reason).await;
}

pub(super) async fn serve<S: Stream>(
    mut socket: Socket<S>,
    opened: Box<Opened>,
    hub: mpsc::Sender<Input>,
    low_water: usize,
) {
    let link = Arc::new(Link::new(opened.trace));
    let (reply, conn) = oneshot::channel();
    if hub.send(Input::Connect { opened, link: link.clone(), reply }).await.is_err() {
        return;
    }
    let Ok(conn) = conn.await else { return };
    'serving: loop {
        let message = tokio::select! {
            message = socket.next(), if link.waiting_frames() < FRAMES => message,
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
            Some(Ok(message @ (Message::Binary(_) | Message::Text(_)))) => {
                socket.get_mut().message_done();
                message.into_data()
            }
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
        link.frame_waits();
        if hub.send(Input::Frame { conn, bytes }).await.is_err() {
            break;
        }
    }
    let _ = hub.send(Input::Gone { conn }).await;
}

async fn write_message<S: Stream>(
    socket: &mut Socket<S>,
    mut bytes: Vec<u8>,
    binary: bool,
) -> Result<(), Error> {
    let mut kind = if binary { Data::Binary } else { Data::Text };
    while bytes.len() > BUFFER {
        let rest = bytes.split_off(BUFFER);
        socket.feed(Message::Frame(Frame::message(bytes, OpCode::Data(kind), false))).await?;
        (bytes, kind) = (rest, Data::Continue);
    }
    socket.send(Message::Frame(Frame::message(bytes, OpCode::Data(kind), true))).await
}

/// Sends a close frame and waits until the other end has answered.
async fn close<S: Stream>(socket: &mut Socket<S>, code: u16, reason: String) {
    // A close without a code is what browsers call 1005.
    let frame = (code != close::NO_STATUS).then(|| CloseFrame { code: code.into(), reason: reason.into() });
    let closing = async {
        socket.send(Message::Close(frame)).await?;
        socket.get_mut().close();
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
        // Fragments or pings in any number, and no end of a message.
        Error::Io(error) if error.kind() == ErrorKind::FileTooLarge => {
            Some((close::TOO_BIG, error.to_string()))
        }
        Error::Utf8(_) => Some((close::INVALID_DATA, "text that is not UTF-8".to_owned())),
        // Without a handshake: the other end reads nothing any more.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some((PROTOCOL_ERROR, error.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnId;
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::task::{spawn, yield_now};

    /// Lets everything happen that can happen.
    async fn settle() {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn behind_two_frames_that_wait_for_the_hub_nothing_more_is_read() {
        let (mut peer, stream) = duplex(64 * 1024);
        let (inputs, mut hub) = mpsc::channel(16);
        let opened = Opened { user: "u".to_owned(), token: None, from: String::new(), trace: None };
        let socket = open(stream, 1_024).await;
        spawn(async move { serve(socket, Box::new(opened), inputs, 0).await });
        let Some(Input::Connect { link, reply, .. }) = hub.recv().await else { panic!("no connection") };
        reply.send(ConnId(1)).expect("it waits");
        // Masked with zeros.
        let frame = [0x82, 0x80 | 2, 0, 0, 0, 0, b'{', b'}'];
        peer.write_all(&frame.repeat(5)).await.expect("written");
        for waiting in 2..=5 {
            settle().await;
            assert_eq!(hub.len(), waiting);
            link.frame_taken();
        }
    }
}
