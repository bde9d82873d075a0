//! What became of something a person did, in a line.

use super::marks::{Say, send_state_mark};
use sentinelops_realtime::{MessageId, use_client, use_send_state};
use std::rc::Rc;
use yew::prelude::*;

/// What was sent: its message and what it is called.
pub type Sent = (MessageId, AttrValue);

/// The last `keep` things sent, newest first, and how to add one.
#[hook]
pub fn use_sends(keep: usize) -> (Rc<Vec<Sent>>, Callback<Sent>) {
    let sends = use_reducer_eq(Sends::default);
    let dispatch = sends.dispatcher();
    let push = use_callback((), move |sent: Sent, ()| dispatch.dispatch((sent, keep)));
    (sends.0.clone(), push)
}

#[derive(Default, PartialEq)]
struct Sends(Rc<Vec<Sent>>);

impl Reducible for Sends {
    type Action = (Sent, usize);

    fn reduce(self: Rc<Self>, (sent, keep): Self::Action) -> Rc<Self> {
        let older = self.0.iter().take(keep.saturating_sub(1)).cloned();
        Rc::new(Self(Rc::new(std::iter::once(sent).chain(older).collect())))
    }
}

/// See [`SendLine`].
#[derive(Properties, PartialEq)]
pub struct SendLineProps {
    /// The message.
    pub id: MessageId,
    /// What it is called.
    pub what: AttrValue,
}

/// What, how far it got, and a second try when it failed.
#[component]
pub fn SendLine(props: &SendLineProps) -> Html {
    let client = use_client();
    let state = use_send_state(Some(props.id.clone())).unwrap_or_default();
    let retry = {
        let id = props.id.clone();
        move |_| client.retry(&id, false)
    };
    let failed = state.is_failed();
    html! {
        <div class="send-line" role="status">
            <span class="send-line__what">{ &props.what }</span>
            { send_state_mark(&state, Say::Explained) }
            if failed {
                <button type="button" class="button button--small" onclick={retry} data-testid="message-retry">{ "Retry" }</button>
            }
        </div>
    }
}
