//! The way to a server, which a test can cut.

use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    /// Connections are reset, and new ones end at once.
    Broken,
    /// Nothing arrives any more, and nobody is told. Connections of that time end when the way is open again.
    Silent,
}

/// A port of this machine that leads to another one.
pub struct Relay {
    pub port: u16,
    way: Arc<watch::Sender<Way>>,
}

impl Relay {
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let way = Arc::new(watch::Sender::new(Way::Open));
        let ways = way.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, to, ways.subscribe()));
            }
        });
        Self { port, way }
    }

    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

/// Until one of the two ends it, or the way changes.
async fn carry(mut near: TcpStream, to: u16, mut way: watch::Receiver<Way>) {
    let (mut broken, mut silent) = (way.clone(), way.clone());
    if *way.borrow() == Way::Open
        && let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await
    {
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => {}
            _ = broken.wait_for(|way| *way == Way::Broken) => {}
            _ = silent.wait_for(|way| *way == Way::Silent) => {}
        }
    }
    // A connection of a silent time stays as it is, and ends after it.
    let _ = way.wait_for(|way| *way != Way::Silent).await;
}
