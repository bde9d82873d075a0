//! A schedule of several tabs, as data.

use crate::script::{Action, Fault, Script, TabAction, TabFault, Who};

/// Until when things are done to the world, ms.
pub const FAULTS_END: u64 = 90_000;
/// The quiet part begins: whatever was broken is whole again.
pub const QUIET: u64 = 95_000;
/// By then everything has to be settled.
pub const SETTLED_BY: u64 = QUIET + 100_000;

/// Sends, faults and those among them that hit leaders.
pub fn counts(script: &Script) -> (usize, usize, usize) {
    (
        script.count(|a| matches!(a, Action::Send(_))),
        script.count(|a| matches!(a, Action::Fault(_))),
        script.count(|a| {
            matches!(
                a,
                Action::Tabs(TabAction::Close(Who::Leader) | TabAction::Reload(Who::Leader))
                    | Action::Fault(
                        Fault::WorkerCrash(Who::Leader, _)
                            | Fault::Tabs(
                                TabFault::Crash(Who::Leader)
                                    | TabFault::Hang(Who::Leader, _)
                                    | TabFault::Freeze(Who::Leader, ..)
                                    | TabFault::Cache(Who::Leader, ..)
                            )
                    )
            )
        }),
    )
}
