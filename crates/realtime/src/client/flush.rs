//! Once a frame: take in what came, tell whom it concerns, give the credit back.

use super::changes::{Changes, Dependency};
use super::{Client, WeakClient};
use crate::bridge::ToWorker;
use crate::fold::State as FoldState;
use std::collections::BTreeSet;

/// A hidden page gets no frames: then this timer, ms. Browsers slow it further as they like.
const HIDDEN_MS: u32 = 1_000;

impl Client {
    /// Has `flush` run before the next paint, or within a second where there is none.
    pub(super) fn schedule_flush(&self) {
        if self.state().flush_timers.is_some() || self.state().stopped {
            return;
        }
        let call = |client: WeakClient| Box::new(move || client.with(Client::flush));
        let platform = self.platform();
        let frame = platform.visible().then(|| platform.frame(call(self.downgrade())));
        // Also while visible: a page that is hidden now has its frame taken away.
        let timer = platform.after(HIDDEN_MS, call(self.downgrade()));
        self.state_mut().flush_timers = Some([frame, Some(timer)]);
    }

    /// See the module.
    pub(super) fn flush(&self) {
        let now = self.platform().mono();
        let (timers, batches) = {
            let mut state = self.state_mut();
            let timers = (state.flush_timers.take(), state.pace.timer.take());
            (timers, std::mem::take(&mut state.inbox))
        };
        // The one that fired is dropped outside of the borrow, the others are cancelled by it.
        drop(timers);

        let mut changes = Changes::default();
        let credits: Vec<u64> = batches.iter().map(|batch| batch.number).collect();
        for batch in batches {
            self.route(batch, now, &mut changes);
        }
        self.report_sign_out();
        self.expire(now);
        self.send_delivery_receipts();

        let called: Vec<u64> = {
            let mut state = self.state_mut();
            let unsaved = state.sends.log.has_unsaved();
            if std::mem::replace(&mut state.sends.shown_unsaved, unsaved) != unsaved {
                state.listeners.dirty.insert(Dependency::Unsaved);
            }
            changes.changed = std::mem::take(&mut state.listeners.dirty);
            changes.errors = std::mem::take(&mut state.errors);
            #[cfg(feature = "lab")]
            {
                changes.lab = std::mem::take(&mut state.lab);
            }
            changes.transitions = std::mem::take(&mut state.view.transitions);
            if !changes.errors.is_empty() {
                changes.changed.insert(Dependency::Errors);
            }
            let concerned =
                changes.changed.iter().filter_map(|dependency| state.listeners.by_dependency.get(dependency));
            let mut called = BTreeSet::new();
            called.extend(concerned.flatten().copied());
            called.into_iter().collect()
        };
        for number in called {
            // An earlier one may have ended it.
            let listener = self.state().listeners.all.get(&number).map(|(_, listener)| listener.clone());
            if let Some(listener) = listener {
                listener(&changes);
            }
        }

        self.note_last_state(&changes);
        // Not before the listeners ran: a page that is slow gets less.
        credits.into_iter().for_each(|number| self.post(ToWorker::Credit(number)));
        self.note_flush(now);
        self.close_subjects();
        self.arm_expiry();
        self.note_rendered();
        if !self.state().listeners.dirty.is_empty() {
            self.schedule_flush();
        }
    }

    /// Ends what is over by time: edits that nothing followed, who types, who views.
    fn expire(&self, now: u64) {
        let mut state = self.state_mut();
        let state = &mut *state;
        if state.sends.edits.expire(now) {
            state.listeners.dirty.insert(Dependency::Subject(super::send::incidents()));
        }
        for (subject, followed) in &mut state.view.subjects {
            let is_over = match &mut followed.folded.state {
                FoldState::Chat(fold) => fold.expire(now),
                FoldState::Incidents(fold) => fold.expire(now),
                _ => false,
            };
            if is_over {
                state.listeners.dirty.insert(Dependency::Subject(subject.clone()));
            }
        }
    }

    fn arm_expiry(&self) {
        let now = self.platform().mono();
        let next = {
            let state = self.state();
            let typing = state.view.subjects.values().filter_map(|followed| match &followed.folded.state {
                FoldState::Chat(fold) => fold.next_expiry(),
                FoldState::Incidents(fold) => fold.next_expiry(),
                _ => None,
            });
            typing.chain(state.sends.edits.next_expiry()).min()
        };
        let armed = self.state().sends.expiry_timer.as_ref().map(|(at, _)| *at);
        if next == armed {
            return;
        }
        let timer = next.map(|at| {
            let client = self.downgrade();
            let wait = u32::try_from(at.saturating_sub(now)).unwrap_or(u32::MAX);
            let fire = Box::new(move || {
                client.with(|client| {
                    let timer = client.state_mut().sends.expiry_timer.take();
                    drop(timer);
                    client.schedule_flush();
                });
            });
            (at, self.platform().after(wait, fire))
        });
        let old = std::mem::replace(&mut self.state_mut().sends.expiry_timer, timer);
        drop(old);
    }

    /// A task later the components have rendered what the listeners set.
    fn note_rendered(&self) {
        let pending = {
            let state = self.state();
            !state.sends.rendered.is_empty() && state.sends.rendered_timer.is_none()
        };
        if !pending {
            return;
        }
        let client = self.downgrade();
        let timer = self.platform().after(
            0,
            Box::new(move || {
                client.with(|client| {
                    let at = client.platform().wall();
                    let mut state = client.state_mut();
                    state.sends.rendered_timer = None;
                    for id in std::mem::take(&mut state.sends.rendered) {
                        state.recorder.rendered(at, &id);
                    }
                    if state.listeners.watchers(&Dependency::Diagnostics) > 0 {
                        state.listeners.dirty.insert(Dependency::Diagnostics);
                    }
                    let reported = !state.listeners.dirty.is_empty();
                    drop(state);
                    if reported {
                        client.schedule_flush();
                    }
                });
            }),
        );
        self.state_mut().sends.rendered_timer = Some(timer);
    }
}
