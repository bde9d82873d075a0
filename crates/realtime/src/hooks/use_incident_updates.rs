//! `use_incident_updates`: what happens to incidents, and how they stand.

use super::feed::{UseFeedHandle, UseFeedOptions, use_feed_events, use_items, use_items_with};
use crate::{Client, IncidentEdit, IncidentRow, MessageId, NewIncident, SentMessage};
use sentinelops_protocol::domain::{Incident, IncidentChange, IncidentPatch, IncidentStatus};
use sentinelops_protocol::{Channel, Payload, Subject};
use std::rc::Rc;
use yew::prelude::*;

/// One thing that happened to an incident.
///
/// ```
/// use sentinelops_realtime::IncidentChanged;
///
/// fn line(news: &IncidentChanged) -> String {
///     let who = if news.cause.is_some() { "you" } else { "somebody" };
///     format!("{who}: {} {:?}", news.incident.id, news.change)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentChanged {
    /// What happened.
    pub change: IncidentChange,
    /// What changed.
    pub patch: IncidentPatch,
    /// The incident as it stands now: later changes of the same frame included, and own edits that the
    /// server has not confirmed yet.
    pub incident: Rc<Incident>,
    /// The message of this page that brought it about.
    pub cause: Option<MessageId>,
    /// Ms since the epoch, as the server says.
    pub timestamp: Option<u64>,
}

impl UseFeedHandle<IncidentRow> {
    /// Asks the server to change an incident. The change shows at once, with its state in
    /// [`IncidentRow::edit`], until the server confirms or refuses it.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Severity;
    /// use sentinelops_realtime::{IncidentEdit, SentMessage, IncidentRow, UseFeedHandle};
    ///
    /// fn escalate(feed: &UseFeedHandle<IncidentRow>, id: &str) -> SentMessage {
    ///     feed.update(IncidentEdit::new(id).severity(Severity::Critical))
    /// }
    /// ```
    pub fn update(&self, edit: IncidentEdit) -> SentMessage {
        self.client.send(edit)
    }

    /// Sends a new incident. It is shown at once; works without a connection. Answers the id it has, and that of the
    /// message.
    ///
    /// ```
    /// use sentinelops_realtime::{NewIncident, IncidentRow, UseFeedHandle};
    ///
    /// fn report(incidents: &UseFeedHandle<IncidentRow>, title: &str) {
    ///     let (id, _) = incidents.create(NewIncident::new(title));
    ///     log::info!("{title} is {id}");
    /// }
    /// ```
    pub fn create(&self, incident: NewIncident) -> (String, SentMessage) {
        let id = self.client.new_incident_id();
        let message = self.client.send(incident.with_id(&*id));
        (id, message)
    }

    /// Asks the server to resolve an incident.
    ///
    /// ```
    /// use sentinelops_realtime::use_incidents;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Resolve() -> Html {
    ///     let feed = use_incidents();
    ///     let onclick = move |_| {
    ///         feed.resolve("inc-1");
    ///     };
    ///     html! { <button {onclick}>{ "Resolve" }</button> }
    /// }
    /// ```
    pub fn resolve(&self, id: &str) -> SentMessage {
        self.update(IncidentEdit::new(id).status(IncidentStatus::Resolved))
    }

    /// One incident.
    ///
    /// ```
    /// use sentinelops_realtime::{IncidentRow, UseFeedHandle};
    ///
    /// fn pending(feed: &UseFeedHandle<IncidentRow>, id: &str) -> bool {
    ///     feed.get(id).is_some_and(|row| row.edit.is_some())
    /// }
    /// ```
    pub fn get(&self, id: &str) -> Option<&IncidentRow> {
        self.items.iter().find(|row| row.id == id)
    }
}

/// How the incidents stand.
///
/// ```
/// use sentinelops_realtime::use_incidents;
/// use yew::prelude::*;
///
/// #[component]
/// fn Incidents() -> Html {
///     let feed = use_incidents();
///     html! {
///         <ul>
///             for row in &feed.items {
///                 <li key={row.id.clone()}>{ row.title.clone().unwrap_or_default() }</li>
///             }
///         </ul>
///     }
/// }
/// ```
#[hook]
pub fn use_incidents() -> UseFeedHandle<IncidentRow> {
    use_items(Subject::channel(Channel::Incidents), Client::incidents)
}

/// Some of the incidents, or none while it is switched off: see [`UseFeedOptions`].
///
/// ```
/// use sentinelops_realtime::{IncidentRow, UseFeedOptions, use_incidents_with};
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let feed = use_incidents_with(UseFeedOptions::default().filter(|row: &IncidentRow| row.title.is_some()));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_incidents_with(options: UseFeedOptions<IncidentRow>) -> UseFeedHandle<IncidentRow> {
    use_items_with(Subject::channel(Channel::Incidents), options, Client::incidents)
}

/// How the incidents stand, and a call for each thing that happens to one: each exactly once, in
/// order, from the moment of mounting on. What was before is in `incidents`.
///
/// ```
/// use sentinelops_realtime::use_incident_updates;
/// use yew::prelude::*;
///
/// #[component]
/// fn Ticker() -> Html {
///     let latest = use_state(String::new);
///     // The setter, not the handle: a handle kept in a callback holds on to every state it saw.
///     let set = latest.setter();
///     let feed = use_incident_updates(move |news| {
///         set.set(format!("{:?}: {}", news.change, news.incident.id));
///     });
///     html! { <p>{ format!("{} incidents. {}", feed.items.len(), *latest) }</p> }
/// }
/// ```
#[hook]
pub fn use_incident_updates<F>(on_update: F) -> UseFeedHandle<IncidentRow>
where
    F: Fn(IncidentChanged) + 'static,
{
    use_events(UseFeedOptions::default(), on_update);
    use_incidents()
}

/// The same for some of them, or for none while it is switched off: what the filter hides is neither listed nor called for.
/// An incident counts as it is after the change.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Severity;
/// use sentinelops_realtime::{IncidentRow, UseFeedOptions, use_incident_updates_with};
/// use yew::prelude::*;
///
/// #[component]
/// fn Critical() -> Html {
///     let critical = |row: &IncidentRow| row.severity == Some(Severity::Critical);
///     let options = UseFeedOptions::default().filter(critical);
///     let feed = use_incident_updates_with(options, |news| log::warn!("{}", news.incident.id));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_incident_updates_with<F>(
    options: UseFeedOptions<IncidentRow>,
    on_update: F,
) -> UseFeedHandle<IncidentRow>
where
    F: Fn(IncidentChanged) + 'static,
{
    use_events(options.clone(), on_update);
    use_incidents_with(options)
}

#[hook]
fn use_events<F>(options: UseFeedOptions<IncidentRow>, on_update: F)
where
    F: Fn(IncidentChanged) + 'static,
{
    use_feed_events(options.enabled, Subject::channel(Channel::Incidents), move |client, event| {
        let Payload::Incident(what) = &event.payload else { return };
        let row = client.incident(&what.incident_id);
        if row.as_ref().is_some_and(|row| !options.shows(row)) {
            return;
        }
        on_update(IncidentChanged {
            change: what.change,
            patch: what.data.clone(),
            incident: row.map_or_else(|| Rc::new(Incident::new(&*what.incident_id)), |row| row.incident),
            cause: event.cause.as_deref().map(MessageId::from).filter(|id| client.is_own(id)),
            timestamp: event.timestamp,
        });
    });
}
