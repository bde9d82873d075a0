//! Requests to the gateway from tabs without a connection go to the tab that has it, and its answers to all.

use crate::bridge::FromWorker;
use crate::worker::shell::Reply;
use gloo::events::EventListener;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

/// A tab has opened; the others say that they are there.
const HELLO: &str = "hello";
const HERE: &str = "here";
/// Before a request, before an answer.
const ASK: &str = "ask ";
const TELL: &str = "tell ";

/// This tab's end.
pub(in crate::worker) struct Relay {
    name: String,
    reply: Reply,
    on_ask: Rc<dyn Fn(String)>,
    has_others: Rc<Cell<bool>>,
    /// `None` while the page is put away: whatever is held would keep it out of the bfcache.
    open: RefCell<Option<(EventListener, Rc<Channel>)>>,
}

/// Closed when it is dropped.
struct Channel(BroadcastChannel);

impl Channel {
    fn post(&self, text: &str) {
        // Fails on a closed channel only.
        let _ = self.0.post_message(&JsValue::from_str(text));
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Relay {
    /// `on_ask`: with each request of another tab.
    pub(in crate::worker) fn new(scope: &str, reply: &Reply, on_ask: Rc<dyn Fn(String)>) -> Self {
        let name = format!("sentinelops lab {scope}");
        let (reply, has_others, open) = (reply.clone(), Rc::default(), RefCell::default());
        let relay = Self { name, reply, on_ask, has_others, open };
        relay.join();
        relay
    }

    /// Listens. Nothing if it does already.
    pub(in crate::worker) fn join(&self) {
        if self.open.borrow().is_some() {
            return;
        }
        let Some(channel) = BroadcastChannel::new(&self.name).ok().map(|open| Rc::new(Channel(open))) else {
            return;
        };
        let (reply, others, on_ask) = (self.reply.clone(), self.has_others.clone(), self.on_ask.clone());
        let answer = Rc::downgrade(&channel);
        let listener = EventListener::new(&channel.0, "message", move |event| {
            let Some(text) = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string())
            else {
                return;
            };
            others.set(true);
            if text == HELLO {
                if let Some(channel) = answer.upgrade() {
                    channel.post(HERE);
                }
            } else if let Some(request) = text.strip_prefix(ASK) {
                on_ask(request.to_owned());
            } else if let Some(message) = text.strip_prefix(TELL) {
                reply(FromWorker::Lab(message.to_owned()));
            }
        });
        channel.post(HELLO);
        *self.open.borrow_mut() = Some((listener, channel));
    }

    /// Holds nothing and receives nothing until it joins again.
    pub(in crate::worker) fn leave(&self) {
        self.open.borrow_mut().take();
    }

    /// There are, or were, other tabs of this scope.
    pub(super) fn has_others(&self) -> bool {
        self.has_others.get()
    }

    /// To the tab with the connection.
    pub(super) fn ask(&self, request: &str) {
        self.post(ASK, request);
    }

    /// To every tab: each knows its own requests.
    pub(super) fn tell_all(&self, message: String) {
        self.post(TELL, &message);
        self.tell(message);
    }

    /// To this tab's page.
    pub(super) fn tell(&self, message: String) {
        (self.reply)(FromWorker::Lab(message));
    }

    fn post(&self, what: &str, text: &str) {
        if let Some((_, channel)) = &*self.open.borrow() {
            channel.post(&format!("{what}{text}"));
        }
    }
}
