//! What is to become of what has not left yet.

use super::messages;
use crate::components::hooks::use_focus;
use crate::components::icon::{Icon, icon_mark};
use sentinelops_realtime::SignOut;
use yew::prelude::*;

/// See [`SignOutChoices`].
#[derive(Properties, PartialEq)]
pub struct SignOutChoicesProps {
    /// Messages that have not left or were not confirmed yet.
    pub unsent: u32,
    /// Messages in the failed list.
    #[prop_or_default]
    pub failed: u32,
    /// They are saved on this device.
    pub saved: bool,
    /// The decision.
    pub on_choose: Callback<SignOut>,
    /// Not now.
    pub on_close: Callback<()>,
}

/// Send first, keep, or delete; deleting is asked twice.
#[component]
pub fn SignOutChoices(props: &SignOutChoicesProps) -> Html {
    let deleting = use_state_eq(|| false);
    let SignOutChoicesProps { unsent, failed, saved, .. } = props;
    let choose = |how: SignOut| {
        let on_choose = props.on_choose.clone();
        move |_: MouseEvent| on_choose.emit(how)
    };
    let ask = |asks: bool| {
        let set = deleting.setter();
        move |_: MouseEvent| set.set(asks)
    };
    let close = {
        let on_close = props.on_close.clone();
        move |_| on_close.emit(())
    };
    if *deleting {
        return html! {
            <Deleting words={lost(*unsent, *failed)} on_back={Callback::from(ask(false))} on_delete={Callback::from(choose(SignOut::Wipe))} />
        };
    }
    html! {
        <>
            <p class="dialog__text" data-testid="sign-out-unsent">{ waiting(*unsent, *failed, *saved) }</p>
            <ul class="choices">
                if *unsent > 0 {
                    { choice(Icon::Sent, "send", "Send first", "Waits until everything has arrived, then signs out.", choose(SignOut::SendFirst).into()) }
                    if *saved {
                        { choice(Icon::Saved, "keep", "Keep on this device", if *unsent == 1 { "It will be sent the next time you sign in here." } else { "They will be sent the next time you sign in here."  }, choose(SignOut::Keep).into()) }
                    }
                } else {
                    { choice(Icon::SignOut, "keep", "Sign out", "In every tab of this browser.", choose(SignOut::Keep).into()) }
                }
                { choice(Icon::Delete, "wipe", "Sign out and erase", "Deletes your saved board, drafts and unsent changes from this browser.", ask(true).into()) }
            </ul>
            <div class="dialog__end">
                <button type="button" class="button button--plain" onclick={close} data-testid="sign-out-cancel">{ "Cancel" }</button>
            </div>
        </>
    }
}

fn waiting(unsent: u32, failed: u32, saved: bool) -> String {
    let verb = if unsent == 1 { "has" } else { "have" };
    match (unsent, saved) {
        (0, _) if failed == 0 => "Everything you sent has arrived.".to_owned(),
        (0, _) => format!("Nothing waits to be sent. {} could not be sent.", messages(failed)),
        (1, true) => "1 message has not arrived yet. What should happen to it?".to_owned(),
        (n, true) => format!("{} {verb} not arrived yet. What should happen to them?", messages(n)),
        (n, false) => format!(
            "{} {verb} not arrived yet, and cannot be kept: nothing is saved on this device.",
            messages(n)
        ),
    }
}

fn lost(unsent: u32, failed: u32) -> String {
    let what = match (unsent, failed) {
        (0, 0) => {
            return "Your saved board, drafts and unsent changes are deleted from this browser, in every tab."
                .to_owned();
        }
        (n, 0) => format!("{} not yet sent", messages(n)),
        (0, n) => format!("{} that could not be sent", messages(n)),
        (n, m) => format!("{} not yet sent and {m} that could not be sent", messages(n)),
    };
    format!(
        "{what} will be lost for good. Your saved board, drafts and unsent changes are deleted from this browser, in every tab."
    )
}

#[derive(Properties, PartialEq)]
struct DeletingProps {
    words: String,
    on_back: Callback<MouseEvent>,
    on_delete: Callback<MouseEvent>,
}

#[component]
fn Deleting(props: &DeletingProps) -> Html {
    // On the safe answer.
    let back = use_focus();
    html! {
        <>
            <p class="dialog__text" role="alert" data-testid="sign-out-lost">{ &props.words }</p>
            <div class="dialog__end">
                <button ref={back} type="button" class="button" onclick={props.on_back.clone()} data-testid="sign-out-back">{ "Back" }</button>
                <button type="button" class="button button--danger" onclick={props.on_delete.clone()} data-testid="sign-out-delete">{ "Delete and sign out" }</button>
            </div>
        </>
    }
}

fn choice(
    icon: Icon,
    name: &str,
    title: &'static str,
    detail: &'static str,
    onclick: Callback<MouseEvent>,
) -> Html {
    let danger = (icon == Icon::Delete).then_some("choice--danger");
    html! {
        <li>
            <button type="button" class={classes!("choice", danger)}
                {onclick} data-testid={format!("sign-out-{name}")}>
                { icon_mark(icon, 18) }
                <span class="choice__words">
                    <span class="choice__title">{ title }</span>
                    <span class="choice__detail">{ detail }</span>
                </span>
            </button>
        </li>
    }
}
