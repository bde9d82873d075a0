//! A client without a WebSocket library: sends any bytes.

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const WAIT: Duration = Duration::from_secs(20);

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const PING: u8 = 9;
pub const LAST: u8 = 0x80;

pub struct Raw {
    pub stream: TcpStream,
}

impl Raw {
    pub async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        Self::upgrade(stream, "").await
    }

    /// Connected and welcomed.
    pub async fn greeted(port: u16, session: &str) -> Self {
        let mut raw = Self::connect(port).await;
        raw.hello(session).await;
        let (opcode, payload) = read_frame(&mut raw.stream).await.expect("an answer");
        let text = String::from_utf8_lossy(&payload);
        assert!(opcode == BINARY && text.contains("\"welcome\""), "{text}");
        raw
    }

    /// Subscribed to all chat, with a small buffer that nobody reads.
    pub async fn stalled(port: u16) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        let stream = socket.connect(([127, 0, 0, 1], port).into()).await.expect("a connection");
        let mut raw = Self::upgrade(stream, "").await;
        raw.hello("slow").await;
        let subscribe =
            r#"{"type":"subscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#;
        raw.write(&frame(LAST | TEXT, subscribe.as_bytes())).await;
        raw
    }

    pub async fn upgrade(mut stream: TcpStream, headers: &str) -> Self {
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{headers}\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self { stream }
    }

    pub async fn hello(&mut self, session: &str) {
        let hello = format!(
            r#"{{"type":"hello","channel":"system","payload":{{"protocol":1,"client":"t","session":"{session}","term":1}}}}"#
        );
        self.write(&frame(LAST | TEXT, hello.as_bytes())).await;
    }

    /// Bytes the server may refuse to read to the end.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The code of the close frame; frames before it are passed over. `None` if the connection ends without one.
    pub async fn close_code(&mut self) -> Option<u16> {
        tokio::time::timeout(WAIT, read_close(&mut self.stream)).await.expect("in time").ok()
    }
}

/// The code of the close frame; frames before it are passed over.
pub async fn read_close(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<u16> {
    loop {
        let (opcode, payload) = read_frame(stream).await?;
        if opcode == 8 {
            return Ok(u16::from_be_bytes([payload[0], payload[1]]));
        }
    }
}

/// Opcode and payload of the next frame.
async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(u8, Vec<u8>)> {
    let opcode = stream.read_u8().await? & 0x0f;
    let length = match stream.read_u8().await? & 0x7f {
        126 => usize::from(stream.read_u16().await?),
        127 => usize::try_from(stream.read_u64().await?).expect("a length"),
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    Ok((opcode, payload))
}

/// A masked frame; a mask of zeros leaves the payload as it is.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | u8::try_from(length).expect("short")),
        126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(length).expect("medium").to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}
