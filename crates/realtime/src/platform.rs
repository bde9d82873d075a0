//! What a client needs of the machine: clocks, randomness, timers, frames. The browser, or virtual
//! time in tests.

use super::client::PACE_MS;
use super::id::{is_same_session, ulid};
use futures::future::LocalBoxFuture;
use sentinelops_engine::Hint;
use std::{any::Any, rc::Rc};

/// Something under way. Dropping it cancels it.
#[must_use = "dropping it cancels the timer"]
pub(crate) struct Timer(#[allow(dead_code, reason = "held for its Drop")] Box<dyn Any>);

impl Timer {
    pub(crate) fn new(guard: impl Any) -> Self {
        Self(Box::new(guard))
    }
}

/// See the module.
pub(crate) trait Platform {
    /// Wall clock, ms since the epoch.
    fn wall(&self) -> u64;

    /// Monotonic clock, ms.
    fn mono(&self) -> u64;

    /// Ten unpredictable bytes.
    fn random(&self) -> [u8; 10];

    /// Calls back after so many ms.
    fn after(&self, ms: u32, call: Box<dyn FnOnce()>) -> Timer;

    /// Calls back before the next paint. Falls silent while the page is hidden.
    fn frame(&self, call: Box<dyn FnOnce()>) -> Timer;

    /// Interval (ms) between two looks of the page at what came from outside.
    fn pace_ms(&self) -> u64 {
        PACE_MS
    }

    /// Whether the page is visible.
    fn visible(&self) -> bool;

    /// The page's address (`https://host/path`); relative URLs hang on it.
    fn page_url(&self) -> String;

    /// The server that the page names, if it names one.
    fn server(&self) -> Option<String>;

    /// The path the app is deployed under.
    fn base_path(&self) -> String;

    /// Names this browser towards the server for a scope: the same in all its tabs, and tomorrow.
    fn session(&self, scope: &str) -> String;

    /// Whether this is that name: `false` where another tab has forgotten it.
    fn is_session(&self, scope: &str, name: &str) -> bool;

    /// Forgets that name, if it is this one.
    fn forget_session(&self, scope: &str, name: &str);

    /// Keeps a text for the next life of this tab's page, under this scope; `None`: keeps none. Where there
    /// is no space, or no permission, nothing is kept.
    fn keep(&self, scope: &str, text: Option<&str>);

    /// What is kept there.
    fn kept(&self, scope: &str) -> Option<String>;

    /// The drafts of a scope, of all tabs of this browser.
    fn drafts(&self, scope: &str) -> Option<String>;

    /// Stores them; `None`: removes them. Where there is no space, or no permission, none are stored.
    fn keep_drafts(&self, scope: &str, text: Option<&str>);

    /// Tells the other tabs something.
    fn broadcast(&self, channel: &str, bytes: &[u8]);

    /// Runs a future of the page.
    fn spawn(&self, future: LocalBoxFuture<'static, ()>);

    /// Calls `listener` with the hints a test gives about its page, until the timer is dropped. `None`: there
    /// is a real page to listen to.
    fn hints(&self, listener: Box<dyn Fn(Hint)>) -> Option<Timer>;
}

/// The real thing.
pub(crate) struct Browser;

impl Platform for Browser {
    fn wall(&self) -> u64 {
        js_sys::Date::now() as u64
    }

    fn mono(&self) -> u64 {
        web_sys::window().and_then(|w| w.performance()).map_or_else(|| self.wall(), |p| p.now() as u64)
    }

    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let filled = web_sys::window()
            .and_then(|w| w.crypto().ok())
            .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
        if !filled {
            // No crypto is a very old or a crippled browser; ids then rest on Math.random.
            bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
        }
        bytes
    }

    fn after(&self, ms: u32, call: Box<dyn FnOnce()>) -> Timer {
        Timer::new(gloo::timers::callback::Timeout::new(ms, call))
    }

    fn frame(&self, call: Box<dyn FnOnce()>) -> Timer {
        Timer::new(gloo::render::request_animation_frame(move |_| call()))
    }

    fn visible(&self) -> bool {
        web_sys::window().and_then(|w| w.document()).is_none_or(|d| !d.hidden())
    }

    fn page_url(&self) -> String {
        web_sys::window().and_then(|w| w.location().href().ok()).unwrap_or_default()
    }

    fn server(&self) -> Option<String> {
        meta("sentinelops-url")
    }

    fn base_path(&self) -> String {
        meta("sentinelops-base").unwrap_or_else(|| "/".to_owned())
    }

    fn session(&self, scope: &str) -> String {
        let (key, storage) = (session_key(scope), local_storage());
        if let Some(known) = storage.as_ref().and_then(|s| s.get_item(&key).ok().flatten()) {
            return known;
        }
        let minted = ulid(self.wall(), self.random());
        // Without storage (private mode) each page is a browser of its own; that is true enough.
        if let Some(storage) = storage {
            let _ = storage.set_item(&key, &minted);
        }
        minted
    }

    fn is_session(&self, scope: &str, name: &str) -> bool {
        let stored = local_storage().and_then(|storage| storage.get_item(&session_key(scope)).ok().flatten());
        is_same_session(stored.as_deref(), name)
    }

    fn forget_session(&self, scope: &str, name: &str) {
        if self.is_session(scope, name)
            && let Some(storage) = local_storage()
        {
            // Storage that cannot be written to holds no name either.
            let _ = storage.remove_item(&session_key(scope));
        }
    }

    fn keep(&self, scope: &str, text: Option<&str>) {
        let Some(storage) = tab_storage() else { return };
        let key = kept_key(scope);
        // Full or forbidden: people are asked before the page goes (`components::UnloadGuard`).
        let _ = match text {
            Some(text) => storage.set_item(&key, text),
            None => storage.remove_item(&key),
        };
    }

    fn kept(&self, scope: &str) -> Option<String> {
        tab_storage()?.get_item(&kept_key(scope)).ok()?
    }

    fn drafts(&self, scope: &str) -> Option<String> {
        local_storage()?.get_item(&drafts_key(scope)).ok()?
    }

    fn keep_drafts(&self, scope: &str, text: Option<&str>) {
        let Some(storage) = local_storage() else { return };
        // Full or forbidden: the draft then lasts as long as its field.
        let _ = match text {
            Some(text) => storage.set_item(&drafts_key(scope), text),
            None => storage.remove_item(&drafts_key(scope)),
        };
    }

    fn broadcast(&self, channel: &str, bytes: &[u8]) {
        // Opened for this alone: one that is open while the page is in the bfcache would bring it out of there.
        if let Ok(channel) = web_sys::BroadcastChannel::new(channel) {
            let _ = channel.post_message(&js_sys::Uint8Array::from(bytes));
            channel.close();
        }
    }

    fn spawn(&self, future: LocalBoxFuture<'static, ()>) {
        wasm_bindgen_futures::spawn_local(future);
    }

    fn hints(&self, _: Box<dyn Fn(Hint)>) -> Option<Timer> {
        None
    }
}

fn local_storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// Ends with the tab, and outlives its pages.
fn tab_storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn kept_key(scope: &str) -> String {
    format!("sentinelops-unsaved|{scope}")
}

fn drafts_key(scope: &str) -> String {
    format!("sentinelops-drafts|{scope}")
}

fn session_key(scope: &str) -> String {
    format!("sentinelops-session|{scope}")
}

/// The content of a meta tag of the page.
pub(crate) fn meta(name: &str) -> Option<String> {
    let document = web_sys::window()?.document()?;
    let tag = document.query_selector(&format!("meta[name={name}]")).ok()??;
    tag.get_attribute("content").filter(|content| !content.is_empty())
}

/// The platform of a client.
pub(crate) type SharedPlatform = Rc<dyn Platform>;
