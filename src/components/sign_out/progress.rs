//! The wait for what is to be sent first.

use super::messages;
use crate::components::hooks::use_focus;
use sentinelops_realtime::SignOut;
use yew::prelude::*;

/// See [`SignOutProgress`].
#[derive(Properties, PartialEq)]
pub struct SignOutProgressProps {
    /// Messages that have not left or were not confirmed yet.
    pub unsent: u32,
    /// There is a connection.
    pub connected: bool,
    /// They are saved on this device.
    pub saved: bool,
    /// Another decision.
    pub on_choose: Callback<SignOut>,
    /// It goes on out of sight.
    pub on_close: Callback<()>,
}

/// How far it is, and the way out: keep the rest.
#[component]
pub fn SignOutProgress(props: &SignOutProgressProps) -> Html {
    let SignOutProgressProps { unsent, connected, saved, .. } = props;
    // Of the most there ever were: messages may still come from another tab.
    let most = use_mut_ref(|| 0);
    let most = {
        let mut most = most.borrow_mut();
        *most = (*most).max(*unsent);
        *most
    };
    let hide = use_focus();
    let keep = {
        let on_choose = props.on_choose.clone();
        move |_| on_choose.emit(SignOut::Keep)
    };
    let close = {
        let on_close = props.on_close.clone();
        move |_| on_close.emit(())
    };
    let words = match (*unsent, *connected) {
        (0, _) => "Everything has arrived.".to_owned(),
        (n, true) => format!("{} to go. You are signed out when the last one has arrived.", messages(n)),
        (n, false) => {
            let they = if n == 1 { "It is" } else { "They are" };
            format!("{} to go, and no connection. {they} sent as soon as there is one.", messages(n))
        }
    };
    html! {
        <>
            <p class="dialog__text" role="status" data-testid="sign-out-progress">{ words }</p>
            <progress class="progress" aria-label="Messages that have arrived" max={most.max(1).to_string()} value={(most - unsent).to_string()} />
            <div class="dialog__end">
                <button type="button" ref={hide} class="button button--plain" onclick={close} data-testid="sign-out-hide">{ "Hide" }</button>
                if *saved {
                    <button type="button" class="button" onclick={keep} data-testid="sign-out-keep-rest">{ "Keep the rest and sign out" }</button>
                }
            </div>
        </>
    }
}
