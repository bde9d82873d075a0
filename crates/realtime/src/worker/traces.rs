//! Traces on their way to the flight recorder of the page. They always go there, whether somebody looks or not:
//! an outage is looked into when it is over.
//!
//! That costs next to nothing: on a connection that holds there are none, in an outage one or two for each dial.
//! What a server can bring about as often as it likes (frames that are refused, notes on what it says) is collected
//! for a moment and bounded.

use sentinelops_engine::Trace;

/// Ms that traces are collected.
pub(super) const COLLECT_MS: u32 = 100;
/// Lines of one collection that a server can repeat; the others are only counted.
const MOST: usize = 50;

/// Traces that wait.
#[derive(Default)]
pub(super) struct Traces {
    waiting: Vec<Trace>,
    repeatable: usize,
    left_out: usize,
}

impl Traces {
    pub(super) fn push(&mut self, trace: Trace) {
        match trace {
            Trace::State { .. } | Trace::Backoff { .. } => {}
            Trace::RefusedFrame(_) | Trace::Note(_) if self.repeatable < MOST => self.repeatable += 1,
            Trace::RefusedFrame(_) | Trace::Note(_) => {
                self.left_out += 1;
                return;
            }
            // Of messages and problems the page learns from its deliveries; a shipped engine does not trace them.
            _ => return,
        }
        self.waiting.push(trace);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Trace> {
        let Self { mut waiting, left_out, .. } = std::mem::take(self);
        if left_out > 0 {
            waiting.push(Trace::Note(format!("{left_out} more refused frames and notes are left out here")));
        }
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_engine::ConnectionState;

    #[test]
    fn a_server_that_talks_nonsense_is_counted_and_hides_no_dial() {
        let mut traces = Traces::default();
        for n in 0..MOST + 7 {
            traces.push(Trace::RefusedFrame(n.to_string()));
        }
        let state = Trace::State {
            from: ConnectionState::Connected,
            to: ConnectionState::Reconnecting,
            cause: "closed".to_owned(),
        };
        let dial = Trace::Backoff { attempt: 1, delay_ms: 500, why: "closed".to_owned() };
        traces.push(state.clone());
        traces.push(dial.clone());
        let reported = traces.take();
        assert_eq!(reported[..2], [Trace::RefusedFrame("0".to_owned()), Trace::RefusedFrame("1".to_owned())]);
        let more = Trace::Note("7 more refused frames and notes are left out here".to_owned());
        assert_eq!(reported[MOST..], [state, dial, more]);
        // The next collection starts empty.
        traces.push(Trace::Note("note".to_owned()));
        assert_eq!(traces.take(), [Trace::Note("note".to_owned())]);
        assert!(traces.is_empty());
    }
}
