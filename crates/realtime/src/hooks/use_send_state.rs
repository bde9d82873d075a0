//! `use_send_state`: what became of a message.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use crate::{MessageId, SendState};
use yew::prelude::*;

/// What is known of a message this page sent; `None` for none, or one sent long ago (the newest
/// 1,000 final ones are remembered).
///
/// ```
/// use sentinelops_realtime::{MessageId, use_send_state};
/// use yew::prelude::*;
///
/// #[derive(PartialEq, Properties)]
/// struct Props {
///     sent: Option<MessageId>,
/// }
///
/// #[component]
/// fn Sent(props: &Props) -> Html {
///     let state = use_send_state(props.sent.clone());
///     html! { <span>{ state.map(|state| state.label()).unwrap_or_default() }</span> }
/// }
/// ```
#[hook]
pub fn use_send_state(id: Option<MessageId>) -> Option<SendState> {
    let client = use_client();
    let dependencies = id.iter().cloned().map(Dependency::Send).collect();
    use_selected(&client, dependencies, move |client| id.as_ref().and_then(|id| client.send_state(id)))
}
