//! What outlives a connection.

use super::layout::Layout;
use super::outcome::Ended;
use super::{Event, Figures, NatsOptions};
use crate::{GatewayConfig, Now, Position};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tracing::warn;

pub(super) struct Session {
    pub options: NatsOptions,
    pub layout: Layout,
    pub name: Arc<str>,
    pub config: GatewayConfig,
    pub events: mpsc::Sender<Event>,
    pub figures: Arc<Figures>,
    pub position: Option<Position>,
    pub now: Box<dyn Fn() -> Now + Send + Sync>,
}

impl Session {
    pub(super) fn new(
        options: NatsOptions,
        name: Arc<str>,
        config: GatewayConfig,
        events: mpsc::Sender<Event>,
        figures: Arc<Figures>,
        now: impl Fn() -> Now + Send + Sync + 'static,
    ) -> Self {
        let layout = Layout::new(&options.namespace);
        let now = Box::new(now);
        Self { options, layout, name, config, events, figures, position: None, now }
    }

    /// Counts a message that no gateway wrote.
    pub(super) fn pass_over(&self, seq: u64, subject: &str) {
        if self.figures.foreign.fetch_add(1, Ordering::Relaxed) == 0 {
            let all = self.layout.all();
            warn!(
                "message {seq} of the log ({subject}) is no record and is passed over, as all that follow: only gateways \
                 may write to {all}"
            );
        }
    }

    pub(super) async fn send(&self, event: Event) -> Result<(), Ended> {
        self.events.send(event).await.map_err(|_| Ended)
    }
}
