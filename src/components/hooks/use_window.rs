//! Long lists: render only the rows near the visible ones.

use super::use_media;
use gloo::events::EventListener;
use std::ops::Range;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// Shorter lists are rendered whole: then the browser's own find-in-page sees every row.
const THRESHOLD: usize = 60;
/// Rows kept above and below, so that scrolling by a page shows no gap before the next frame.
const MARGIN: usize = 16;
/// The first row moves in steps of so many, so that not every pixel of scrolling renders.
const STEP: usize = 8;

/// What a windowed list needs.
pub struct Window {
    /// Goes on the element that scrolls.
    pub scroller: NodeRef,
    /// Goes on the element that holds the rows: it gets the height of the whole list.
    pub holder: NodeRef,
    /// The rows to render.
    pub range: Range<usize>,
}

/// A window over `count` rows of `row_height` px each.
#[hook]
pub fn use_window(count: usize, row_height: u32) -> Window {
    let scroller = use_node_ref();
    let holder = use_node_ref();
    let seen = use_state_eq(|| (0, 40));
    // Paper does not scroll.
    let windowed = !use_media("print") && count > THRESHOLD;

    let set = seen.setter();
    use_effect_with((scroller.clone(), windowed, row_height), move |(scroller, windowed, row_height)| {
        let listeners = scroller.cast::<Element>().filter(|_| *windowed).map(|element| {
            let row_height = *row_height;
            let measured = element.clone();
            let measure = move || set.set(visible(&measured, row_height));
            measure();
            let again = measure.clone();
            let resized = web_sys::window().map(|w| EventListener::new(&w, "resize", move |_| again()));
            (EventListener::new(&element, "scroll", move |_| measure()), resized)
        });
        move || drop(listeners)
    });

    let range = if windowed {
        let (first, shown) = *seen;
        // A list that became shorter under a scrolled view ends at its end.
        let start = first.saturating_sub(MARGIN).min(count.saturating_sub(shown + MARGIN));
        start..(first + shown + MARGIN).min(count)
    } else {
        0..count
    };

    // CSSOM, because the content security policy forbids style attributes.
    use_effect_with(
        (holder.clone(), range.start, count, row_height, windowed),
        |(holder, start, count, height, windowed)| {
            if let Some(style) = holder.cast::<HtmlElement>().map(|element| element.style()) {
                let set = |name: &str, rows: usize| match windowed {
                    true => style.set_property(name, &format!("{}px", rows * *height as usize)),
                    false => style.remove_property(name).map(|_| ()),
                };
                // A browser that refuses a length shows the list without its full height, no worse.
                let _ = set("height", *count);
                let _ = set("padding-top", *start);
            }
        },
    );
    Window { scroller, holder, range }
}

/// First visible row, rounded down to a step, and how many are visible.
fn visible(element: &Element, row_height: u32) -> (usize, usize) {
    let height = row_height.max(1) as usize;
    let first = element.scroll_top().max(0) as usize / height;
    let shown = element.client_height().max(0) as usize / height + STEP + 1;
    (first / STEP * STEP, shown)
}
