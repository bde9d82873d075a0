//! Logs that follow their newest line until the person scrolls up.

use gloo::events::EventListener;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// So close to the end counts as at the end, px: a finger is not exact.
const SLACK: i32 = 24;

/// What a log that follows needs.
pub struct Follow {
    /// Goes on the element that scrolls.
    pub scroller: NodeRef,
    /// Entries that came while the person read further up.
    pub unseen: u64,
    /// Goes to the newest and follows again.
    pub jump: Callback<()>,
}

/// Follows the end. `total` counts every entry there ever was, also those no longer shown.
#[hook]
pub fn use_follow(total: u64) -> Follow {
    let scroller = use_node_ref();
    // `None` while following; else the count when the person left the end.
    let left_at = use_state_eq(|| None::<u64>);
    let latest = use_mut_ref(|| total);
    *latest.borrow_mut() = total;

    let set = left_at.setter();
    {
        let latest = latest.clone();
        let set = set.clone();
        use_effect_with(scroller.clone(), move |scroller| {
            let listener = scroller.cast::<Element>().map(|element| {
                let watched = element.clone();
                let was_at_end = std::cell::Cell::new(true);
                EventListener::new(&element, "scroll", move |_| {
                    let end = at_end(&watched);
                    // Only the step away from the end counts: scrolling on up keeps the number.
                    if end != was_at_end.replace(end) {
                        set.set((!end).then(|| *latest.borrow()));
                    }
                })
            });
            move || drop(listener)
        });
    }

    let following = left_at.is_none();
    use_effect_with((scroller.clone(), total, following), |(scroller, _, following)| {
        if *following {
            to_end(scroller);
        }
    });
    // A panel that became smaller, or was not displayed until now, hides its end without a scroll.
    use_effect_with((scroller.clone(), following), |(scroller, following)| {
        let observed = scroller.cast::<Element>().filter(|_| *following).and_then(|element| {
            let scroller = scroller.clone();
            let resized = Closure::<dyn FnMut()>::new(move || to_end(&scroller));
            let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok()?;
            observer.observe(&element);
            Some((observer, resized))
        });
        move || {
            if let Some((observer, resized)) = observed {
                observer.disconnect();
                drop(resized);
            }
        }
    });

    let jump = use_callback(scroller.clone(), move |(), scroller| {
        set.set(None);
        to_end(scroller);
    });
    Follow { scroller, unseen: left_at.map_or(0, |count| total.saturating_sub(count)), jump }
}

fn at_end(element: &Element) -> bool {
    element.scroll_height() - element.scroll_top() - element.client_height() <= SLACK
}

fn to_end(scroller: &NodeRef) {
    if let Some(element) = scroller.cast::<Element>() {
        element.set_scroll_top(element.scroll_height());
    }
}
