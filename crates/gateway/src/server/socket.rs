//! One WebSocket: a task that reads, a task that writes, no policy.

use super::hub::{Input, Link, Load, Write};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{SinkExt, StreamExt};
use sentinelops_protocol::close;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A frame that breaks the rules of WebSocket itself.
const PROTOCOL_ERROR: u16 = 1002;
/// How long the other end gets to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// How long a single write may take before the socket is given up.
const WRITE_WAIT: Duration = Duration::from_secs(60);

pub(super) async fn serve(socket: WebSocket, user: String, hub: mpsc::Sender<Input>, low_water: usize) {
    let (writes, frames) = mpsc::unbounded_channel();
    let load = Arc::new(Load::default());
    let link = Link { writes: writes.clone(), load: load.clone() };
    let (reply, conn) = oneshot::channel();
    if hub.send(Input::Connect { user, link, reply }).await.is_err() {
        return;
    }
    let Ok(conn) = conn.await else { return };
    let (mut sink, mut stream) = socket.split();

    let relieved = hub.clone();
    let mut writer = tokio::spawn(async move {
        let mut frames = frames;
        while let Some(write) = frames.recv().await {
            let (message, bytes) = match write {
                Write::Frame { bytes, binary: true } => {
                    let length = bytes.len();
                    (Message::Binary(bytes.into()), length)
                }
                Write::Frame { bytes, binary: false } => {
                    let length = bytes.len();
                    (Message::Text(String::from_utf8_lossy(&bytes).into_owned().into()), length)
                }
                Write::Close { code, reason } => {
                    // A close without a code is what browsers call 1005.
                    let frame =
                        (code != close::NO_STATUS).then(|| CloseFrame { code, reason: reason.into() });
                    let closing = sink.send(Message::Close(frame));
                    let _ = tokio::time::timeout(CLOSE_WAIT, closing).await;
                    // The reader ends when the other end has answered.
                    tokio::time::sleep(CLOSE_WAIT).await;
                    return;
                }
            };
            match tokio::time::timeout(WRITE_WAIT, sink.send(message)).await {
                Ok(Ok(())) => {}
                _ => return,
            }
            if load.written(bytes, low_water) && relieved.send(Input::Relieved { conn }).await.is_err() {
                return;
            }
        }
    });

    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            // Written out, timed out or broken: nothing more can be said here.
            _ = &mut writer => break,
        };
        let bytes = match message {
            Some(Ok(Message::Binary(bytes))) => Vec::from(bytes),
            Some(Ok(Message::Text(text))) => text.as_bytes().to_vec(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) | None => break,
            Some(Err(error)) => {
                if let Some((code, reason)) = blame(&error) {
                    let _ = writes.send(Write::Close { code, reason });
                    // Until the writer is done; the rest of the oversized message is not read.
                    let _ = (&mut writer).await;
                }
                break;
            }
        };
        if hub.send(Input::Frame { conn, bytes }).await.is_err() {
            break;
        }
    }
    let _ = hub.send(Input::Gone { conn }).await;
    writer.abort();
}

/// What the WebSocket layer refused by itself, as far as the other end should know.
fn blame(error: &axum::Error) -> Option<(u16, String)> {
    let text = error.to_string();
    if text.contains("Space limit exceeded") || text.contains("too long") || text.contains("too big") {
        Some((close::TOO_BIG, "message too big".to_owned()))
    } else if text.contains("UTF-8") || text.contains("utf-8") {
        Some((close::INVALID_DATA, "text that is not UTF-8".to_owned()))
    } else if text.contains("Connection reset") {
        // Without a handshake: the other end reads nothing any more.
        None
    } else if let Some((_, what)) = text.split_once("WebSocket protocol error: ") {
        Some((PROTOCOL_ERROR, what.to_owned()))
    } else {
        None
    }
}
