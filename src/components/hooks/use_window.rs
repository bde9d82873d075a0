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

/// A window over `count` rows of one height, which is measured: the style sheet may change it with `density` and the width
/// of the panel.
#[hook]
pub fn use_window(count: usize, density: &'static str) -> Window {
    let scroller = use_node_ref();
    let holder = use_node_ref();
    let seen = use_state_eq(|| Seen { first: 0, shown: 40, row_height: 44 });
    // Paper does not scroll.
    let windowed = !use_media("print") && count > THRESHOLD;

    let set = seen.setter();
    use_effect_with(
        (scroller.clone(), holder.clone(), windowed, density),
        move |(scroller, holder, windowed, _)| {
            let elements = scroller.cast::<Element>().zip(holder.cast::<Element>()).filter(|_| *windowed);
            let listeners = elements.map(|(element, holder)| {
                let measured = element.clone();
                let measure = move || set.set(visible(&measured, &holder));
                measure();
                let again = measure.clone();
                let resized = web_sys::window().map(|w| EventListener::new(&w, "resize", move |_| again()));
                (EventListener::new(&element, "scroll", move |_| measure()), resized)
            });
            move || drop(listeners)
        },
    );

    let range = if windowed {
        let Seen { first, shown, .. } = *seen;
        // A list that became shorter under a scrolled view ends at its end.
        let start = first.saturating_sub(MARGIN).min(count.saturating_sub(shown + MARGIN));
        start..(first + shown + MARGIN).min(count)
    } else {
        0..count
    };

    // CSSOM, because the content security policy forbids style attributes.
    use_effect_with(
        (holder.clone(), range.start, count, seen.row_height, windowed),
        |(holder, start, count, height, windowed)| {
            if let Some(style) = holder.cast::<HtmlElement>().map(|element| element.style()) {
                let set = |name: &str, rows: usize| match windowed {
                    true => style.set_property(name, &format!("{}px", rows * height)),
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

/// What is visible, in rows.
#[derive(Clone, Copy, PartialEq)]
struct Seen {
    /// The first one, rounded down to a step.
    first: usize,
    /// How many.
    shown: usize,
    /// Px.
    row_height: usize,
}

fn visible(scroller: &Element, holder: &Element) -> Seen {
    let height = |element: &Element| element.client_height().max(0) as usize;
    let row_height = holder.first_element_child().as_ref().map_or(0, height).max(1);
    let first = scroller.scroll_top().max(0) as usize / row_height;
    Seen { first: first / STEP * STEP, shown: height(scroller) / row_height + STEP + 1, row_height }
}
