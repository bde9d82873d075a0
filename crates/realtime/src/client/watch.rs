//! Who listens to what. The first listener of a subject subscribes it, the last one unsubscribes.

use super::changes::{Dependency, Listener};
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
    /// Calls `listener` after each frame in which one of these dependencies changed.
    pub(crate) fn watch(&self, dependencies: Vec<Dependency>, listener: Listener) -> Watch {
        let mut posts = Vec::new();
        let now = self.platform().mono();
        let number = {
            let mut state = self.state_mut();
            let number = state.listeners.next;
            state.listeners.next += 1;
            for dependency in &dependencies {
                let first = state.listeners.watchers(dependency) == 0;
                state.listeners.by_dependency.entry(dependency.clone()).or_default().insert(number);
                if let Dependency::Subject(subject) = dependency {
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
                    posts.extend(switch(dependency, true));
                }
            }
            state.listeners.all.insert(number, (dependencies, listener));
            number
        };
        posts.into_iter().for_each(|post| self.post(post));
        Watch { client: self.downgrade(), number }
    }

    fn unwatch(&self, number: u64) {
        let mut posts = Vec::new();
        let (gone, closing) = {
            let mut state = self.state_mut();
            let Some((dependencies, listener)) = state.listeners.all.remove(&number) else { return };
            for dependency in &dependencies {
                if let Some(numbers) = state.listeners.by_dependency.get_mut(dependency) {
                    numbers.remove(&number);
                    if numbers.is_empty() {
                        state.listeners.by_dependency.remove(dependency);
                    }
                }
                if let Dependency::Subject(subject) = dependency {
                    if let Some(followed) = state.view.subjects.get_mut(subject) {
                        followed.holders = followed.holders.saturating_sub(1);
                        if followed.holders == 0 {
                            state.view.closing.insert(subject.clone());
                        }
                    }
                } else if state.listeners.watchers(dependency) == 0
                    && (*dependency != Dependency::Outbox || !state.sends.resumes_outbox)
                {
                    posts.extend(switch(dependency, false));
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
        for dependency in [Dependency::Outbox, Dependency::Metrics, Dependency::Raw] {
            if state.listeners.watchers(&dependency) > 0 {
                posts.extend(switch(&dependency, true));
            }
        }
        posts
    }
}

/// What the worker only tells while somebody looks.
fn switch(dependency: &Dependency, on: bool) -> Option<ToWorker> {
    match dependency {
        Dependency::Outbox => Some(ToWorker::WatchOutbox(on)),
        Dependency::Metrics => Some(ToWorker::WatchMetrics(on)),
        Dependency::Raw => Some(ToWorker::WatchRaw(on)),
        _ => None,
    }
}
