//! The bytes of a socket, some at a time: a peer that sends without pause leaves the processor to the others, and one
//! that finishes no message is given up.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read before the other tasks have their turn.
const TURN: usize = 16 * 1024;
/// Bytes read after a close frame was sent. What comes behind them stays unread until the socket is dropped.
const CLOSING: usize = 256 * 1024;

/// A stream that is read in turns.
#[derive(Debug)]
pub(super) struct Paced<S> {
    inner: S,
    /// Read in this turn.
    turn: usize,
    /// May still be read.
    left: Left,
    /// Most bytes of one message, on the wire.
    most: usize,
}

#[derive(Debug)]
enum Left {
    /// So many bytes until a message has to be complete.
    Message(usize),
    /// So many bytes until nothing more is read.
    Closing(usize),
}

impl<S> Paced<S> {
    /// `most` bytes may be read for one message, frame headers included.
    pub(super) fn new(inner: S, most: usize) -> Self {
        Self { inner, turn: 0, left: Left::Message(most), most }
    }

    /// A message is complete.
    pub(super) fn message_done(&mut self) {
        if let Left::Message(left) = &mut self.left {
            *left = self.most;
        }
    }

    /// A close frame is sent: from here on only the answer to it matters.
    pub(super) fn close(&mut self) {
        self.left = Left::Closing(CLOSING);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.left {
            Left::Message(0) => {
                let text = format!("{} bytes and no whole message", self.most);
                return Poll::Ready(Err(io::Error::new(ErrorKind::FileTooLarge, text)));
            }
            // The caller has a timeout.
            Left::Closing(0) => return Poll::Pending,
            Left::Message(_) | Left::Closing(_) => {}
        }
        if self.turn >= TURN {
            self.turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let Poll::Ready(result) = Pin::new(&mut self.inner).poll_read(cx, buf) else {
            self.turn = 0;
            return Poll::Pending;
        };
        let read = buf.filled().len() - before;
        self.turn += read;
        let (Left::Message(left) | Left::Closing(left)) = &mut self.left;
        *left = left.saturating_sub(read);
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tokio::io::AsyncReadExt;

    /// Reads at once as much as it is given; how much, and how it ended.
    fn read_all(paced: &mut Paced<&[u8]>) -> (usize, Poll<io::Result<()>>) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut total = 0;
        loop {
            let mut room = [0; 1_024];
            let mut buf = ReadBuf::new(&mut room);
            let result = Pin::new(&mut *paced).poll_read(&mut cx, &mut buf);
            match result {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => total += buf.filled().len(),
                other => return (total, other),
            }
        }
    }

    #[test]
    fn others_have_their_turn_after_16_kib() {
        let bytes = vec![0; 40 * 1024];
        let mut paced = Paced::new(&bytes[..], usize::MAX);
        for expected in [16, 16, 8] {
            assert_eq!(read_all(&mut paced).0, expected * 1024);
        }
    }

    #[tokio::test]
    async fn a_message_that_does_not_end_is_an_error_and_one_that_ends_is_not() {
        let bytes = vec![0; 40 * 1024];
        let mut paced = Paced::new(&bytes[..], 20 * 1024);
        let mut room = vec![0; 10 * 1024];
        for _ in 0..2 {
            paced.read_exact(&mut room).await.expect("within the limit");
            paced.message_done();
        }
        let error = paced.read_to_end(&mut Vec::new()).await.expect_err("above the limit");
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::FileTooLarge, "20480 bytes and no whole message")
        );
    }

    #[test]
    fn after_a_close_frame_little_is_read_and_no_error_comes() {
        let bytes = vec![0; 2 * CLOSING];
        let mut paced = Paced::new(&bytes[..], 1_024);
        paced.close();
        let mut total = 0;
        loop {
            match read_all(&mut paced) {
                (0, Poll::Pending) => break,
                (read, Poll::Pending) => total += read,
                (_, end) => panic!("{end:?}"),
            }
        }
        assert_eq!(total, CLOSING);
    }
}
