//! Name, pages, connection, theme.

use super::{PrintHeader, Route};
use crate::components::attention::AttentionButton;
use crate::components::shell::{ConnectionButton, Me, ThemeToggle};
use crate::components::sign_out::SignOutButton;
use yew::prelude::*;
use yew_router::prelude::*;

/// See [`TopBar`].
#[derive(Properties, PartialEq)]
pub struct TopBarProps {
    /// The banners: those of the connection stand in the bar itself where it is wide enough, so that nothing on the page
    /// moves when they come and go; the others stand below it.
    #[prop_or_default]
    pub children: Html,
}

/// The header of all pages.
#[component]
pub fn TopBar(props: &TopBarProps) -> Html {
    html! {
        <header class="topbar">
            <Link<Route> to={Route::Console} classes="brand">
                <svg class="brand__mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                    <path d="M10 1.4 2.6 4.2v5.5c0 4.6 3.1 7.4 7.4 8.9 4.3-1.5 7.4-4.3 7.4-8.9V4.2Z" fill="none"
                        stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />
                    <path d="M5.2 10.2h2.2l1.5-3.4 2.3 6 1.4-2.6h2.2" fill="none" stroke="currentColor"
                        stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
                </svg>
                <span class="brand__name">{ "SentinelOps" }</span>
                <span class="sr-only">{ ": to the console" }</span>
            </Link<Route>>
            <nav class="topnav" aria-label="Pages">
                <NavLink to={Route::Console} label="Console" />
                <NavLink to={Route::RealtimeDemo} label="Realtime demo" short="Demo" />
            </nav>
            <PrintHeader />
            { props.children.clone() }
            <div class="topbar__end">
                <ConnectionButton />
                <AttentionButton />
                <ThemeToggle />
                <Me />
                <SignOutButton />
            </div>
        </header>
    }
}

#[derive(Properties, PartialEq)]
struct NavLinkProps {
    to: Route,
    label: AttrValue,
    /// Where there is little space.
    #[prop_or_default]
    short: Option<AttrValue>,
}

/// A link that knows whether it leads to where one is.
#[component]
fn NavLink(props: &NavLinkProps) -> Html {
    let navigator = use_navigator();
    let current = use_route::<Route>().as_ref() == Some(&props.to);
    let base = navigator.as_ref().and_then(|n| n.basename().map(str::to_owned)).unwrap_or_default();
    let href = format!("{base}{}", props.to.to_path());
    let onclick = {
        let to = props.to.clone();
        Callback::from(move |event: MouseEvent| {
            // A new tab or window is the browser's business.
            let plain = !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
            if let Some(navigator) = navigator.as_ref().filter(|_| plain) {
                event.prevent_default();
                navigator.push(&to);
            }
        })
    };
    html! {
        <a {href} {onclick} aria-current={current.then_some("page")}>
            if let Some(short) = &props.short {
                <span class="topnav__long">{ &props.label }</span><span class="topnav__short">{ short }</span>
            } else {
                { &props.label }
            }
        </a>
    }
}
