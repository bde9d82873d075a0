//! Points at a panel of the page.

use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};
use yew::prelude::*;

/// Marks the panel with this test id for as long as it is named, and scrolls it into view.
#[hook]
pub(super) fn use_look(testid: Option<&'static str>) {
    use_effect_with(testid, |testid| {
        let find = |testid: &str| {
            let query = format!("[data-testid=\"{testid}\"]");
            gloo::utils::document().query_selector(&query).ok().flatten()
        };
        let found = testid.and_then(find);
        if let Some(panel) = &found {
            // Before the scrolling, which leaves room for the header by it. It fails for names that are none.
            let _ = panel.set_attribute("data-look", "");
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Start);
            panel.scroll_into_view_with_scroll_into_view_options(&options);
        }
        move || {
            found.into_iter().for_each(|panel| {
                let _ = panel.remove_attribute("data-look");
            });
        }
    });
}
