//! The team.

use super::AgentItem;
use crate::components::icon::Icon;
use crate::components::panel::{Awaited, Panel, empty};
use sentinelops_protocol::domain::{AgentStatus, Presence};
use sentinelops_protocol::sort::sort_by;
use sentinelops_realtime::use_agents;
use std::rc::Rc;
use yew::prelude::*;

/// See [`AgentsPanel`].
#[derive(Properties, PartialEq)]
pub struct AgentsPanelProps {
    /// Added to the panel's class.
    #[prop_or_default]
    pub class: Classes,
}

/// Everybody, those who can take work first.
#[component]
pub fn AgentsPanel(props: &AgentsPanelProps) -> Html {
    let feed = use_agents();
    let agents = use_memo(feed.items.clone(), |agents| by_presence(agents));
    let online = agents.iter().filter(|agent| agent.status == Presence::Online).count();
    let is_known = feed.is_loaded || feed.as_of.is_some();
    let count = is_known.then(|| AttrValue::from(format!("{online} online")));
    html! {
        <Panel title="Team" class={props.class.clone()} {count} testid="agents-panel" as_of={feed.as_of} error={feed.error.clone().filter(|_| feed.is_loaded)}>
            <div class="panel__body" tabindex="0">
                if !is_known {
                    <Awaited what="The team" rows={3} error={feed.error.clone()} />
                } else if agents.is_empty() {
                    { empty(Icon::Team, "Nobody yet", "Agents appear as soon as they report.") }
                } else {
                    <ul>
                        { for agents.iter().map(|agent| html! { <AgentItem key={agent.agent_id.clone()} agent={agent.clone()} /> }) }
                    </ul>
                }
            </div>
        </Panel>
    }
}

/// Online, busy, away, offline; by name within. Not by when they were last seen: nobody should have to chase a name.
pub fn by_presence(agents: &[Rc<AgentStatus>]) -> Vec<Rc<AgentStatus>> {
    let rank = |presence: &Presence| match presence {
        Presence::Online => 0,
        Presence::Busy => 1,
        Presence::Away => 2,
        Presence::Other(_) => 3,
        Presence::Offline => 4,
    };
    let mut sorted = agents.to_vec();
    sort_by(&mut sorted, |a, b| rank(&a.status).cmp(&rank(&b.status)).then_with(|| name(a).cmp(name(b))));
    sorted
}

fn name(agent: &AgentStatus) -> &str {
    agent.name.as_deref().unwrap_or(&agent.agent_id)
}
