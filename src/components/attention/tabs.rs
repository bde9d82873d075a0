//! Whether the person looks at the console, in this tab or in another one: tabs send each other reports by way of
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

/// The first word of a report of own changes.
const OWN: &str = "own";

/// What another tab reports.
pub(super) enum Report {
    /// The person did something there.
    Acted,
    /// What this user made of incidents there.
    Own(Vec<String>),
    /// Something else: [`Tabs::is_attended`] may have changed.
    Other,
}

/// The tabs of one connection in this browser.
pub(super) struct Tabs {
    id: String,
    /// Where the last report of a tab is stored.
    key: String,
    /// Reports of this tab so far.
    count: Cell<u32>,
    /// Other tabs in front, and until when that holds.
    here: RefCell<Vec<(String, u64)>>,
    /// When this tab last reported that it is in front, ms; 0: it is not.
    reported_at: Cell<u64>,
}

impl Tabs {
    /// `scope`: tabs of the same one belong together.
    pub(super) fn new(scope: &str) -> Self {
        Self {
            id: js_sys::Math::random().to_string(),
            key: format!("sentinelops.attention {scope}"),
            count: Cell::new(0),
            here: RefCell::default(),
            reported_at: Cell::new(0),
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
                on_message(text.split_once(' ').map_or_else(String::new, |(_, report)| report.to_owned()));
            }
        }))
    }

    /// Takes in what another tab reports.
    pub(super) fn receive(&self, text: &str, now: u64) -> Report {
        let Some((what, id)) = text.split_once(' ') else { return Report::Acted };
        if what == OWN {
            return Report::Own(id.lines().map(str::to_owned).collect());
        }
        let mut here = self.here.borrow_mut();
        here.retain(|(known, _)| known != id);
        if what == "here" {
            here.push((id.to_owned(), now + STALE_MS));
        }
        Report::Other
    }

    /// Reports to the others whether this tab is in front: when that changed, and again before they forget.
    pub(super) fn report(&self, is_here: bool, now: u64) {
        let reported_at = self.reported_at.get();
        match (is_here, reported_at) {
            (false, 0) => {}
            (false, _) => {
                self.reported_at.set(0);
                self.post(&format!("away {}", self.id));
            }
            (true, at) if now.saturating_sub(at) >= REPEAT_MS => {
                self.reported_at.set(now);
                self.post(&format!("here {}", self.id));
            }
            (true, _) => {}
        }
    }

    /// Reports to the others that the person did something.
    pub(super) fn report_act(&self) {
        self.post("acted");
    }

    /// Reports to the others what this user makes of incidents here.
    pub(super) fn report_own(&self, changes: &[String]) {
        self.post(&format!("{OWN} {}", changes.join("\n")));
    }

    /// Whether another tab is in front.
    pub(super) fn is_attended(&self, now: u64) -> bool {
        self.here.borrow().iter().any(|(_, until)| now < *until)
    }

    fn post(&self, text: &str) {
        let Some(storage) = storage() else { return };
        self.count.set(self.count.get() + 1);
        // Without space this tab is known to itself only: at worst another one notifies a person who looks at this one.
        let _ = storage.set_item(&self.key, &format!("{}/{} {text}", self.id, self.count.get()));
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.report(false, 0);
        // The address of the connection is in the key: nothing of it stays after a sign-out.
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&self.key);
        }
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
