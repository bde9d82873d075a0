//! The hub and the log of many gateways.

use super::{Hub, RETRY_AFTER_MS, ROUND};
use crate::Now;
use crate::nats::{Event, Gateway};
use crate::store::Failure;
use std::time::Instant;
use tracing::{info, warn};

impl Hub {
    /// Returns when what was published at the start has come back.
    pub(super) async fn begin_shared(&mut self) -> Result<(), Failure> {
        while self.gateway.waiting() > 0
            && let Some(nats) = &mut self.nats
        {
            let event = nats.events.recv().await;
            let event = event.unwrap_or_else(Event::ended);
            self.take_logged(self.clock.now(), event, Instant::now())?;
        }
        Ok(())
    }

    /// What the log says, with what it has said since.
    pub(super) fn take_logged(&mut self, now: Now, first: Event, began: Instant) -> Result<(), Failure> {
        let mut next = Some(first);
        while let Some(event) = next {
            self.log_says(now, event)?;
            let nats = self.nats.as_mut().filter(|_| began.elapsed() < ROUND);
            next = nats.and_then(|nats| nats.events.try_recv().ok());
        }
        Ok(())
    }

    fn log_says(&mut self, now: Now, event: Event) -> Result<(), Failure> {
        match event {
            Event::Record { seq, key, record, own } => self.gateway.fold(now, seq, &key, &record, own),
            Event::Passed { seq } => self.gateway.passed(now, seq),
            Event::Stale { number, newest } => self.gateway.stale(now, number, newest),
            Event::Refused { number, text } => {
                warn!("NATS did not take a record: {text}");
                self.gateway.refused(now, number, RETRY_AFTER_MS);
            }
            Event::Told(notice) => self.gateway.told(now, notice),
            Event::Up => {
                info!("NATS can be reached: commands are accepted");
                self.no_room = false;
                self.gateway.set_unavailable(now, None);
            }
            Event::Down(text) => {
                warn!("{text}; until then commands are refused with retryAfterMs {RETRY_AFTER_MS}");
                self.no_room = true;
                self.gateway.set_unavailable(now, Some(RETRY_AFTER_MS));
            }
            Event::Broken(text) => return Err(Failure::Broken(text)),
            Event::Loaded(durable) => {
                self.gateway.reset(now, *durable);
                info!("the log is read again, epoch {}", self.gateway.epoch());
            }
            // It fails when the log is read once more meanwhile.
            Event::Missing { loaded, reply } => drop(reply.send(self.gateway.missing_from(&loaded))),
            Event::Who(reply) => {
                let stats = self.gateway.stats();
                let found = Gateway {
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    epoch: self.gateway.epoch().to_owned(),
                    seq: self.gateway.seq(),
                    connections: stats.connections,
                    uptime_ms: now.mono,
                    ..Gateway::default()
                };
                drop(reply.send(found));
            }
        }
        Ok(())
    }
}
