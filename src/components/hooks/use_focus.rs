//! The focus, for what just appeared.

use web_sys::HtmlElement;
use yew::prelude::*;

/// Give the reference to an element: it takes the focus when its component appears. For what takes the place of what had
/// the focus; without it a keyboard or a screen reader would start over at the top of the page.
#[hook]
pub fn use_focus() -> NodeRef {
    let node = use_node_ref();
    let focused = node.clone();
    use_effect_with((), move |()| {
        if let Some(element) = focused.cast::<HtmlElement>() {
            // One that cannot take it leaves it where it is.
            let _ = element.focus();
        }
    });
    node
}
