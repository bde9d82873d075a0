//! State that an ending engine hands over to the next one of its tab. Times a server gave hold for the next dial, also
//! where no store keeps them.

use super::Engine;
use crate::{Cause, Meta, Now};

/// See the module's page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handover {
    /// The metadata as it would be stored.
    meta: Meta,
    /// Time before which the server forbade dialling (monotonic ms of this worker).
    not_before_mono: Option<u64>,
    /// Number of the last socket. Numbers go on, so that late events of an earlier engine's socket count for nobody.
    sockets: u64,
}

impl Handover {
    /// Another tab has led since: the store has the attempts that count.
    pub(crate) fn others_led(&mut self) {
        self.meta.attempts = 0;
    }
}

impl Engine {
    /// The state to hand over. Call it before [`Engine::disconnect`], which clears the cause.
    pub(crate) fn handover(&self) -> Handover {
        let mut meta = self.outbox.meta().clone();
        if matches!(self.cause, Cause::GaveUp { .. }) {
            // The next wish to connect is a fresh one.
            meta.attempts = 0;
        }
        Handover { meta, not_before_mono: self.not_before_mono, sockets: self.sockets }
    }

    /// Restores the state in a new engine, before it connects. The store's metadata is merged when it opens. Term and
    /// socket-open mark are not handed over: the term counts engines, and the mark is about stored rows.
    pub(crate) fn restore_from(&mut self, now: Now, handover: &Handover) {
        self.not_before_mono = handover.not_before_mono;
        self.sockets = handover.sockets;
        self.outbox.update_meta(|meta| {
            let Meta { term, socket_open, last_order, .. } = *meta;
            *meta = Meta { term, socket_open, last_order, ..handover.meta.clone() };
        });
        self.maintain_server_time(now);
        if self.server_delay_left(now) == 0 {
            self.forget_server_time();
        }
        self.know_pongs(now);
    }

    /// A URL that answered a ping once is judged by its pongs, in this engine and later ones.
    pub(super) fn know_pongs(&mut self, now: Now) {
        if self.outbox.meta().pongs {
            self.liveness.promise(now.mono);
        }
    }
}
