//! Requests of the laboratory, and their answers.

use super::changes::{Changes, Dependency};
use super::{Client, Subscription};
use crate::bridge::{ENDED, ToWorker};
use crate::panic::show;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

const TITLE: &str = "This tab was ended";
const WHAT: &str = "The laboratory ended it as if it had been killed: without a word to the server or the other tabs. One of them has \
    taken over. Reload this page to bring the tab back.";

impl Client {
    /// Asks the worker for a fault by name, or the gateway for something, as a message `lab.*` in JSON whose `id` begins
    /// with `lab-`. Only with the feature `lab`.
    pub fn lab(&self, request: &str) {
        self.post(ToWorker::Lab(request.to_owned()));
    }

    /// Calls back with each message for the laboratory, as JSON, until the subscription is dropped: answers of the gateway
    /// (`lab.answer`, or `error` where it runs without `--test-admin`), also to requests of other tabs, and `lab.gap` after
    /// each gap that this page has to be told of, while it is the only tab; `lab.frames`, what passes the socket, for 10 s after
    /// a tab has asked for `frames`. Only with the feature `lab`.
    pub fn subscribe_lab(&self, on_message: impl Fn(&str) + 'static) -> Subscription {
        let listener =
            Rc::new(move |changes: &Changes| changes.lab.iter().for_each(|message| on_message(message)));
        Subscription::of(self.watch(vec![Dependency::Lab], listener))
    }

    pub(super) fn take_lab_answer(&self, message: String) {
        if message == ENDED {
            return self.end_as_killed();
        }
        self.state_mut().lab.push(message);
        self.changed(Dependency::Lab);
    }

    /// The worker has ended itself. Nothing is handed over, and no other worker starts.
    fn end_as_killed(&self) {
        let client = self.clone();
        // Later: the port that is dropped has called this.
        spawn_local(async move {
            client.end();
            // Without a document there is nobody to tell.
            let _ = show(TITLE, WHAT, "");
        });
    }
}
