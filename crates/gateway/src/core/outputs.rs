//! What the shell is to do: in order, and not before the records are committed that it depends on.

use super::types::Output;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// Each with the seq that has to be committed before it.
    ready: VecDeque<(u64, Output)>,
    /// Those that wait for records that the store cannot take at the moment.
    held: VecDeque<(u64, Output)>,
}

impl Outputs {
    /// `needs`: the seq that has to be committed before it.
    pub(super) fn push(&mut self, needs: u64, output: Output) {
        self.ready.push_back((needs, output));
    }

    /// The next one, unless it depends on a record behind `committed`.
    pub(super) fn next(&mut self, committed: u64) -> Option<Output> {
        self.ready.front().filter(|(needs, _)| *needs <= committed)?;
        self.ready.pop_front().map(|(_, output)| output)
    }

    /// Holds back what depends on records behind `committed`. Connections that have to end do end.
    pub(super) fn hold(&mut self, committed: u64) {
        for (needs, output) in std::mem::take(&mut self.ready) {
            if needs > committed && !matches!(output, Output::Close { .. }) {
                self.held.push_back((needs, output));
            } else {
                self.ready.push_back((0, output));
            }
        }
    }

    /// Nothing is held back any more.
    pub(super) fn release(&mut self) {
        self.held.append(&mut self.ready);
        std::mem::swap(&mut self.held, &mut self.ready);
    }
}
