//! What the page receives and what it sends.

use super::Shared;
use super::log::What;
use sentinelops_protocol::{Channel, Event};
use sentinelops_realtime::{SubscribeOptions, use_clock, use_diagnostics, use_websocket};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(super) struct MessagesProps {
    pub log: Shared,
    /// The conversation that the page shows.
    pub conversation: AttrValue,
}

/// Lists it. Follows nothing that the page does not follow anyway, and shows nothing.
#[component]
pub(super) fn Messages(props: &MessagesProps) -> Html {
    let clock = use_clock();
    let diagnostics = use_diagnostics();
    let list = |options: SubscribeOptions| {
        let (log, clock) = (props.log.clone(), clock.clone());
        options.on_batch(move |events: Rc<[Rc<Event>]>| {
            let (mut log, at) = (log.borrow_mut(), clock.now());
            events.iter().for_each(|event| log.push(at, What::Event(event.clone())));
        })
    };
    use_websocket(list(SubscribeOptions::channel(Channel::Incidents)));
    use_websocket(list(SubscribeOptions::channel(Channel::Agents)));
    use_websocket(list(SubscribeOptions::channel(Channel::Alerts)));
    use_websocket(list(SubscribeOptions::channel(Channel::Activity)));
    use_websocket(list(SubscribeOptions::topic(Channel::Chat, props.conversation.to_string())));
    props.log.borrow_mut().own(&diagnostics.traces);
    Html::default()
}
