//! Who listens to what. The first listener of a subject subscribes it, the last one unsubscribes.

use super::news::{Interest, Listener};
use super::state::{Followed, State};
use super::{Client, WeakClient};
use crate::bridge::ToWorker;
use crate::fold::Folded;
use sentinelops_protocol::Subject;
use std::collections::hash_map::Entry;

/// A listener in place. Dropping it ends it.
#[must_use = "dropping it ends the watch"]
pub(crate) struct Watch {
    client: WeakClient,
    number: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.client.with(|client| client.unwatch(self.number));
    }
}

impl Client {
    /// Calls `listener` after each frame in which one of these interests changed.
    pub(crate) fn watch(&self, interests: Vec<Interest>, listener: Listener) -> Watch {
        let mut posts = Vec::new();
        let now = self.platform().mono();
        let number = {
            let mut state = self.state_mut();
            let number = state.listeners.next;
            state.listeners.next += 1;
            for interest in &interests {
                let first = state.listeners.watchers(interest) == 0;
                state.listeners.by_interest.entry(interest.clone()).or_default().insert(number);
                if let Interest::Subject(subject) = interest {
                    let State { view, kept, .. } = &mut *state;
                    view.closing.remove(subject);
                    match view.subjects.entry(subject.clone()) {
                        Entry::Occupied(mut known) => known.get_mut().holders += 1,
                        Entry::Vacant(new) => {
                            let mut folded = Folded::new(subject);
                            if let Some(last) = kept.last_states.remove(subject) {
                                folded.show_last(last.at, &last.events, now);
                            }
                            new.insert(Followed { holders: 1, folded });
                            posts.push(ToWorker::Subscribe(subject.clone()));
                        }
                    }
                } else if first {
                    posts.extend(switch(interest, true));
                }
            }
            state.listeners.all.insert(number, (interests, listener));
            number
        };
        posts.into_iter().for_each(|post| self.post(post));
        Watch { client: self.downgrade(), number }
    }

    fn unwatch(&self, number: u64) {
        let mut posts = Vec::new();
        let (gone, closing) = {
            let mut state = self.state_mut();
            let Some((interests, listener)) = state.listeners.all.remove(&number) else { return };
            for interest in &interests {
                if let Some(numbers) = state.listeners.by_interest.get_mut(interest) {
                    numbers.remove(&number);
                    if numbers.is_empty() {
                        state.listeners.by_interest.remove(interest);
                    }
                }
                if let Interest::Subject(subject) = interest {
                    if let Some(followed) = state.view.subjects.get_mut(subject) {
                        followed.holders = followed.holders.saturating_sub(1);
                        if followed.holders == 0 {
                            state.view.closing.insert(subject.clone());
                        }
                    }
                } else if state.listeners.watchers(interest) == 0
                    && (*interest != Interest::Outbox || !state.sends.resumes_outbox)
                {
                    posts.extend(switch(interest, false));
                }
            }
            (listener, !state.view.closing.is_empty())
        };
        // Outside the borrow: what the listener captured may be a watch itself.
        drop(gone);
        posts.into_iter().for_each(|post| self.post(post));
        if closing {
            self.schedule_flush();
        }
    }

    /// Unsubscribes what nobody came back for.
    pub(super) fn close_subjects(&self) {
        let gone: Vec<Subject> = {
            let mut state = self.state_mut();
            let closing: Vec<_> = state.view.closing.drain().collect();
            closing
                .into_iter()
                .filter(|subject| {
                    let unheld =
                        state.view.subjects.get(subject).is_some_and(|followed| followed.holders == 0);
                    if unheld {
                        state.view.subjects.remove(subject);
                    }
                    unheld
                })
                .collect()
        };
        gone.into_iter().for_each(|subject| self.post(ToWorker::Unsubscribe(subject)));
    }

    /// The messages that subscribe a new worker to what is watched.
    pub(super) fn watched(&self) -> Vec<ToWorker> {
        let state = self.state();
        let mut posts: Vec<_> = state.view.subjects.keys().cloned().map(ToWorker::Subscribe).collect();
        for interest in [Interest::Outbox, Interest::Metrics, Interest::Raw] {
            if state.listeners.watchers(&interest) > 0 {
                posts.extend(switch(&interest, true));
            }
        }
        posts
    }
}

/// What the worker only tells while somebody looks.
fn switch(interest: &Interest, on: bool) -> Option<ToWorker> {
    match interest {
        Interest::Outbox => Some(ToWorker::WatchOutbox(on)),
        Interest::Metrics => Some(ToWorker::WatchMetrics(on)),
        Interest::Raw => Some(ToWorker::WatchRaw(on)),
        _ => None,
    }
}
