//! Name, pages, connection, theme.

use super::{PageLink, PrintHeader, Route};
use crate::components::attention::AttentionButton;
use crate::components::shell::{ConnectionButton, Me, ThemeToggle};
use crate::components::sign_out::SignOutButton;
use yew::prelude::*;

/// See [`TopBar`].
#[derive(Properties, PartialEq)]
pub struct TopBarProps {
    /// The banners: those of the connection stand in the bar itself where it is wide enough, so that nothing on the page
    /// moves when they come and go; the others stand below it.
    #[prop_or_default]
    pub children: Html,
    /// The id of the part of this page with the connection, the outbox and the diagnostics, where it has one: the button
    /// leads there, and opens no dialog with the same once more.
    #[prop_or_default]
    pub connection: Option<AttrValue>,
}

/// The header of all pages.
#[component]
pub fn TopBar(props: &TopBarProps) -> Html {
    html! {
        <header class="topbar">
            <PageLink to={Route::Console} classes="brand">
                <svg class="brand__mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                    <path d="M10 1.4 2.6 4.2v5.5c0 4.6 3.1 7.4 7.4 8.9 4.3-1.5 7.4-4.3 7.4-8.9V4.2Z" fill="none"
                        stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />
                    <path d="M5.2 10.2h2.2l1.5-3.4 2.3 6 1.4-2.6h2.2" fill="none" stroke="currentColor"
                        stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
                </svg>
                <span class="brand__name">{ "SentinelOps" }</span>
                <span class="sr-only">{ ": to the console" }</span>
            </PageLink>
            <nav class="topnav" aria-label="Pages">
                <PageLink to={Route::Console} marked=true>{ "Console" }</PageLink>
                <PageLink to={Route::RealtimeDemo} marked=true>
                    <span class="topnav__long">{ "Realtime demo" }</span><span class="topnav__short">{ "Demo" }</span>
                </PageLink>
            </nav>
            <PrintHeader />
            { props.children.clone() }
            <div class="topbar__end">
                <ConnectionButton panel={props.connection.clone()} />
                <AttentionButton />
                <ThemeToggle />
                <Me />
                <SignOutButton />
            </div>
        </header>
    }
}
