//! Ack after commit: no output leaves before the records of its input are on disk.

use super::log;
use crate::store::{Failure, Store};
use crate::{Gateway, Now, Output, Record};
use std::sync::Arc;

/// `retryAfterMs` of commands while there is no room.
const RETRY_AFTER_MS: u64 = 2_000;
/// How often it is tried again.
const TRY_EVERY_MS: u64 = 500;

/// Records that found no room, and what must not leave before they are stored.
#[derive(Debug)]
struct Stall {
    records: Arc<Vec<Record>>,
    outputs: Vec<Output>,
    try_at: u64,
}

#[derive(Debug)]
pub(super) struct Commits {
    store: Store,
    stall: Option<Stall>,
}

impl Commits {
    pub(super) fn new(store: Store) -> Self {
        Self { store, stall: None }
    }

    /// Whether records wait for room: then nothing new should happen.
    pub(super) fn is_stalled(&self) -> bool {
        self.stall.is_some()
    }

    /// When to call [`Commits::retry`], on the monotonic clock.
    pub(super) fn poll_timeout(&self) -> Option<u64> {
        self.stall.as_ref().map(|stall| stall.try_at)
    }

    /// Stores what the core wants stored and answers the outputs that may be carried out.
    pub(super) async fn pass(&mut self, gateway: &mut Gateway, now: Now) -> Result<Vec<Output>, Failure> {
        let (mut records, mut outputs) = drain(gateway);
        if records.is_empty() {
            return Ok(outputs);
        }
        if self.stall.is_none() {
            let batch = Arc::new(std::mem::take(&mut records));
            match self.store.commit(batch.clone(), now.wall).await {
                Ok(()) => return Ok(outputs),
                Err(Failure::NoRoom(text)) => {
                    log::line(&format!(
                        "{text}; until then commands are refused with retryAfterMs {RETRY_AFTER_MS}"
                    ));
                    self.store.set_unstored(true);
                    gateway.set_unavailable(Some(RETRY_AFTER_MS));
                    let try_at = now.mono + TRY_EVERY_MS;
                    self.stall = Some(Stall { records: batch, outputs: Vec::new(), try_at });
                }
                Err(failure) => return Err(failure),
            }
        }
        // An ack or event that is still being collected depends on these records, too.
        gateway.flush_everything(now);
        let (more, owed) = drain(gateway);
        records.extend(more);
        outputs.extend(owed);
        let (closes, held): (Vec<_>, Vec<_>) =
            outputs.into_iter().partition(|output| matches!(output, Output::Close { .. }));
        if let Some(stall) = &mut self.stall {
            Arc::make_mut(&mut stall.records).extend(records);
            stall.outputs.extend(held);
        }
        Ok(closes)
    }

    /// Tries again when it is time, and answers the outputs that were held back.
    pub(super) async fn retry(&mut self, gateway: &mut Gateway, now: Now) -> Result<Vec<Output>, Failure> {
        let Some(stall) = self.stall.as_mut().filter(|stall| stall.try_at <= now.mono) else {
            return Ok(Vec::new());
        };
        match self.store.commit(stall.records.clone(), now.wall).await {
            Ok(()) => {
                log::line("there is room again: commands are accepted");
                self.store.set_unstored(false);
                gateway.set_unavailable(None);
                Ok(self.stall.take().map(|stall| stall.outputs).unwrap_or_default())
            }
            Err(Failure::NoRoom(_)) => {
                stall.try_at = now.mono + TRY_EVERY_MS;
                Ok(Vec::new())
            }
            Err(failure) => Err(failure),
        }
    }
}

fn drain(gateway: &mut Gateway) -> (Vec<Record>, Vec<Output>) {
    let (mut records, mut outputs) = (Vec::new(), Vec::new());
    while let Some(output) = gateway.poll_output() {
        match output {
            Output::Remember(record) => records.push(record),
            output => outputs.push(output),
        }
    }
    (records, outputs)
}
