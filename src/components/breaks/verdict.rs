//! What a fault did, in a sentence.

use crate::words::breaks as texts;

/// After so long without an end the verdict is given as things stand, ms.
const PATIENCE_MS: u64 = 60_000;

/// Not before so long after the end: what breaks the connection takes a moment to be noticed, and figures come once a
/// second.
const GRACE_MS: u64 = 2_000;

/// What is known of connection and messages at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Ms since the epoch.
    pub at: u64,
    pub is_connected: bool,
    /// Messages of this page, ever.
    pub sent: u64,
    /// Of these, not confirmed.
    pub open: u64,
    /// Of these, ended without a delivery, and the page said so: failed, replaced, discarded.
    pub ended: u64,
    /// Promises that were broken, ever: lost, doubled, out of order, gaps not told.
    pub broken: u64,
}

/// Watches one fault from its beginning until everything is as before.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    name: &'static str,
    begun: Seen,
    /// When it ended; `None`: it lasts.
    ended: Option<u64>,
    /// The connection was lost.
    noticed: Option<u64>,
    /// Most messages that waited at a time.
    waited: u64,
}

/// The sentence, and whether every promise was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub text: String,
    pub is_kept: bool,
}

impl Watch {
    pub fn new(name: &'static str, begun: Seen) -> Self {
        Self { name, begun, ended: None, noticed: None, waited: begun.open }
    }

    /// The fault was switched off.
    pub fn end(&mut self, at: u64) {
        self.ended.get_or_insert(at);
    }

    /// Something may have changed. The verdict, once the fault has ended, the connection is there and nothing waits; or after
    /// a minute.
    pub fn see(&mut self, seen: Seen) -> Option<Verdict> {
        if !seen.is_connected {
            self.noticed.get_or_insert(seen.at);
        }
        self.waited = self.waited.max(seen.open);
        let ended = self.ended?;
        let is_late = seen.at >= ended + PATIENCE_MS;
        let is_over = seen.at >= ended + GRACE_MS && seen.is_connected && seen.open == 0;
        (is_over || is_late).then(|| self.verdict(seen, ended))
    }

    fn verdict(&self, seen: Seen, ended: u64) -> Verdict {
        let seconds = |ms: u64| ms as f64 / 1_000.0;
        let lasted = ended.saturating_sub(self.begun.at);
        let head = if lasted < 1_000 {
            self.name.to_owned()
        } else {
            format!("{} {:.0} s", self.name, seconds(lasted))
        };
        let noticed = match self.noticed {
            Some(at) => texts::noticed(seconds(at.saturating_sub(self.begun.at))),
            None => texts::NOT_NOTICED.to_owned(),
        };
        let broken = seen.broken.saturating_sub(self.begun.broken);
        let sent = seen.sent - self.begun.sent;
        let ended_so = seen.ended.saturating_sub(self.begun.ended);
        let end = match (broken, seen.open, seen.is_connected) {
            (1.., _, _) => texts::broken(broken),
            (0, 1.., _) => texts::still_waiting(seen.open),
            (0, 0, false) => texts::STILL_AWAY.to_owned(),
            (0, 0, true) if ended_so > 0 => texts::ended(ended_so),
            (0, 0, true) if sent == 0 && self.waited == 0 => texts::NOTHING_SENT.to_owned(),
            (0, 0, true) => texts::DELIVERED.to_owned(),
        };
        let is_kept = broken == 0 && seen.open == 0 && seen.is_connected;
        Verdict { text: format!("{head}: {noticed}, {}, {end}", texts::waited(self.waited)), is_kept }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: u64, is_connected: bool, sent: u64, open: u64) -> Seen {
        Seen { at, is_connected, sent, open, ended: 0, broken: 0 }
    }

    fn text(verdict: Option<Verdict>) -> String {
        verdict.map(|verdict| verdict.text).unwrap_or_default()
    }

    #[test]
    fn a_fault_is_judged_when_everything_has_arrived() {
        let mut watch = Watch::new("Zombie", seen(0, true, 5, 0));
        assert_eq!(watch.see(seen(3_000, true, 8, 3)), None);
        assert_eq!(watch.see(seen(4_500, false, 8, 3)), None);
        watch.end(30_000);
        assert_eq!(watch.see(seen(30_500, true, 8, 0)), None, "a moment of grace");
        assert_eq!(watch.see(seen(32_000, true, 8, 1)), None, "one waits");
        let verdict = watch.see(seen(33_000, true, 8, 0));
        assert_eq!(verdict.as_ref().map(|verdict| verdict.is_kept), Some(true));
        assert_eq!(text(verdict), "Zombie 30 s: noticed after 4.5 s, 3 messages waited, all delivered once");
    }

    #[test]
    fn a_fault_nobody_noticed_and_nothing_sent() {
        let mut watch = Watch::new("Slow", seen(0, true, 0, 0));
        watch.end(5_000);
        assert_eq!(
            text(watch.see(seen(7_000, true, 0, 0))),
            "Slow 5 s: the connection held, no message waited, nothing was sent meanwhile"
        );
    }

    #[test]
    fn what_failed_is_not_called_delivered() {
        let mut watch = Watch::new("Full disk", seen(0, true, 0, 0));
        watch.end(5_000);
        let verdict = watch.see(Seen { ended: 1, ..seen(7_000, true, 2, 0) }).expect("a verdict");
        assert_eq!(
            (verdict.is_kept, verdict.text.ends_with("1 ended without delivery, as was shown")),
            (true, true)
        );
    }

    #[test]
    fn broken_promises_and_what_never_ends_are_no_good_verdict() {
        let mut watch = Watch::new("Drop", seen(0, true, 0, 0));
        watch.end(0);
        let broken = watch.see(Seen { broken: 2, ..seen(2_000, true, 3, 0) }).expect("a verdict");
        assert_eq!((broken.is_kept, broken.text.ends_with("2 promises broken")), (false, true));

        let mut watch = Watch::new("Drop", seen(0, true, 0, 0));
        watch.end(0);
        assert_eq!(watch.see(seen(59_000, false, 1, 1)), None);
        let late = watch.see(seen(60_000, false, 1, 1)).expect("a verdict");
        assert_eq!((late.is_kept, late.text.ends_with("1 still waiting")), (false, true));
    }
}
