//! What an engine that ends leaves to the next one of its tab: what a server said holds for the next one that dials
//! next, also where no store keeps it.

use super::Engine;
use crate::{Cause, Meta, Now};

/// See the module's page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legacy {
    /// As the store would have it.
    meta: Meta,
    /// The time a server gave, on this worker's monotonic clock (ms).
    held_until: Option<u64>,
}

impl Legacy {
    /// Another tab led since: how often it dialled in vain is in the store.
    pub(crate) fn others_led(&mut self) {
        self.meta.attempts = 0;
    }
}

impl Engine {
    /// What is to be handed on. Ask before [`Engine::disconnect`], which forgets why there is no connection.
    pub(crate) fn legacy(&self) -> Legacy {
        let mut meta = self.outbox.meta().clone();
        if matches!(self.cause, Cause::GaveUp { .. }) {
            // The next wish to connect is a fresh one.
            meta.attempts = 0;
        }
        Legacy { meta, held_until: self.held_until }
    }

    /// For a new engine, before it connects. What a store says beside it is merged when it opens; the term
    /// counts engines, and the mark of an open socket is about stored rows: neither is handed on.
    pub(crate) fn inherit(&mut self, now: Now, legacy: &Legacy) {
        self.held_until = legacy.held_until;
        self.outbox.update_meta(|meta| {
            let Meta { term, socket_open, last_order, .. } = *meta;
            *meta = Meta { term, socket_open, last_order, ..legacy.meta.clone() };
        });
        self.keep_held_time(now);
        if self.held_for(now) == 0 {
            self.forget_held_time();
        }
        self.know_pongs(now);
    }

    /// A URL that ponged once is known to, for this engine and those after it.
    pub(super) fn know_pongs(&mut self, now: Now) {
        if self.outbox.meta().pongs {
            self.liveness.promise(now.mono, &self.latency);
        }
    }
}
