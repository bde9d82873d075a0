//! What the browser tells a page about itself, passed on to the worker as hints. None of it proves
//! anything; the engine probes.

use super::client::{Client, WeakClient};
use super::platform::Timer;
use gloo::events::EventListener;
use sentinelops_engine::Hint;
use wasm_bindgen::JsCast;
use web_sys::EventTarget;

/// The listeners in place. Dropping it removes them.
pub(crate) struct Lifecycle {
    _listeners: Vec<EventListener>,
    _hints: Option<Timer>,
}

impl Lifecycle {
    /// `None` where there is no window to listen to.
    pub(crate) fn attach(client: &Client) -> Option<Self> {
        let weak = client.downgrade();
        let hints = client.platform().hints(Box::new(move |hint| weak.with(|client| client.hint(hint))));
        if hints.is_some() {
            return Some(Self { _listeners: Vec::new(), _hints: hints });
        }
        let window = web_sys::window()?;
        let document = window.document()?;
        let client = client.downgrade();
        let hint = |target: &EventTarget, name: &'static str, hint: Hint| {
            let client = client.clone();
            EventListener::new(target, name, move |_| client.with(|client| client.hint(hint)))
        };
        let hide = |target: &EventTarget, name: &'static str| {
            let client = client.clone();
            EventListener::new(target, name, move |_| client.with(Client::page_hide))
        };
        let listeners = vec![
            hint(&window, "online", Hint::Online),
            hint(&window, "offline", Hint::Offline),
            hint(&window, "focus", Hint::Focus),
            hint(&window, "pageshow", Hint::PageShow),
            hint(&document, "resume", Hint::Resume),
            hide(&window, "pagehide"),
            // A frozen page keeps a socket that nobody reads.
            hide(&document, "freeze"),
            visibility(&document, client.clone()),
            storage(&window, client.clone()),
        ];
        Some(Self { _listeners: listeners, _hints: None })
    }
}

/// What another tab wrote, not that everything was cleared, which has no key.
fn storage(window: &EventTarget, client: WeakClient) -> EventListener {
    EventListener::new(window, "storage", move |event| {
        if event.dyn_ref::<web_sys::StorageEvent>().is_some_and(|event| event.key().is_some()) {
            client.with(Client::other_tab_wrote);
        }
    })
}

fn visibility(document: &web_sys::Document, client: WeakClient) -> EventListener {
    let asked = document.clone();
    EventListener::new(document, "visibilitychange", move |_| {
        let hint = if asked.hidden() { Hint::Hidden } else { Hint::Visible };
        client.with(|client| client.hint(hint));
    })
}
