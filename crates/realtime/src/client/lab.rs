//! Requests of the laboratory, and their answers.

use super::changes::{Changes, Dependency};
use super::{Client, Subscription};
use crate::bridge::ToWorker;
use std::rc::Rc;

impl Client {
    /// Asks the worker for a fault by name, or the gateway for something, as a message `lab.*` in JSON whose `id` begins
    /// with `lab-`. Only with the feature `lab`.
    pub fn lab(&self, request: &str) {
        self.post(ToWorker::Lab(request.to_owned()));
    }

    /// Calls back with each message for the laboratory, as JSON, until the subscription is dropped: answers of the gateway
    /// (`lab.answer`, or `error` where it runs without `--test-admin`), also to requests of other tabs, and `lab.gap` after
    /// each gap that this page has to be told of, while it is the only tab. Only with the feature `lab`.
    pub fn subscribe_lab(&self, on_message: impl Fn(&str) + 'static) -> Subscription {
        let listener =
            Rc::new(move |changes: &Changes| changes.lab.iter().for_each(|message| on_message(message)));
        Subscription::of(self.watch(vec![Dependency::Lab], listener))
    }

    pub(super) fn take_lab_answer(&self, message: String) {
        self.state_mut().lab.push(message);
        self.changed(Dependency::Lab);
    }
}
