//! Changes that wait, where their incidents cannot be shown.

use super::{OutboxItem, change_of, use_outbox_actions};
use sentinelops_realtime::use_outbox;
use yew::prelude::*;

/// See [`PendingChanges`].
#[derive(Properties, PartialEq)]
pub struct PendingChangesProps {
    /// Those of one incident only.
    #[prop_or_default]
    pub incident: Option<AttrValue>,
}

/// What this user changed and the server has not confirmed; nothing when there is nothing.
#[component]
pub fn PendingChanges(props: &PendingChangesProps) -> Html {
    let outbox = use_outbox();
    let (on_retry, on_discard) = use_outbox_actions(&outbox);
    let wanted = |id: &str| props.incident.as_ref().is_none_or(|incident| **incident == *id);
    let changes =
        outbox.messages.iter().filter(|message| change_of(message).is_some_and(|change| wanted(&change.id)));
    let mut changes = changes.peekable();
    if changes.peek().is_none() {
        return Html::default();
    }
    html! {
        <section class="pending" aria-label="Your changes" data-testid="pending-changes">
            <h3 class="pending__title">{ "Your changes that the server has not confirmed yet" }</h3>
            <ul>
                { for changes.map(|message| html! {
                    <OutboxItem key={message.update.id.clone()} message={message.clone()} on_retry={on_retry.clone()} on_discard={on_discard.clone()} />
                }) }
            </ul>
        </section>
    }
}
