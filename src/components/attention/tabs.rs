//! Whether the person looks at the console, in this tab or in another one: tabs send each other words by way of
//! `localStorage`. A `BroadcastChannel` would do it with less, but a page that is put away, and receives something on one, is
//! discarded: going back would load it from nothing.

use gloo::events::EventListener;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsCast;
use web_sys::{Storage, StorageEvent};

/// A tab that does not repeat that it is in front counts as gone, ms: it may have crashed.
const STALE_MS: u64 = 12_000;
/// It repeats it so often, ms.
const REPEAT_MS: u64 = 4_000;

/// What another tab said.
pub(super) enum Said {
    /// The person did something there.
    Acted,
    /// Something else: [`Tabs::is_attended`] may have changed.
    Other,
}

/// The tabs of one connection in this browser.
pub(super) struct Tabs {
    id: String,
    /// Where the last words of a tab lie.
    key: String,
    words: Cell<u32>,
    /// Other tabs in front, and until when that holds.
    here: RefCell<Vec<(String, u64)>>,
    told_at: Cell<u64>,
}

impl Tabs {
    /// `scope`: tabs of the same one belong together.
    pub(super) fn new(scope: &str) -> Self {
        Self {
            id: js_sys::Math::random().to_string(),
            key: format!("sentinelops.attention {scope}"),
            words: Cell::new(0),
            here: RefCell::default(),
            told_at: Cell::new(0),
        }
    }

    /// Listens to the others for as long as the listener lives.
    pub(super) fn listen(&self, on_message: impl Fn(String) + 'static) -> Option<EventListener> {
        let key = self.key.clone();
        Some(EventListener::new(&web_sys::window()?.into(), "storage", move |event| {
            let Some(event) = event.dyn_ref::<StorageEvent>() else { return };
            if event.key().as_deref() == Some(&*key)
                && let Some(text) = event.new_value()
            {
                // Behind the number that makes it another value than the one before.
                on_message(text.split_once(' ').map_or_else(String::new, |(_, words)| words.to_owned()));
            }
        }))
    }

    /// Takes in what another tab said.
    pub(super) fn hear(&self, text: &str, now: u64) -> Said {
        let Some((what, id)) = text.split_once(' ') else { return Said::Acted };
        let mut here = self.here.borrow_mut();
        here.retain(|(known, _)| known != id);
        if what == "here" {
            here.push((id.to_owned(), now + STALE_MS));
        }
        Said::Other
    }

    /// Tells the others whether this tab is in front: when that changed, and again before they forget.
    pub(super) fn tell(&self, is_here: bool, now: u64) {
        let told_at = self.told_at.get();
        match (is_here, told_at) {
            (false, 0) => {}
            (false, _) => {
                self.told_at.set(0);
                self.post(&format!("away {}", self.id));
            }
            (true, told_at) if now.saturating_sub(told_at) >= REPEAT_MS => {
                self.told_at.set(now);
                self.post(&format!("here {}", self.id));
            }
            (true, _) => {}
        }
    }

    /// Tells the others that the person did something.
    pub(super) fn tell_acted(&self) {
        self.post("acted");
    }

    /// Whether another tab is in front.
    pub(super) fn is_attended(&self, now: u64) -> bool {
        self.here.borrow().iter().any(|(_, until)| now < *until)
    }

    fn post(&self, text: &str) {
        let Some(storage) = storage() else { return };
        self.words.set(self.words.get() + 1);
        // Without space this tab is known to itself only: at worst another one notifies a person who looks at this one.
        let _ = storage.set_item(&self.key, &format!("{}/{} {text}", self.id, self.words.get()));
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.tell(false, 0);
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// This page is what the person sees: its tab is in front, and its window has the focus.
pub(super) fn is_focused() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| !document.hidden() && document.has_focus().unwrap_or(true))
}
