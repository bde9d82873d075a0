//! Callbacks outside components, and what they have in common with those of `use_websocket`.

use super::Client;
use super::changes::{Changes, Dependency, FeedItem, Transition};
use super::watch::Watch;
use crate::SubscribeOptions;
use sentinelops_engine::{ConnectionState, Status};
use sentinelops_protocol::Event;
use std::cell::RefCell;
use std::rc::Rc;

/// A subscription of [`Client::subscribe`]. Dropping it ends it.
#[must_use = "dropping it ends the subscription"]
pub struct Subscription {
    _watch: Option<Watch>,
}

impl Subscription {
    pub(super) fn of(watch: Watch) -> Self {
        Self { _watch: Some(watch) }
    }
}

impl Client {
    /// Calls the callbacks of these options until the subscription is dropped; outside components what
    /// [`use_websocket`](crate::use_websocket) does inside. The first subscription to a channel or topic subscribes to it
    /// at the server, the last one unsubscribes.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::{Client, SubscribeOptions, Subscription};
    ///
    /// fn log_alerts(client: &Client) -> Subscription {
    ///     client.subscribe(
    ///         SubscribeOptions::channel(Channel::Alerts).on_message(|event| log::info!("{}", event.kind)),
    ///     )
    /// }
    /// ```
    pub fn subscribe(&self, options: SubscribeOptions) -> Subscription {
        if !options.enabled {
            return Subscription { _watch: None };
        }
        let dispatch = Dispatch::new(self);
        let client = self.downgrade();
        let dependencies = dependencies(&options);
        let listener =
            Rc::new(move |changes: &Changes| client.with(|client| dispatch.call(client, &options, changes)));
        Subscription { _watch: Some(self.watch(dependencies, listener)) }
    }
}

/// What callbacks depend on.
pub(crate) fn dependencies(options: &SubscribeOptions) -> Vec<Dependency> {
    let of_channel = options.subject().map_or(Dependency::Continuity, Dependency::Subject);
    vec![Dependency::Status, Dependency::Errors, of_channel]
}

/// Calls callbacks with what is new, and remembers since when the connection is up, as far as they know.
pub(crate) struct Dispatch(RefCell<Option<u64>>);

impl Dispatch {
    pub(crate) fn new(client: &Client) -> Self {
        Self(RefCell::new(connected_since(&client.status())))
    }

    pub(crate) fn call(&self, client: &Client, options: &SubscribeOptions, changes: &Changes) {
        // Not borrowed during the calls.
        let missed = missed(&mut self.0.borrow_mut(), &changes.transitions, &client.status());
        for transition in missed {
            match transition {
                Transition::Up(_) => options.on_connect.iter().for_each(|call| call.emit(())),
                Transition::Down(cause) => {
                    options.on_disconnect.iter().for_each(|call| call.emit(cause.clone()));
                }
            }
        }
        let subject = options.subject();
        if let Some(call) = &options.on_error {
            for error in changes.errors_for(subject.as_ref()) {
                call.emit(error.clone());
            }
        }
        let Some(subject) = &subject else {
            if let Some(call) = &options.on_continuity {
                changes.continuities().for_each(|continuity| call.emit(continuity));
            }
            return;
        };
        let passes =
            |event: &&Rc<Event>| options.filter.as_ref().is_none_or(|filter| filter.emit((*event).clone()));
        for incoming in changes.of(subject) {
            match incoming {
                FeedItem::Snapshot(continuity) => {
                    options.on_continuity.iter().for_each(|call| call.emit(*continuity));
                }
                FeedItem::Event(event) => {
                    if let Some(call) = options.on_message.as_ref().filter(|_| passes(&event)) {
                        call.emit(event.clone());
                    }
                }
            }
        }
        if let Some(call) = &options.on_batch {
            let events: Rc<[Rc<Event>]> = changes.events(subject).filter(passes).cloned().collect();
            if !events.is_empty() {
                call.emit(events);
            }
        }
    }
}

/// The transitions that a component's callbacks have not received; `known`: since when the connection is up, as far
/// as they know. A connection that broke and came back within one frame is two calls although no render shows it.
fn missed(known: &mut Option<u64>, transitions: &[Transition], status: &Status) -> Vec<Transition> {
    // It was mounted after this one.
    let seen = transitions.iter().rposition(|it| known.is_some_and(|since| *it == Transition::Up(since)));
    let transitions = &transitions[seen.map_or(0, |at| at + 1)..];
    let mut missed = Vec::new();
    let mut take = |transition: &Transition| {
        let is = match transition {
            Transition::Up(since) => Some(*since),
            Transition::Down(_) => None,
        };
        if is.is_some() != known.is_some() {
            missed.push(transition.clone());
        }
        *known = is;
    };
    transitions.iter().for_each(&mut take);
    match connected_since(status) {
        // It changed before the component listened.
        Some(since) => take(&Transition::Up(since)),
        None => take(&Transition::Down(status.cause.clone())),
    }
    missed
}

fn connected_since(status: &Status) -> Option<u64> {
    (status.state == ConnectionState::Connected).then(|| status.connected_since.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_engine::Cause;

    fn status(up: Option<u64>) -> Status {
        match up {
            Some(since) => Status {
                state: ConnectionState::Connected,
                connected_since: Some(since),
                ..Status::default()
            },
            None => Status { cause: Cause::Offline, ..Status::default() },
        }
    }

    #[test]
    fn every_break_reaches_the_callbacks_with_its_cause_and_nothing_from_before_the_mount() {
        use Transition::{Down, Up};
        let broken = [Down(Cause::Lost), Up(2), Down(Cause::GaveUp { attempts: 3 }), Up(3)];
        let mut known = Some(1);
        assert_eq!(missed(&mut known, &broken, &status(Some(3))), broken);
        assert_eq!(missed(&mut known, &[], &status(Some(3))), []);
        // Mounted in between.
        assert_eq!(missed(&mut Some(2), &broken, &status(Some(3))), broken[2..]);
        assert_eq!(missed(&mut Some(3), &broken, &status(Some(3))), []);
        assert_eq!(missed(&mut None, &broken[..1], &status(None)), []);
        // Changed after the render and before the component listened.
        assert_eq!(missed(&mut None, &[], &status(Some(3))), [Up(3)]);
        assert_eq!(missed(&mut Some(3), &[], &status(None)), [Down(Cause::Offline)]);
    }
}
