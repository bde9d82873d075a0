//! `use_agent_status`: who is there.

use super::feed::{UseFeedHandle, UseFeedOptions, use_item_events, use_items, use_items_with};
use crate::Client;
use sentinelops_protocol::domain::AgentStatus;
use sentinelops_protocol::{Channel, Payload, Subject};
use std::rc::Rc;
use yew::prelude::*;

impl UseFeedHandle<Rc<AgentStatus>> {
    /// One agent.
    ///
    /// ```
    /// use sentinelops_realtime::use_agents;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn LastSeen() -> Html {
    ///     let last_seen = use_agents().get("a1").map(|agent| agent.last_seen);
    ///     html! { <p>{ format!("{last_seen:?}") }</p> }
    /// }
    /// ```
    pub fn get(&self, id: &str) -> Option<&Rc<AgentStatus>> {
        self.items.iter().find(|agent| agent.agent_id == id)
    }
}

/// The last status of each agent.
///
/// ```
/// use sentinelops_realtime::use_agents;
/// use yew::prelude::*;
///
/// #[component]
/// fn Agents() -> Html {
///     let feed = use_agents();
///     html! {
///         <ul>
///             for agent in &feed.items {
///                 <li key={agent.agent_id.clone()}>{ format!("{}: {}", agent.agent_id, agent.status) }</li>
///             }
///         </ul>
///     }
/// }
/// ```
#[hook]
pub fn use_agents() -> UseFeedHandle<Rc<AgentStatus>> {
    use_items(Subject::channel(Channel::Agents), Client::agents)
}

/// Some of the agents, or none while it is switched off: see [`UseFeedOptions`].
///
/// ```
/// use sentinelops_realtime::protocol::domain::AgentStatus;
/// use sentinelops_realtime::{UseFeedOptions, use_agents_with};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let feed = use_agents_with(UseFeedOptions::default().filter(|agent: &Rc<AgentStatus>| agent.agent_id.starts_with("eu-")));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_agents_with(options: UseFeedOptions<Rc<AgentStatus>>) -> UseFeedHandle<Rc<AgentStatus>> {
    use_items_with(Subject::channel(Channel::Agents), options, Client::agents)
}

/// The last status of each agent, and a call for each change from the moment of mounting on.
///
/// ```
/// use sentinelops_realtime::use_agent_status;
/// use yew::prelude::*;
///
/// #[component]
/// fn Agents() -> Html {
///     let feed = use_agent_status(|agent| log::info!("{} is {}", agent.agent_id, agent.status));
///     html! { <p>{ format!("{} agents", feed.items.len()) }</p> }
/// }
/// ```
#[hook]
pub fn use_agent_status<F>(on_status: F) -> UseFeedHandle<Rc<AgentStatus>>
where
    F: Fn(Rc<AgentStatus>) + 'static,
{
    use_item_events(Subject::channel(Channel::Agents), UseFeedOptions::default(), agent_of, on_status);
    use_agents()
}

/// The same for some of them, or for none while it is switched off: what the filter hides is neither listed nor called for.
///
/// ```
/// use sentinelops_realtime::protocol::domain::AgentStatus;
/// use sentinelops_realtime::{UseFeedOptions, use_agent_status_with};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let options = UseFeedOptions::default().filter(|agent: &Rc<AgentStatus>| agent.agent_id.starts_with("eu-"));
///     let feed = use_agent_status_with(options, |agent| log::info!("{agent:?}"));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_agent_status_with<F>(
    options: UseFeedOptions<Rc<AgentStatus>>,
    on_status: F,
) -> UseFeedHandle<Rc<AgentStatus>>
where
    F: Fn(Rc<AgentStatus>) + 'static,
{
    use_item_events(Subject::channel(Channel::Agents), options.clone(), agent_of, on_status);
    use_agents_with(options)
}

fn agent_of(payload: &Payload) -> Option<&AgentStatus> {
    match payload {
        Payload::Agent(agent) => Some(agent),
        _ => None,
    }
}
