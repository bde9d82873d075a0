//! `use_agent_status`: who is there.

use super::feed::{use_feed, use_feed_events};
use crate::{Client, ClientError, List};
use sentinelops_protocol::domain::AgentStatus;
use sentinelops_protocol::{Channel, Payload, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_agents`] and [`use_agent_status`] give.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Presence;
/// use sentinelops_realtime::UseAgentsHandle;
///
/// fn online(feed: &UseAgentsHandle) -> usize {
///     feed.agents.iter().filter(|agent| agent.status == Presence::Online).count()
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseAgentsHandle {
    /// The last status of each agent, in order of arrival.
    pub agents: List<Rc<AgentStatus>>,
    /// The state arrived: an empty list means there are none.
    pub is_loaded: bool,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// How the state came about: `None` until it arrived.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    /// The last message since the state arrived that does not fit its type, and so is not in it:
    /// where, what was expected, what was found.
    pub problem: Option<Rc<Problem>>,
    client: Client,
}

impl UseAgentsHandle {
    /// One agent.
    ///
    /// ```
    /// use sentinelops_realtime::UseAgentsHandle;
    ///
    /// fn last_seen(feed: &UseAgentsHandle, id: &str) -> Option<u64> {
    ///     feed.get(id).map(|agent| agent.last_seen)
    /// }
    /// ```
    pub fn get(&self, id: &str) -> Option<&Rc<AgentStatus>> {
        self.agents.iter().find(|agent| agent.agent_id == id)
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Presence;
    /// use sentinelops_realtime::{Message, UseAgentsHandle};
    ///
    /// fn lunch(feed: &UseAgentsHandle) {
    ///     feed.client().send(Message::presence(&Presence::Away));
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
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
///             for agent in &feed.agents {
///                 <li key={agent.agent_id.clone()}>{ format!("{}: {}", agent.agent_id, agent.status) }</li>
///             }
///         </ul>
///     }
/// }
/// ```
#[hook]
pub fn use_agents() -> UseAgentsHandle {
    use_feed(Subject::channel(Channel::Agents), |client, feed| UseAgentsHandle {
        agents: client.agents(),
        is_loaded: feed.is_loaded,
        is_connected: feed.is_connected,
        continuity: feed.continuity,
        error: feed.error,
        problem: feed.problem,
        client: client.clone(),
    })
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
///     html! { <p>{ format!("{} agents", feed.agents.len()) }</p> }
/// }
/// ```
#[hook]
pub fn use_agent_status<F>(on_status: F) -> UseAgentsHandle
where
    F: Fn(Rc<AgentStatus>) + 'static,
{
    use_feed_events(Subject::channel(Channel::Agents), move |_, event| {
        if let Payload::Agent(agent) = &event.payload {
            on_status(Rc::new(agent.clone()));
        }
    });
    use_agents()
}
