//! Notifications of the system.

use gloo::events::EventListener;
use std::cell::RefCell;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};
use yew::Callback;

/// Whether notifications may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// This browser, or this address, has none: browsers want https.
    Unavailable,
    /// The person was not asked yet.
    NotAsked,
    /// They may.
    Granted,
    /// The person, or their administrator, forbids them.
    Denied,
}

/// The permission now.
pub(super) fn permission() -> Permission {
    let has = web_sys::window()
        .is_some_and(|window| js_sys::Reflect::has(&window, &"Notification".into()).unwrap_or(false));
    if !has {
        return Permission::Unavailable;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::NotAsked,
    }
}

/// Asks the person, then calls back with the permission. Only while they press a button: browsers refuse it otherwise.
pub(super) fn ask(on_answer: Callback<Permission>) {
    let Ok(asked) = Notification::request_permission() else { return on_answer.emit(permission()) };
    wasm_bindgen_futures::spawn_local(async move {
        // The answer stands in the permission, whatever the promise says.
        let _ = JsFuture::from(asked).await;
        on_answer.emit(permission());
    });
}

/// One that is shown, and what a press on it does. Dropped, it stays on the screen: browsers close notifications by
/// their tag, so closing a replaced one would take its successor away.
struct Shown {
    tag: String,
    notification: Notification,
    _on_click: EventListener,
}

/// Those that this tab shows.
#[derive(Default)]
pub(super) struct Notifications(RefCell<Vec<Shown>>);

impl Notifications {
    /// Shows one in place of that with the same tag. A press brings the page to the front and calls `on_press`.
    pub(super) fn show(&self, tag: String, title: &str, body: &str, on_press: impl Fn() + 'static) {
        if permission() != Permission::Granted {
            return;
        }
        let options = NotificationOptions::new();
        options.set_body(body);
        options.set_tag(&tag);
        // Chrome on Android shows notifications of service workers only, and throws: badge and sound remain.
        let Ok(notification) = Notification::new_with_options(title, &options) else { return };
        let on_click = EventListener::new(&notification, "click", move |event| {
            if let Some(window) = web_sys::window() {
                // A browser that does not bring it to the front opens the incident all the same.
                let _ = window.focus();
            }
            if let Some(shown) = event.target().and_then(|target| target.dyn_into::<Notification>().ok()) {
                shown.close();
            }
            on_press();
        });
        let mut shown = self.0.borrow_mut();
        shown.retain(|shown| shown.tag != tag);
        shown.push(Shown { tag, notification, _on_click: on_click });
    }

    /// Closes each of them.
    pub(super) fn close_all(&self) {
        for shown in self.0.take() {
            shown.notification.close();
        }
    }

    /// Closes one.
    pub(super) fn close(&self, tag: &str) {
        self.0.borrow_mut().retain(|shown| {
            if shown.tag == tag {
                shown.notification.close();
            }
            shown.tag != tag
        });
    }
}
