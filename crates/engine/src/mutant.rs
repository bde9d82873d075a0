//! Planted bugs, one at a time, for the simulator to find: a checker that has never failed proves
//! nothing.
//!
//! Without the feature `mutants` `active` is a constant `false` and every planted branch is gone
//! from the build.

use crate::EngineOptions;

/// A planted bug. The name says what it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// Every client dials after the same delay.
    NoJitter,
    /// Attempts are forgotten at open instead of after proved health.
    ResetAttemptsAtOpen,
    /// A late verdict falls before what was received meanwhile is read.
    JudgeBeforeReading,
    /// Events of an abandoned socket count.
    LateEventOfOldSocket,
    /// The reconnect window and `notBefore` are ignored.
    IgnoreServerTime,
    /// A URL that was welcomed once may be taken for basic again.
    DowngradePinnedUrl,
    /// A resend gets a new id, so that the server cannot know it again.
    NewIdOnResend,
    /// A row is forgotten when it is sent, not when it is acked.
    ForgetBeforeAck,
    /// Cursors survive a change of the epoch.
    KeepOldEpoch,
    /// Rows possibly sent are evicted like others.
    EvictPossiblySent,
    /// Unacked rows are sent again on the same socket.
    ResendOnSameSocket,
    /// A row that waits long for its ack is failed.
    FailByTimeout,
    /// Holes go unnoticed.
    IgnorePrev,
    /// After a retryable nack, what is behind it overtakes it.
    ReorderAfterNack,
    /// An ack ends the oldest message in flight instead of the one it names.
    AckRemovesWrongRow,
    /// Across keys the oldest goes first, however urgent another is.
    IgnorePriority,
    /// A consumer whose queue overflowed gets no new snapshot.
    OverflowWithoutResync,
    /// A connection that broke (1006, 1011) ends in Error.
    GiveUpOnLoss,
    /// A connection that went silent is never called dead.
    NoVerdict,
    /// `notBefore` never reaches the store.
    ForgetServerTime,
    /// A window that the server gave is taken for twice as long.
    WindowIsDoubled,
    /// Messages are refused although there is room.
    RefuseEarly,
    /// Messages expire at half their maximum age.
    ExpireEarly,
    /// No page gets a gap when events are gone for good.
    NeverGap,
    /// Events at or below the cursor are delivered again.
    KeepRepeats,
    /// The server does not remember which ids it accepted. (The simulator plants it.)
    ServerForgets,
    /// A restart of the server forgets conversations without recent messages. (The simulator plants it.)
    ForgetQuietConversations,
    /// The server takes commands without the right to write. (The simulator plants it.)
    ServerIgnoresRights,
    /// The server does not send what happens while it sends a snapshot. (The simulator plants it.)
    ServerSkipsMeantime,
    /// The server acks what it has not committed. (The simulator plants it.)
    ServerAcksEarly,
    /// The server counts each message three times against its rate. (The simulator plants it.)
    ServerCountsThrice,
    /// What waits for a consumer has no bound.
    UnboundedConsumers,
    /// The outbox takes more than its capacity.
    IgnoreCapacity,
    /// More leaves than the rate in the welcome allows.
    IgnoreRate,
    /// Messages leave before the mode is known.
    SendUnknown,
    /// Nobody asks for a new token before the old one expires.
    NoRefresh,
    /// Answers that waited for this device to wake up count as slow ones.
    TaintedSamples,
    /// Of receipts, too, what was sent last counts, though it says less.
    LastReceiptCounts,
    /// `max_reconnect_attempts` is ignored.
    NeverGiveUp,
    /// `reconnect: false` is ignored.
    ReconnectAnyway,
    /// `persist: false` is ignored.
    PersistAnyway,
    /// A row is called saved when it is handed to the store, not when the store says so.
    DurableBeforeCommit,
    /// What a welcome says counts without bounds.
    BelieveAnyWelcome,
    /// A message is over its age when the server's clock alone says so.
    TrustOneClock,
    /// A token is refreshed as often as the server's word for its life asks for.
    TokenStorm,
    /// A leader that slept acts before it read the stored term.
    ActBeforeTerm,
    /// The store takes what an earlier writer still writes. (The simulator plants it.)
    DeposedLeaderWrites,
    /// A leader whose page wants no connection keeps the lock although another tab wants one.
    GiveWayToNobody,
    /// A follower does not answer a new leader's roll call.
    IgnoreRollCall,
    /// Batches of an earlier attachment count.
    BatchesOfAnyAttachment,
    /// The lock is stolen from a leader that beats, without asking.
    StealFromTheLiving,
    /// Nobody ever takes the lock from a leader that stands still.
    NeverSteal,
    /// The leave notice of a leader's page is ignored.
    IgnoreLeaving,
    /// What was saved in a store that does not answer waits for it.
    TrustASilentStore,
    /// A leader whose store does not answer leads no more.
    AloneWhenSilent,
    /// A page that hides keeps lock and socket.
    KeepLockOnPageHide,
    /// `versionchange` is ignored.
    OldBuildGoesOn,
    /// What an engine held is forgotten when its tab leads no more.
    ForgetAtDeposition,
    /// Subscriptions of dead tabs stay.
    KeepDeadTabs,
    /// Nobody asks how saved messages ended.
    NoInquiry,
    /// A tab alone takes the shared store for its own.
    AloneWithTheStore,
    /// Who asks after a message of another tab receives its updates in that tab's place.
    AskerTakesOver,
}

impl Mutant {
    /// Every planted bug.
    pub const ALL: [Mutant; 62] = [
        Self::NoJitter,
        Self::ResetAttemptsAtOpen,
        Self::JudgeBeforeReading,
        Self::LateEventOfOldSocket,
        Self::IgnoreServerTime,
        Self::DowngradePinnedUrl,
        Self::NewIdOnResend,
        Self::ForgetBeforeAck,
        Self::KeepOldEpoch,
        Self::EvictPossiblySent,
        Self::ResendOnSameSocket,
        Self::FailByTimeout,
        Self::IgnorePrev,
        Self::ReorderAfterNack,
        Self::AckRemovesWrongRow,
        Self::OverflowWithoutResync,
        Self::IgnorePriority,
        Self::GiveUpOnLoss,
        Self::NoVerdict,
        Self::ForgetServerTime,
        Self::WindowIsDoubled,
        Self::RefuseEarly,
        Self::ExpireEarly,
        Self::NeverGap,
        Self::KeepRepeats,
        Self::ServerForgets,
        Self::ForgetQuietConversations,
        Self::ServerIgnoresRights,
        Self::ServerSkipsMeantime,
        Self::ServerAcksEarly,
        Self::ServerCountsThrice,
        Self::UnboundedConsumers,
        Self::IgnoreCapacity,
        Self::IgnoreRate,
        Self::SendUnknown,
        Self::NoRefresh,
        Self::TaintedSamples,
        Self::LastReceiptCounts,
        Self::NeverGiveUp,
        Self::ReconnectAnyway,
        Self::PersistAnyway,
        Self::DurableBeforeCommit,
        Self::BelieveAnyWelcome,
        Self::TrustOneClock,
        Self::TokenStorm,
        Self::ActBeforeTerm,
        Self::DeposedLeaderWrites,
        Self::GiveWayToNobody,
        Self::IgnoreRollCall,
        Self::BatchesOfAnyAttachment,
        Self::StealFromTheLiving,
        Self::NeverSteal,
        Self::IgnoreLeaving,
        Self::TrustASilentStore,
        Self::AloneWhenSilent,
        Self::KeepLockOnPageHide,
        Self::OldBuildGoesOn,
        Self::ForgetAtDeposition,
        Self::KeepDeadTabs,
        Self::NoInquiry,
        Self::AloneWithTheStore,
        Self::AskerTakesOver,
    ];

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
