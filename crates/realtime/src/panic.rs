//! A screen instead of a dead page.

use wasm_bindgen::JsValue;

const STOPPED: &str = "This page has stopped working";
const MISTAKE: &str = "A mistake in the program stopped it. Reload the page to go on. Messages that were saved on this device go \
    out after the reload; check what you sent last.";

/// After a panic nothing on the page reacts any more (there is no unwinding in WebAssembly). This
/// says so and asks to reload, with plain DOM calls: Yew is no longer to be trusted then. What was
/// saved on this device is safe; what the browser could not store, or was only being sent when the page
/// stopped, may be lost.
///
/// Call it first thing in `main`, before a renderer is made.
///
/// ```no_run
/// sentinelops_realtime::install_reload_screen();
/// ```
pub fn install_reload_screen() {
    yew::set_custom_panic_hook(Box::new(|info| {
        let detail = info.to_string();
        web_sys::console::error_1(&JsValue::from_str(&detail));
        // Without a document there is nobody to tell.
        let _ = show(STOPPED, MISTAKE, &detail);
    }));
}

/// Replaces the page by a screen with a link that reloads it.
pub(crate) fn show(title: &str, what: &str, detail: &str) -> Result<(), JsValue> {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else { return Ok(()) };
    let Some(body) = document.body() else { return Ok(()) };
    if document.get_element_by_id("sentinelops-panic").is_some() {
        return Ok(());
    }
    let text = |tag: &str, class: &str, text: &str| -> Result<web_sys::Element, JsValue> {
        let element = document.create_element(tag)?;
        element.set_class_name(class);
        element.set_text_content(Some(text));
        Ok(element)
    };
    let screen = text("div", "sentinelops-panic", "")?;
    screen.set_id("sentinelops-panic");
    screen.set_attribute("role", "alert")?;
    screen.append_child(&text("h1", "sentinelops-panic__title", title)?.into())?;
    screen.append_child(&text("p", "sentinelops-panic__text", what)?.into())?;
    // A link to the page itself: it works without any code of ours.
    let reload = text("a", "sentinelops-panic__reload", "Reload the page")?;
    reload.set_attribute("href", "")?;
    screen.append_child(&reload.into())?;
    screen.append_child(&text("pre", "sentinelops-panic__detail", detail)?.into())?;
    body.set_text_content(None);
    body.append_child(&screen.into())?;
    Ok(())
}
