//! After the end.

use crate::components::hooks::use_focus;
use crate::components::icon::{Icon, icon_mark};
use crate::components::sign_in::{SignIn, SignInButton};
use sentinelops_realtime::use_signed_out;
use yew::prelude::*;

/// See [`SessionGate`].
#[derive(Properties, PartialEq)]
pub struct SessionGateProps {
    /// The app.
    pub children: Html,
}

/// The app, until the session is over; also when another tab ended it.
#[component]
pub fn SessionGate(props: &SessionGateProps) -> Html {
    if use_signed_out() {
        html! { <SignedOut /> }
    } else {
        props.children.clone()
    }
}

#[component]
fn SignedOut() -> Html {
    let heading = use_focus();
    use_effect_with((), |()| {
        if let Some(document) = web_sys::window().and_then(|w| w.document()) {
            document.set_title("Signed out - SentinelOps");
        }
    });
    let sign_in = use_context::<SignIn>().unwrap_or_default();
    let reload = |_| {
        if let Some(window) = web_sys::window() {
            // A browser that refuses a reload leaves the person with its own button.
            let _ = window.location().reload();
        }
    };
    html! {
        <main class="screen screen--whole" data-testid="signed-out">
            <span class="screen__mark">{ icon_mark(Icon::Tick, 22) }</span>
            <h1 ref={heading} tabindex="-1">{ "Signed out" }</h1>
            <p>{ "This session has ended in every tab of this browser." }</p>
            if sign_in.url.is_some() {
                <SignInButton />
            } else {
                <button type="button" class="button button--primary" onclick={reload} data-testid="sign-in-again">{ "Sign in again" }</button>
            }
        </main>
    }
}
