//! A tour on its way.

use super::list::{Act, Step, Tour};
use crate::components::breaks::{Seen, Verdict, Watch};

/// See the module.
#[derive(Debug)]
pub struct Run {
    pub tour: &'static Tour,
    begun: u64,
    /// Steps that have begun.
    next: usize,
    watch: Option<Watch>,
    pub verdict: Option<Verdict>,
}

impl Run {
    /// At its first second.
    pub fn begin(tour: &'static Tour, at: u64) -> Self {
        Self { tour, begun: at, next: 0, watch: None, verdict: None }
    }

    /// Time has passed. What is to be done now.
    pub fn step(&mut self, seen: Seen) -> Vec<Act> {
        let second = seen.at.saturating_sub(self.begun) / 1_000;
        let is_past = |second_of: u32| second >= u64::from(second_of);
        let due: Vec<_> = self.tour.steps[self.next..].iter().take_while(|step| is_past(step.at)).collect();
        self.next += due.len();
        if self.watch.is_none() && self.verdict.is_none() && is_past(self.tour.from) {
            self.watch = Some(Watch::new(self.tour.name, seen));
        }
        if is_past(self.tour.to)
            && let Some(watch) = &mut self.watch
        {
            watch.end(seen.at);
        }
        // Seen at each second, given when the last step has been read.
        if let Some(verdict) =
            self.watch.as_mut().and_then(|watch| watch.see(seen)).filter(|_| is_past(self.tour.end))
        {
            (self.watch, self.verdict) = (None, Some(verdict));
        }
        due.into_iter().flat_map(|step| step.acts.iter().copied()).collect()
    }

    /// The step to read; `None`: the last one is over.
    pub fn shown(&self, at: u64) -> Option<&'static Step> {
        let is_over = self.left(at) == 0;
        self.tour.steps.get(self.next.saturating_sub(1)).filter(|_| !is_over)
    }

    /// Seconds until the last step is over.
    pub fn left(&self, at: u64) -> u64 {
        u64::from(self.tour.end).saturating_sub(at.saturating_sub(self.begun) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::TOURS;
    use super::*;

    fn seen(second: u64, is_connected: bool, open: u64) -> Seen {
        Seen { at: second * 1_000, is_connected, sent: 4, open, ..Seen::default() }
    }

    #[test]
    fn each_step_acts_once_and_the_verdict_comes_when_everything_has_arrived() {
        let mut run = Run::begin(&TOURS[0], 0);
        assert_eq!(run.step(seen(0, true, 0)).len(), 1);
        assert_eq!(run.step(seen(1, true, 0)), []);
        assert_eq!(run.step(seen(4, true, 0)), [Act::Break("Blocked upgrade", 12)]);
        assert_eq!((run.step(seen(5, false, 0)), run.step(seen(7, false, 0)).len()), (vec![], 3));
        run.step(seen(8, false, 3));
        run.step(seen(16, false, 3));
        assert_eq!(run.shown(16_000).map(|step| step.at), Some(16));
        run.step(seen(20, true, 0));
        assert_eq!((run.left(20_000), run.verdict.is_none()), (5, true));
        run.step(seen(25, true, 0));
        assert_eq!(run.shown(25_000), None);
        let verdict = run.verdict.expect("a verdict");
        assert_eq!(
            (verdict.text.as_str(), verdict.is_kept),
            (
                "Kill the server while you type 12 s: noticed after 1.0 s, 3 messages waited, all delivered once",
                true
            )
        );
    }

    #[test]
    fn a_page_that_was_hidden_does_the_steps_it_missed() {
        let mut run = Run::begin(&TOURS[0], 0);
        assert_eq!(run.step(seen(8, true, 0)).len(), 5);
    }

    #[test]
    fn without_an_end_it_waits_for_the_verdict() {
        let mut run = Run::begin(&TOURS[0], 0);
        (0..60).for_each(|second| drop(run.step(seen(second, second < 5, 1))));
        assert_eq!(run.verdict, None);
        (60..90).for_each(|second| drop(run.step(seen(second, false, 1))));
        assert_eq!(run.verdict.map(|verdict| verdict.is_kept), Some(false));
    }
}
