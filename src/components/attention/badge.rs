//! The title of the tab, its icon, and the icon of the installed app.

use crate::attention::Badge;
use crate::words::attention as texts;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlLinkElement;

/// What the tab shows.
#[derive(Default)]
struct Shown {
    page: String,
    badge: Badge,
    /// The address of the icon without a badge; `None`: it was not replaced yet.
    icon: Option<String>,
}

thread_local! {
    static SHOWN: RefCell<Shown> = RefCell::default();
}

/// The title of the page itself.
pub fn set_page_title(title: &str) {
    SHOWN.with_borrow_mut(|shown| {
        title.clone_into(&mut shown.page);
        show_title(shown);
    });
}

/// Shows how many incidents call.
pub(super) fn set_badge(badge: Badge) {
    SHOWN.with_borrow_mut(|shown| {
        if shown.badge.count != badge.count {
            show_app_badge(badge.count);
        }
        shown.badge = badge;
        show_title(shown);
        show_icon(shown);
    });
}

fn show_title(shown: &Shown) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let Badge { count, headline, .. } = &shown.badge;
    match count {
        0 => document.set_title(&shown.page),
        count => document.set_title(&texts::title(*count, headline, &shown.page)),
    }
}

fn show_icon(shown: &mut Shown) {
    let link = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector("link[rel=icon]").ok().flatten())
        .and_then(|link| link.dyn_into::<HtmlLinkElement>().ok());
    let Some(link) = link else { return };
    if shown.badge.count == 0 {
        if let Some(icon) = shown.icon.take() {
            link.set_href(&icon);
        }
        return;
    }
    if shown.icon.is_none() {
        shown.icon = link.get_attribute("href");
    }
    link.set_href(&icon_url(&shown.badge));
}

/// The shield of the icon with a count on it. A data URL: the policy allows images of it.
fn icon_url(badge: &Badge) -> String {
    let colour = if badge.level == 0 { "b3211b" } else { "9c4a06" };
    let count = if badge.count > 9 { "9+".to_owned() } else { badge.count.to_string() };
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'>\
         <path d='M10 1.4 2.6 4.2v5.5c0 4.6 3.1 7.4 7.4 8.9 4.3-1.5 7.4-4.3 7.4-8.9V4.2Z' fill='#0b6b60'/>\
         <circle cx='13.5' cy='13.5' r='6.5' fill='#{colour}' stroke='#fff'/>\
         <text x='13.5' y='16.6' font-family='sans-serif' font-size='9' font-weight='700' text-anchor='middle' \
         fill='#fff'>{count}</text></svg>"
    );
    format!("data:image/svg+xml,{}", String::from(js_sys::encode_uri_component(&svg)))
}

/// On the icon of the installed app, where the browser has one.
fn show_app_badge(count: usize) {
    let Some(navigator) = web_sys::window().map(|window| window.navigator()) else { return };
    let set = js_sys::Reflect::get(&navigator, &"setAppBadge".into())
        .ok()
        .and_then(|set| set.dyn_into::<js_sys::Function>().ok());
    // 0 takes the badge away.
    let Some(Ok(promise)) = set.map(|set| set.call1(&navigator, &JsValue::from(count as u32))) else {
        return;
    };
    if let Ok(promise) = promise.dyn_into::<js_sys::Promise>() {
        wasm_bindgen_futures::spawn_local(async move {
            // A browser in which the app is not installed may refuse: title and icon of the tab remain.
            let _ = JsFuture::from(promise).await;
        });
    }
}
