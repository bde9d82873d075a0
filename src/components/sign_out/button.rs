//! Opens the question, and shows how far a sign-out is.

use super::{SignOutChoices, SignOutProgress};
use crate::components::dialog::Dialog;
use crate::components::icon::{Icon, icon_mark};
use crate::components::incidents::{forget_looked, forget_own_views};
use sentinelops_engine::StorageState;
use sentinelops_realtime::SignOut;
use sentinelops_realtime::{use_client, use_connection, use_outbox};
use yew::prelude::*;

/// In the top bar.
#[component]
pub fn SignOutButton() -> Html {
    let open = use_state_eq(|| false);
    let sending = use_connection().signing_out == Some(SignOut::SendFirst);
    let onclick = {
        let set = open.setter();
        move |_| set.set(true)
    };
    let on_close = use_callback(open.setter(), |(), set| set.set(false));
    let label = if sending { "Signing out: show how far it is" } else { "Sign out" };
    html! {
        <>
            <button type="button" class="button button--plain button--icon" {onclick} aria-label={label} title={label} data-testid="sign-out">
                { icon_mark(if sending { Icon::Working } else { Icon::SignOut }, 16) }
            </button>
            if *open {
                <Question {sending} {on_close} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct QuestionProps {
    sending: bool,
    on_close: Callback<()>,
}

/// Mounted only while it is open: the worker tells the outbox to who shows it.
#[component]
fn Question(props: &QuestionProps) -> Html {
    let client = use_client();
    let user = client.user().map(str::to_owned);
    // Known at once; the list of the outbox is on its way when the question opens.
    let connection = use_connection();
    let unsent: u32 = connection.status.queued.iter().sum();
    let saved = connection.status.storage == StorageState::Durable;
    let connected = connection.is_connected;
    let outbox = use_outbox();
    let on_choose = use_callback(client, |how: SignOut, client| {
        if how == SignOut::Wipe {
            forget_own_views(client.user());
            forget_looked(client.user());
        }
        client.sign_out(how);
    });
    let title = if props.sending { "Signing out" } else { "Sign out" };
    html! {
        <Dialog name="sign-out" {title} on_close={props.on_close.clone()}>
            if let Some(user) = user { <p class="hint" data-testid="signed-in-as">{ format!("Signed in as {user}") }</p> }
            if props.sending {
                <SignOutProgress {unsent} {connected} {saved} {on_choose} on_close={props.on_close.clone()} />
            } else {
                <SignOutChoices {unsent} failed={outbox.counts.failed} {saved} {on_choose} on_close={props.on_close.clone()} />
            }
        </Dialog>
    }
}
