//! Links between pages.

use super::Route;
use super::address::{go, leaves};
use yew::prelude::*;
use yew_router::prelude::*;

#[derive(Properties, PartialEq)]
pub(super) struct PageLinkProps {
    pub to: Route,
    #[prop_or_default]
    pub classes: Classes,
    /// It says so when it leads to where one is.
    #[prop_or_default]
    pub marked: bool,
    pub children: Html,
}

/// A link to a page. Ordinary navigation where another program shows that page, or another tab is wanted.
#[component]
pub(super) fn PageLink(props: &PageLinkProps) -> Html {
    let navigator = use_navigator();
    let current = props.marked && use_route::<Route>().as_ref() == Some(&props.to);
    let base = navigator.as_ref().and_then(|n| n.basename().map(str::to_owned)).unwrap_or_default();
    let href = format!("{base}{}", props.to.to_path());
    let onclick = {
        let to = props.to.clone();
        Callback::from(move |event: MouseEvent| {
            // A new tab or window is the browser's business.
            let plain = !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
            if let Some(navigator) = navigator.as_ref().filter(|navigator| plain && !leaves(navigator, &to)) {
                event.prevent_default();
                go(navigator, &to, &Vec::new(), true);
            }
        })
    };
    html! {
        <a class={props.classes.clone()} {href} {onclick} aria-current={current.then_some("page")}>{ props.children.clone() }</a>
    }
}
