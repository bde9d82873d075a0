//! Planted bugs, one at a time, for the simulator to find: a checker that has never failed proves
//! nothing.
//!
//! Without the feature `mutants` `active` is a constant `false` and every planted branch is gone
//! from the build.

use crate::EngineOptions;

/// Lists the planted bugs once: name, and what it breaks.
macro_rules! planted_bugs {
    ($($name:ident: $breaks:literal,)*) => {
        /// A planted bug. The name says what it breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mutant {
            $(#[doc = $breaks] $name,)*
        }

        impl Mutant {
            /// Every planted bug.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it breaks, in words.
            pub const fn breaks(self) -> &'static str {
                match self {
                    $(Self::$name => $breaks,)*
                }
            }
        }
    };
}

planted_bugs! {
    NoJitter: "every client dials after the same delay",
    ResetAttemptsAtOpen: "attempts are forgotten at open, not after proved health",
    JudgeBeforeReading: "a late verdict falls before received data is read",
    LateEventOfOldSocket: "events of an abandoned socket count",
    IgnoreServerTime: "windows and notBefore are ignored",
    DowngradePinnedUrl: "a welcomed URL may be taken for basic again",
    NewIdOnResend: "a resend gets a new id",
    ForgetBeforeAck: "a row is forgotten when sent, not when acked",
    KeepOldEpoch: "cursors survive a change of epoch",
    EvictPossiblySent: "possibly sent rows are evicted",
    ResendOnSameSocket: "unacked rows are sent again on the same socket",
    FailByTimeout: "a row that waits long for its ack is failed",
    IgnorePrev: "holes go unnoticed",
    ReorderAfterNack: "what is behind a nacked row overtakes it",
    AckRemovesWrongRow: "an ack removes another row than its own",
    OverflowWithoutResync: "a consumer's queue overflows and nobody resyncs it",
    IgnorePriority: "across keys the oldest goes first, however urgent another is",
    GiveUpOnLoss: "a connection that broke (1006, 1011) ends in Error",
    NoVerdict: "a connection that went silent is never called dead",
    ForgetServerTime: "notBefore never reaches the store",
    WindowIsDoubled: "a server's window is taken for twice as long",
    RefuseEarly: "messages are refused although the outbox is not full",
    ExpireEarly: "messages expire at half their maximum age",
    NeverGap: "no page gets a gap when events are gone for good",
    KeepRepeats: "events at or below the cursor are delivered again",
    ServerForgets: "the server does not remember which ids it accepted (planted by the simulator)",
    ForgetQuietConversations: "a restart forgets conversations without recent messages (planted by the simulator)",
    ServerIgnoresRights: "the server takes commands without the right to write (planted by the simulator)",
    ServerSkipsMeantime: "the server does not send what happens while it sends a snapshot (planted by the simulator)",
    ServerAcksEarly: "the server acks what it has not committed (planted by the simulator)",
    ServerCountsThrice: "the server counts each message three times against its rate (planted by the simulator)",
    UnboundedConsumers: "what waits for a consumer has no bound",
    IgnoreCapacity: "the outbox takes more than its capacity",
    IgnoreRate: "more leaves than the rate in the welcome allows",
    SendUnknown: "messages leave before the mode is known",
    NoRefresh: "nobody asks for a new token before the old one expires",
    TaintedSamples: "answers that waited for the device to wake up count as slow ones",
    LastReceiptCounts: "the last receipt replaces an earlier one that says more",
    NeverGiveUp: "max_reconnect_attempts is ignored",
    ReconnectAnyway: "reconnect: false is ignored",
    PersistAnyway: "persist: false is ignored",
    DurableBeforeCommit: "a row is called saved before the store says so",
    BelieveAnyWelcome: "what a welcome says counts without bounds",
    TrustOneClock: "a message is over its age when the server's clock alone says so",
    TokenStorm: "tokens are refreshed as often as the server's word for their life asks for",
    ActBeforeTerm: "a leader that slept acts before it read the stored term",
    DeposedLeaderWrites: "the store takes what an earlier writer still writes (planted by the simulator)",
    GiveWayToNobody: "a leader that wants no connection keeps the lock from tabs that want one",
    IgnoreRollCall: "a follower does not answer a new leader's roll call",
    BatchesOfAnyAttachment: "batches of an earlier attachment count",
    StealFromTheLiving: "the lock is stolen from a leader that beats, without asking",
    NeverSteal: "nobody takes the lock from a leader that stands still",
    IgnoreLeaving: "the leave notice of a leader's page is ignored",
    TrustASilentStore: "what lies in a store that does not answer waits for it",
    AloneWhenSilent: "a leader whose store does not answer leads no more",
    KeepLockOnPageHide: "a page that hides keeps lock and socket",
    OldBuildGoesOn: "versionchange is ignored: the old build goes on",
    ForgetAtDeposition: "what an engine held is forgotten when its tab leads no more",
    KeepDeadTabs: "subscriptions of dead tabs stay",
    NoInquiry: "nobody asks how saved messages ended",
    AloneWithTheStore: "a tab alone takes the shared store for its own",
    AskerTakesOver: "who asks after a message of another tab receives its updates in that tab's place",
}

impl Mutant {
    /// Whether it takes several tabs to see it.
    pub fn needs_tabs(self) -> bool {
        Self::ALL.iter().position(|m| *m == self) >= Self::ALL.iter().position(|m| *m == Self::ActBeforeTerm)
    }
}

/// Options as some planted bugs take them.
pub(crate) fn twist(options: &mut EngineOptions) {
    let EngineOptions { connection, outbox, .. } = options;
    if active(Mutant::ExpireEarly) {
        outbox.max_age_ms /= 2;
    }
    if active(Mutant::IgnoreCapacity) {
        (outbox.capacity, outbox.max_bytes) = (u32::MAX, u64::MAX / 4);
    }
    outbox.persist |= active(Mutant::PersistAnyway);
    connection.reconnect |= active(Mutant::ReconnectAnyway);
    if active(Mutant::NeverGiveUp) {
        connection.max_reconnect_attempts = None;
    }
}

#[cfg(feature = "mutants")]
mod planted {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Plants one bug in every engine of this thread, or none.
    pub fn plant(mutant: Option<Mutant>) {
        PLANTED.with(|planted| planted.set(mutant));
    }

    /// Whether this bug is planted.
    pub fn active(mutant: Mutant) -> bool {
        PLANTED.with(|planted| planted.get() == Some(mutant))
    }
}

#[cfg(feature = "mutants")]
pub use planted::{active, plant};

/// Whether this bug is planted: never, in this build.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub const fn active(_: Mutant) -> bool {
    false
}
