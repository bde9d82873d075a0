//! What the hooks of a channel have in common: the state of a subject, and a call for each of its
//! events.

use super::selected::{use_news, use_selected};
use super::use_client;
use crate::client::Interest;
use crate::{Client, ClientError, List};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::{Event, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What the hooks of channels give: the items, and how far they can be trusted. Methods for what can be sent depend on
/// the items.
///
/// ```
/// use sentinelops_realtime::{IncidentRow, UseFeedHandle};
///
/// fn headline(feed: &UseFeedHandle<IncidentRow>) -> String {
///     match &feed.error {
///         Some(error) => error.to_string(),
///         None if !feed.is_loaded => "Loading".to_owned(),
///         None => format!("{} incidents", feed.items.len()),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseFeedHandle<T> {
    /// How things stand, in order of arrival: incidents with own unconfirmed edits laid over them, the last status of
    /// each agent, each alert as it is now; of chat, activity and a timeline the newest 500, oldest first.
    pub items: List<T>,
    /// The state arrived: an empty list means there are none.
    pub is_loaded: bool,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// How the state came about: `None` until it arrived. `Gap`: some events are gone for good.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    /// The last message since the state arrived that does not fit its type, and so is not in it:
    /// where, what was expected, what was found.
    pub problem: Option<Rc<Problem>>,
    pub(super) client: Client,
}

impl<T> UseFeedHandle<T> {
    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::{AgentStatus, Presence};
    /// use sentinelops_realtime::{Message, UseFeedHandle};
    /// use std::rc::Rc;
    ///
    /// fn lunch(feed: &UseFeedHandle<Rc<AgentStatus>>) {
    ///     feed.client().send(Message::presence(&Presence::Away));
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn new(client: &Client, feed: Feed, items: List<T>) -> Self {
        let Feed { is_loaded, is_connected, continuity, error, problem } = feed;
        Self { items, is_loaded, is_connected, continuity, error, problem, client: client.clone() }
    }
}

/// What every handle of a channel says beside its items.
pub(super) struct Feed {
    pub is_loaded: bool,
    pub is_connected: bool,
    pub continuity: Option<Continuity>,
    pub error: Option<ClientError>,
    pub problem: Option<Rc<Problem>>,
}

/// Follows a subject and shows these items of it.
#[hook]
pub(super) fn use_items<T, F>(subject: Subject, items: F) -> UseFeedHandle<T>
where
    T: PartialEq + Clone + 'static,
    F: Fn(&Client) -> List<T> + 'static,
{
    use_feed(subject, move |client, feed| UseFeedHandle::new(client, feed, items(client)))
}

/// Follows a subject and shows what `handle` makes of it.
#[hook]
pub(super) fn use_feed<H, F>(subject: Subject, handle: F) -> H
where
    H: PartialEq + Clone + 'static,
    F: Fn(&Client, Feed) -> H + 'static,
{
    let client = use_client();
    let interests = vec![Interest::Status, Interest::Subject(subject.clone())];
    use_selected(&client, interests, move |client| {
        let continuity = client.continuity(&subject);
        let feed = Feed {
            is_loaded: continuity.is_some(),
            is_connected: client.status().state == ConnectionState::Connected,
            continuity,
            error: client.error(Some(&subject)),
            problem: client.problem(&subject),
        };
        handle(client, feed)
    })
}

/// Calls for each event of a subject, once and in order, from the moment of mounting on.
#[hook]
pub(super) fn use_feed_events<F>(subject: Subject, on_event: F)
where
    F: Fn(&Client, &Event) + 'static,
{
    let client = use_client();
    use_news(&client, vec![Interest::Subject(subject.clone())], {
        let client = client.clone();
        move |news| news.events(&subject).for_each(|event| on_event(&client, event))
    });
}
