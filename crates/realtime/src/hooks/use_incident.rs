//! `use_incident`: one incident, rendered only when that one changes.

use super::feed::use_feed;
use crate::{Client, ClientError, IncidentEdit, IncidentRow, SentMessage};
use sentinelops_protocol::{Channel, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_incident`] gives.
///
/// ```
/// use sentinelops_realtime::UseIncidentHandle;
///
/// fn heading(detail: &UseIncidentHandle) -> String {
///     match &detail.incident {
///         Some(row) => row.title.clone().unwrap_or_default(),
///         None if detail.is_loaded => "No such incident".to_owned(),
///         None => "Loading".to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseIncidentHandle {
    /// The incident, an own unconfirmed edit laid over it; `None` when there is none of this id.
    pub incident: Option<IncidentRow>,
    /// The state arrived: no incident means there is none of this id.
    pub is_loaded: bool,
    /// It is as kept on this device, true at this time (wall clock, ms): see [`UseFeedHandle::as_of`](crate::UseFeedHandle::as_of).
    pub as_of: Option<u64>,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// How the state came about: `None` until it arrived. `Gap`: some events are gone for good.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    /// The last message about incidents since the state arrived that does not fit its type, and so is not in it.
    pub problem: Option<Rc<Problem>>,
    client: Client,
}

impl UseIncidentHandle {
    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::{Message, UseIncidentHandle};
    ///
    /// fn mention(detail: &UseIncidentHandle) {
    ///     detail.client().send(Message::chat("ops", "looking at it"));
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks the server to change it (or another one: the edit names it).
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::IncidentStatus;
    /// use sentinelops_realtime::{IncidentEdit, UseIncidentHandle};
    ///
    /// fn resolve(detail: &UseIncidentHandle) {
    ///     if let Some(row) = &detail.incident {
    ///         detail.update(IncidentEdit::new(&row.id).status(IncidentStatus::Resolved));
    ///     }
    /// }
    /// ```
    pub fn update(&self, edit: IncidentEdit) -> SentMessage {
        self.client.send(edit)
    }
}

/// One incident. A thousand changes to others cost this component no render.
///
/// ```
/// use sentinelops_realtime::use_incident;
/// use yew::prelude::*;
///
/// #[derive(PartialEq, Properties)]
/// struct Props {
///     id: AttrValue,
/// }
///
/// #[component]
/// fn Detail(props: &Props) -> Html {
///     let detail = use_incident(&props.id);
///     match &detail.incident {
///         Some(row) => html! { <h1>{ row.title.clone().unwrap_or_default() }</h1> },
///         None => html! { <p>{ "No such incident." }</p> },
///     }
/// }
/// ```
#[hook]
pub fn use_incident(id: &str) -> UseIncidentHandle {
    let id = id.to_owned();
    use_feed(Subject::channel(Channel::Incidents), move |client, feed| UseIncidentHandle {
        incident: client.incident(&id),
        is_loaded: feed.is_loaded,
        as_of: feed.as_of,
        is_connected: feed.is_connected,
        continuity: feed.continuity,
        error: feed.error,
        problem: feed.problem,
        client: client.clone(),
    })
}
