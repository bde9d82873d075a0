//! One agent.

use crate::components::marks::presence_mark;
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::{AgentStatus, Presence};
use std::rc::Rc;
use yew::prelude::*;

/// See [`AgentItem`].
#[derive(Properties, PartialEq)]
pub struct AgentItemProps {
    /// The agent.
    pub agent: Rc<AgentStatus>,
}

/// Name, presence, and when they were last seen if they are not there.
#[component]
pub fn AgentItem(props: &AgentItemProps) -> Html {
    let agent = &props.agent;
    let name = agent.name.as_ref().unwrap_or(&agent.agent_id);
    html! {
        <li class="list__item" data-testid="agent" data-agent-id={agent.agent_id.clone()}>
            <div class="list__line">
                <span class="list__name" title={agent.agent_id.clone()}>{ name }</span>
                if agent.status == Presence::Offline && agent.last_seen > 0 {
                    <span class="list__meta"><span class="sr-only">{ "last seen, ago: " }</span><RelativeTime at={agent.last_seen} /></span>
                }
                { presence_mark(&agent.status) }
            </div>
        </li>
    }
}
