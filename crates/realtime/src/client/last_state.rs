//! The last state of channels, kept on this device: after a reload it is shown at once, with when it was true, until the
//! server has spoken.
//!
//! Pages make it and read it, their workers keep it ([`ToWorker::KeepState`]). One record a channel; a record of another
//! build counts as none. It belongs to the user of the client, and ends with the session.

use super::Client;
use super::changes::{Changes, Dependency};
use super::state::State;
use crate::bridge::{BUILD_ID, ToWorker};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::{Channel, Event, Subject};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// What changed is written after this time (ms), however much follows: writing copies a board.
const WRITE_MS: u32 = 2_000;
/// On a quiet board, so often (ms) is it written that it is still true. Not when the page goes: a page with a database
/// open for writing is no candidate for the bfcache.
const RENEW_MS: u32 = 60_000;

/// A channel as it was.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastState {
    build: String,
    pub channel: Channel,
    /// When it was true, wall clock (ms).
    pub at: u64,
    /// Events that make it, as those of a snapshot.
    pub events: Vec<Rc<Event>>,
}

impl LastState {
    pub(crate) fn new(channel: Channel, at: u64, events: Vec<Rc<Event>>) -> Self {
        Self { build: BUILD_ID.to_owned(), channel, at, events }
    }

    /// `None` only when memory fails.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        postcard::to_stdvec(self).ok()
    }

    /// `None`: it is damaged, or of another build.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        // The build comes first: what follows may have another shape.
        let (build, _) = postcard::take_from_bytes::<String>(bytes).ok()?;
        if build != BUILD_ID {
            return None;
        }
        postcard::from_bytes(bytes).ok()
    }
}

impl Client {
    /// When the shown state of a subject was true (wall clock, ms), while it is the one kept on this device; `None`: it is
    /// the server's, or there is none.
    pub(crate) fn as_of(&self, subject: &Subject) -> Option<u64> {
        self.state().view.subjects.get(subject).and_then(|followed| followed.folded.as_of)
    }

    fn kept_channels(&self) -> &[Channel] {
        &self.0.settings.options.keep_state
    }

    /// Asks the new worker for what is kept.
    pub(super) fn ask_last_state(&self) {
        if !self.kept_channels().is_empty() {
            self.post(ToWorker::ReadState);
        }
    }

    /// The worker found these records.
    pub(super) fn take_last_state(&self, records: &[Vec<u8>]) {
        if self.is_ending() || self.is_signed_out() {
            return;
        }
        let now = self.platform().mono();
        for last in records.iter().filter_map(|bytes| LastState::decode(bytes)) {
            if self.kept_channels().contains(&last.channel) {
                self.state_mut().show_last_state(last, now);
            }
        }
        self.schedule_flush();
    }

    /// Something of these subjects is new: what is kept is written soon.
    pub(super) fn note_last_state(&self, changes: &Changes) {
        if self.kept_channels().is_empty() {
            return;
        }
        let is_connected = self.is_up();
        let wall = self.platform().wall();
        let changed = self
            .kept_channels()
            .iter()
            .filter(|channel| changes.changed.contains(&Dependency::Subject(Subject::channel(**channel))));
        let changed: Vec<Channel> = changed.copied().collect();
        {
            let mut state = self.state_mut();
            if is_connected {
                state.kept.true_at = wall;
            }
            state.kept.to_keep.extend(changed);
            let is_armed = matches!(state.kept.timer, Some((false, _)));
            if state.kept.to_keep.is_empty() || is_armed {
                return;
            }
        }
        self.arm_keeping(false);
    }

    fn arm_keeping(&self, renews: bool) {
        let client = self.downgrade();
        let fire = Box::new(move || client.with(|client| client.keep_state(renews)));
        let timer = self.platform().after(if renews { RENEW_MS } else { WRITE_MS }, fire);
        let old = self.state_mut().kept.timer.replace((renews, timer));
        drop(old);
    }

    /// Writes what changed, or everything again with a later time. One of the tabs does: the one that has the connection.
    fn keep_state(&self, renews: bool) {
        let is_up = self.is_up();
        let at = if is_up { self.platform().wall() } else { self.state().kept.true_at };
        let all = self.kept_channels().iter().copied().filter(|_| renews && is_up);
        let (timer, writes) = {
            let mut state = self.state_mut();
            let mut channels = std::mem::take(&mut state.kept.to_keep);
            channels.extend(all);
            let is_other_tabs = state.worker.leads == Some(false);
            let channels = channels.into_iter().filter(|_| !is_other_tabs);
            let writes: Vec<_> = channels.filter_map(|channel| state.last_state(channel, at)).collect();
            (state.kept.timer.take(), writes)
        };
        drop(timer);
        for (channel, bytes) in writes {
            self.post(ToWorker::KeepState(channel, bytes));
        }
        if is_up {
            self.arm_keeping(true);
        }
    }

    fn is_up(&self) -> bool {
        self.state().view.status.state == ConnectionState::Connected
    }
}

impl State {
    /// Where the server has not spoken. Whoever follows the channel later is shown it, too.
    fn show_last_state(&mut self, last: LastState, now: u64) {
        let subject = Subject::channel(last.channel);
        match self.view.subjects.get_mut(&subject) {
            Some(followed) if followed.folded.continuity.is_none() && followed.folded.denied.is_none() => {
                followed.folded.show_last(last.at, &last.events, now);
                self.listeners.dirty.insert(Dependency::Subject(subject));
            }
            Some(_) => {}
            None => drop(self.kept.last_states.insert(subject, last)),
        }
    }

    /// The record of a channel that the server has told; `None`: it has not. An empty one deletes it.
    fn last_state(&self, channel: Channel, at: u64) -> Option<(Channel, Vec<u8>)> {
        let folded = &self.view.subjects.get(&Subject::channel(channel))?.folded;
        if folded.denied.is_some() {
            return Some((channel, Vec::new()));
        }
        folded.continuity?;
        Some((channel, LastState::new(channel, at, folded.state.to_events(channel)).encode()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::incident;

    #[test]
    fn record_is_read_as_written_and_one_of_another_build_is_none() {
        let event: Event = incident("inc-1").title("Disk full").into();
        let last = LastState::new(Channel::Incidents, 7, vec![Rc::new(event)]);
        let bytes = last.encode().unwrap();
        assert_eq!(LastState::decode(&bytes), Some(last));
        let mut other = bytes.clone();
        other[1] ^= 1;
        assert_eq!(LastState::decode(&other), None);
        assert_eq!(LastState::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(LastState::decode(&[]), None);
    }
}
