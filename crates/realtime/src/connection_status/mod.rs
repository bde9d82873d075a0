//! `<ConnectionStatus>`: the connection in a line or in full.
//!
//! Its looks are CSS classes that begin with `so-status`; [`CSS`] is a style sheet for them that takes its colours from
//! CSS custom properties.

mod glyph;
mod sparkline;
mod status;
mod view;
mod words;

use std::cell::Cell;
use wasm_bindgen::JsValue;
use web_sys::CssStyleSheet;

#[doc(hidden)]
pub use glyph::Glyph;
#[doc(hidden)]
pub use sparkline::Sparkline;
pub use status::{ConnectionStatus, ConnectionStatusProps};
#[doc(hidden)]
pub use view::{ConnectionView, ConnectionViewProps};
pub use words::{cause_advice, cause_label, storage_label};
#[doc(hidden)]
pub use words::{mode_label, quality_label, state_label, store_error_label};

/// The component's style sheet, to be served with one's own. The custom properties it reads are named at its top.
pub const CSS: &str = include_str!("../../assets/connection-status.css");

/// Has the document use [`CSS`], once, however often it is called; for pages that do not serve it as a file.
///
/// The sheet is made by script (`new CSSStyleSheet()`), which a policy of `style-src 'self'` allows. Only in a browser;
/// one that has no such sheets shows the component as plain text.
///
/// ```no_run
/// // In `main` of the page, before the renderer starts:
/// sentinelops_realtime::connection_status::adopt_css();
/// ```
pub fn adopt_css() {
    thread_local! {
        static IS_ADOPTED: Cell<bool> = const { Cell::new(false) };
    }
    if IS_ADOPTED.replace(true) {
        return;
    }
    let adopt = || -> Result<(), JsValue> {
        let sheet = CssStyleSheet::new()?;
        sheet.replace_sync(CSS)?;
        // web-sys has no binding for this list.
        let document = JsValue::from(web_sys::window().and_then(|window| window.document()));
        let name = JsValue::from_str("adoptedStyleSheets");
        let sheets = js_sys::Array::from(&js_sys::Reflect::get(&document, &name)?);
        sheets.push(&sheet);
        js_sys::Reflect::set(&document, &name, &sheets)?;
        Ok(())
    };
    if let Err(error) = adopt() {
        log::warn!(
            "the style sheet of <ConnectionStatus> could not be adopted ({error:?}): serve it as a file"
        );
    }
}
