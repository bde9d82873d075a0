//! What the hooks of a channel have in common: the state of a subject, and a call for each of its
//! events.

use super::selected::{use_changes, use_selected};
use super::use_client;
use crate::client::Dependency;
use crate::{Client, ClientError, List};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::{Event, Payload, Problem, Subject, system::Continuity};
use std::cell::RefCell;
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
    /// The items are those kept on this device, true at this time (wall clock, ms), and the server has not spoken: see
    /// [`ClientOptions::keep_state`](crate::ClientOptions::keep_state). `None` in every other case.
    pub as_of: Option<u64>,
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
        let Feed { is_loaded, as_of, is_connected, continuity, error, problem } = feed;
        Self { items, is_loaded, as_of, is_connected, continuity, error, problem, client: client.clone() }
    }
}

type Filter<T> = Rc<dyn Fn(&T) -> bool>;

/// Options of the hooks that show a feed: [`use_incidents_with`](crate::use_incidents_with) and its siblings. Closures may
/// be created at every render: the latest ones are called, and nothing is subscribed again.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Severity;
/// use sentinelops_realtime::{IncidentRow, UseFeedOptions, use_incidents_with};
/// use yew::prelude::*;
///
/// #[derive(PartialEq, Properties)]
/// struct Props {
///     is_open: bool,
/// }
///
/// #[component]
/// fn Critical(props: &Props) -> Html {
///     let options = UseFeedOptions::default()
///         .enabled(props.is_open)
///         .filter(|row: &IncidentRow| row.severity == Some(Severity::Critical));
///     let feed = use_incidents_with(options);
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
pub struct UseFeedOptions<T> {
    /// `false`: nothing is subscribed, and there are no items. The connection's state is followed all the same. Default `true`.
    pub enabled: bool,
    /// Which items are shown. A change to others renders nothing. Default: all.
    pub filter: Option<Filter<T>>,
}

impl<T> Clone for UseFeedOptions<T> {
    fn clone(&self) -> Self {
        Self { enabled: self.enabled, filter: self.filter.clone() }
    }
}

impl<T> Default for UseFeedOptions<T> {
    fn default() -> Self {
        Self { enabled: true, filter: None }
    }
}

impl<T> UseFeedOptions<T> {
    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::{IncidentRow, UseFeedOptions};
    ///
    /// let paused = UseFeedOptions::<IncidentRow>::default().enabled(false);
    /// # let _ = paused;
    /// ```
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::{AgentStatus, Presence};
    /// use sentinelops_realtime::UseFeedOptions;
    /// use std::rc::Rc;
    ///
    /// let present = UseFeedOptions::default().filter(|agent: &Rc<AgentStatus>| agent.status == Presence::Online);
    /// # let _ = present;
    /// ```
    pub fn filter(mut self, filter: impl Fn(&T) -> bool + 'static) -> Self {
        self.filter = Some(Rc::new(filter));
        self
    }
}

impl<T> UseFeedOptions<T> {
    /// Whether an item passes the filter.
    pub(super) fn shows(&self, item: &T) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter(item))
    }
}

impl<T> std::fmt::Debug for UseFeedOptions<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let filter = self.filter.as_ref().map(|_| "…");
        f.debug_struct("UseFeedOptions").field("enabled", &self.enabled).field("filter", &filter).finish()
    }
}

/// What every handle of a channel says beside its items.
pub(super) struct Feed {
    pub is_loaded: bool,
    pub as_of: Option<u64>,
    pub is_connected: bool,
    pub continuity: Option<Continuity>,
    pub error: Option<ClientError>,
    pub problem: Option<Rc<Problem>>,
}

impl Feed {
    /// `None`: no subject is followed.
    pub fn of(client: &Client, subject: Option<&Subject>) -> Self {
        let continuity = subject.and_then(|subject| client.continuity(subject));
        Self {
            is_loaded: continuity.is_some(),
            as_of: subject.and_then(|subject| client.as_of(subject)),
            is_connected: client.status().state == ConnectionState::Connected,
            continuity,
            error: client.error(subject),
            problem: subject.and_then(|subject| client.problem(subject)),
        }
    }
}

/// Follows a subject and shows these items of it.
#[hook]
pub(super) fn use_items<T, F>(subject: Subject, items: F) -> UseFeedHandle<T>
where
    T: PartialEq + Clone + 'static,
    F: Fn(&Client) -> List<T> + 'static,
{
    // Not by way of the options: a page that filters nothing has no code for it.
    use_feed(subject, move |client, feed| UseFeedHandle::new(client, feed, items(client)))
}

/// The same, with options.
#[hook]
pub(super) fn use_items_with<T, F>(subject: Subject, options: UseFeedOptions<T>, items: F) -> UseFeedHandle<T>
where
    T: PartialEq + Clone + 'static,
    F: Fn(&Client) -> List<T> + 'static,
{
    let last = use_mut_ref(List::default);
    use_feed_if(options.enabled, subject, move |client, feed| {
        let items = if options.enabled { items(client) } else { List::default() };
        UseFeedHandle::new(client, feed, passing(&last, items, options.filter.as_deref()))
    })
}

/// Follows a subject and shows what `handle` makes of it.
#[hook]
pub(super) fn use_feed<H, F>(subject: Subject, handle: F) -> H
where
    H: PartialEq + Clone + 'static,
    F: Fn(&Client, Feed) -> H + 'static,
{
    use_feed_if(true, subject, handle)
}

/// The same; unless it is enabled, only the connection is followed.
#[hook]
pub(super) fn use_feed_if<H, F>(enabled: bool, subject: Subject, handle: F) -> H
where
    H: PartialEq + Clone + 'static,
    F: Fn(&Client, Feed) -> H + 'static,
{
    let client = use_client();
    let followed = Some(subject).filter(|_| enabled);
    let mut dependencies = vec![Dependency::Status];
    dependencies.extend(followed.clone().map(Dependency::Subject));
    use_selected(&client, dependencies, move |client| handle(client, Feed::of(client, followed.as_ref())))
}

/// The items that pass. `last` keeps the list of before: it stays the same list while the same items pass, so that
/// nothing is rendered for others.
pub(super) fn passing<T>(
    last: &RefCell<List<T>>,
    items: List<T>,
    filter: Option<&dyn Fn(&T) -> bool>,
) -> List<T>
where
    T: PartialEq + Clone,
{
    let Some(filter) = filter else { return items };
    let passing: Vec<T> = items.iter().filter(|item| filter(item)).cloned().collect();
    let mut last = last.borrow_mut();
    if *passing != **last {
        *last = List::from(passing);
    }
    last.clone()
}

/// Calls for each event of a subject, once and in order, from the moment of mounting on, while it is enabled.
#[hook]
pub(super) fn use_feed_events<F>(enabled: bool, subject: Subject, on_event: F)
where
    F: Fn(&Client, &Event) + 'static,
{
    let client = use_client();
    let dependencies = if enabled { vec![Dependency::Subject(subject.clone())] } else { Vec::new() };
    use_changes(&client, dependencies, {
        let client = client.clone();
        move |changes| changes.events(&subject).for_each(|event| on_event(&client, event))
    });
}

/// The same where each event carries one item: for those that the filter passes.
#[hook]
pub(super) fn use_item_events<T, F>(
    subject: Subject,
    options: UseFeedOptions<Rc<T>>,
    item: fn(&Payload) -> Option<&T>,
    on_item: F,
) where
    T: Clone + 'static,
    F: Fn(Rc<T>) + 'static,
{
    use_feed_events(options.enabled, subject, move |_, event| {
        let Some(item) = item(&event.payload) else { return };
        let item = Rc::new(item.clone());
        if options.shows(&item) {
            on_item(item);
        }
    });
}
