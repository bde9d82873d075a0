//! Planted bugs: a checker that never failed proves nothing.

use crate::run::{Kind, OneWorker, run_seed};
use crate::storm;
use crate::tabs::Tabs;
use sentinelops_engine::mutant::{Mutant, plant};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a planted bug ended.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The bug.
    pub mutant: Mutant,
    /// The schedule that found it, counted from 1, and the invariant; `None`: it survived.
    pub killed: Option<(u64, String)>,
}

/// Plants one bug and runs schedules until one fails, of the world that can show it.
pub fn hunt(mutant: Mutant, first: u64, most: u64) -> Verdict {
    if mutant.needs_tabs() {
        hunt_in::<Tabs>(mutant, first, most)
    } else {
        hunt_in::<OneWorker>(mutant, first, most)
    }
}

fn hunt_in<K: Kind>(mutant: Mutant, first: u64, most: u64) -> Verdict {
    plant(Some(mutant));
    let killed = (0..most).find_map(|n| {
        let violation = run_seed::<K>(first + n).0.violation?;
        // A schedule that fails without the bug as well says nothing about the bug.
        plant(None);
        let fails_anyway = run_seed::<K>(first + n).0.violation.is_some();
        plant(Some(mutant));
        (!fails_anyway).then(|| (n + 1, violation.invariant.to_owned()))
    });
    plant(None);
    Verdict { mutant, killed }
}

/// What a planted bug is called on the command line: `NoJitter` is `no-jitter`.
pub fn name(mutant: Mutant) -> String {
    let mut name = String::new();
    for c in format!("{mutant:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// The planted bugs of these names; all when there are none.
///
/// # Errors
/// The name that is unknown, and those that are not.
pub fn named(names: &[String]) -> Result<Vec<Mutant>, String> {
    if names.is_empty() {
        return Ok(Mutant::ALL.to_vec());
    }
    let find = |wanted: &String| {
        Mutant::ALL.into_iter().find(|mutant| name(*mutant) == *wanted).ok_or_else(|| {
            let known: Vec<String> = Mutant::ALL.into_iter().map(name).collect();
            format!("no planted bug is called {wanted:?}; there are {}", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}

/// These planted bugs, on two threads.
pub fn hunt_all(mutants: &[Mutant], first: u64, most: u64) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = hunt(*mutant, first, most);
                    if let Ok(mut verdicts) = verdicts.lock() {
                        verdicts.push(verdict);
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_default();
    verdicts.sort_by_key(|verdict: &Verdict| Mutant::ALL.iter().position(|m| *m == verdict.mutant));
    verdicts
}

/// What a planted bug breaks, in words.
pub fn breaks(mutant: Mutant) -> &'static str {
    match mutant {
        Mutant::NoJitter => "every client dials after the same delay",
        Mutant::ResetAttemptsAtOpen => "attempts are forgotten at open, not after proved health",
        Mutant::JudgeBeforeReading => "a late verdict falls before received data is read",
        Mutant::LateEventOfOldSocket => "events of an abandoned socket count",
        Mutant::IgnoreServerTime => "windows and notBefore are ignored",
        Mutant::DowngradePinnedUrl => "a welcomed URL may be taken for basic again",
        Mutant::NewIdOnResend => "a resend gets a new id",
        Mutant::ForgetBeforeAck => "a row is forgotten when sent, not when acked",
        Mutant::KeepOldEpoch => "cursors survive a change of epoch",
        Mutant::EvictPossiblySent => "possibly sent rows are evicted",
        Mutant::ResendOnSameSocket => "unacked rows are sent again on the same socket",
        Mutant::FailByTimeout => "a row that waits long for its ack is failed",
        Mutant::IgnorePrev => "holes go unnoticed",
        Mutant::AckRemovesWrongRow => "an ack removes another row than its own",
        Mutant::OverflowWithoutResync => "a consumer's queue overflows and nobody resyncs it",
        Mutant::IgnorePriority => "across keys the oldest goes first, however urgent another is",
        Mutant::ReorderAfterNack => "what is behind a nacked row overtakes it",
        Mutant::GiveUpOnLoss => "a connection that broke (1006, 1011) ends in Error",
        Mutant::NoVerdict => "a connection that went silent is never called dead",
        Mutant::ForgetServerTime => "notBefore never reaches the store",
        Mutant::WindowIsDoubled => "a server's window is taken for twice as long",
        Mutant::RefuseEarly => "messages are refused although the outbox is not full",
        Mutant::ExpireEarly => "messages expire at half their maximum age",
        Mutant::NeverGap => "no page gets a gap when events are gone for good",
        Mutant::KeepRepeats => "events at or below the cursor are delivered again",
        Mutant::ServerIgnoresRights => "the server takes commands without the right to write",
        Mutant::ServerSkipsMeantime => "the server does not send what happens while it sends a snapshot",
        Mutant::ServerAcksEarly => "the server acks what it has not committed",
        Mutant::ServerCountsThrice => "the server counts each message three times against its rate",
        Mutant::ServerForgets => "the server does not remember which ids it accepted",
        Mutant::ForgetQuietConversations => "a restart forgets conversations without recent messages",
        Mutant::UnboundedConsumers => "what waits for a consumer has no bound",
        Mutant::IgnoreCapacity => "the outbox takes more than its capacity",
        Mutant::IgnoreRate => "more leaves than the rate in the welcome allows",
        Mutant::SendUnknown => "messages leave before the mode is known",
        Mutant::NoRefresh => "nobody asks for a new token before the old one expires",
        Mutant::TaintedSamples => "answers that waited for the device to wake up count as slow ones",
        Mutant::LastReceiptCounts => "the last receipt replaces an earlier one that says more",
        Mutant::NeverGiveUp => "max_reconnect_attempts is ignored",
        Mutant::ReconnectAnyway => "reconnect: false is ignored",
        Mutant::PersistAnyway => "persist: false is ignored",
        Mutant::DurableBeforeCommit => "a row is called saved before the store says so",
        Mutant::BelieveAnyWelcome => "what a welcome says counts without bounds",
        Mutant::TrustOneClock => "a message is over its age when the server's clock alone says so",
        Mutant::TokenStorm => "tokens are refreshed as often as the server's word for their life asks for",
        Mutant::ActBeforeTerm => "a leader that slept acts before it read the stored term",
        Mutant::DeposedLeaderWrites => "the store takes what an earlier writer still writes",
        Mutant::GiveWayToNobody => "a leader that wants no connection keeps the lock from tabs that want one",
        Mutant::IgnoreRollCall => "a follower does not answer a new leader's roll call",
        Mutant::BatchesOfAnyAttachment => "batches of an earlier attachment count",
        Mutant::StealFromTheLiving => "the lock is stolen from a leader that beats, without asking",
        Mutant::NeverSteal => "nobody takes the lock from a leader that stands still",
        Mutant::TrustASilentStore => "what lies in a store that does not answer waits for it",
        Mutant::AloneWhenSilent => "a leader whose store does not answer leads no more",
        Mutant::IgnoreLeaving => "the leave notice of a leader's page is ignored",
        Mutant::KeepLockOnPageHide => "a page that hides keeps lock and socket",
        Mutant::OldBuildGoesOn => "versionchange is ignored: the old build goes on",
        Mutant::ForgetAtDeposition => "what an engine held is forgotten when its tab leads no more",
        Mutant::KeepDeadTabs => "subscriptions of dead tabs stay",
        Mutant::NoInquiry => "nobody asks how saved messages ended",
        Mutant::AloneWithTheStore => "a tab alone takes the shared store for its own",
        Mutant::AskerTakesOver => {
            "who asks after a message of another tab receives its updates in that tab's place"
        }
    }
}

/// Prints the table of the planted bugs of these names, or of all; fails when one survives.
pub fn main(names: &[String], first: u64, most: u64) -> ExitCode {
    let mutants = match named(names) {
        Ok(mutants) => mutants,
        Err(error) => {
            eprintln!("--mutants: {error}");
            return ExitCode::from(2);
        }
    };
    let verdicts = hunt_all(&mutants, first, most);
    println!("| planted bug | what it breaks | killed at schedule | invariant |");
    println!("|---|---|---|---|");
    let mut killed = 0;
    for verdict in &verdicts {
        let (at, by) = match &verdict.killed {
            Some((n, invariant)) => (n.to_string(), invariant.as_str()),
            None => ("SURVIVED".to_owned(), ""),
        };
        killed += usize::from(verdict.killed.is_some());
        println!("| {} | {} | {at} | {by} |", name(verdict.mutant), breaks(verdict.mutant));
    }
    println!("\n{killed} of {} killed, at most {most} schedules each", verdicts.len());
    let all_killed = killed == verdicts.len();
    if !mutants.contains(&Mutant::IgnoreServerTime) {
        return if all_killed { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    // How a crowd spreads over a window is not visible to one client: the storm sees it.
    plant(Some(Mutant::IgnoreServerTime));
    let scene = storm::SCENES[3];
    let tally = storm::run(&scene, 2_000, first);
    plant(None);
    let seen = !storm::holds(&scene, &tally);
    println!(
        "IgnoreServerTime in a storm with a window: {:.2} % in the worst 100 ms, {}",
        tally.worst_percent,
        if seen { "seen" } else { "NOT SEEN" }
    );
    if all_killed && seen { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bugs_have_names() {
        let of = |names: &[&str]| named(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["no-jitter", "keep-repeats"]), Ok(vec![Mutant::NoJitter, Mutant::KeepRepeats]));
        assert_eq!(of(&[]).map(|all| all.len()), Ok(Mutant::ALL.len()));
        assert!(of(&["no-such"]).is_err_and(|error| error.contains("no-jitter")));
    }
}
