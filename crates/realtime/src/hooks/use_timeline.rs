//! `use_timeline`: what happened to an incident.

use super::feed::use_feed;
use crate::{ClientError, List};
use sentinelops_protocol::domain::TimelineEntry;
use sentinelops_protocol::{Channel, Problem, Subject};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_timeline`] returns.
///
/// ```
/// use sentinelops_realtime::UseTimelineHandle;
///
/// fn last(timeline: &UseTimelineHandle) -> Option<&str> {
///     timeline.entries.last().map(|entry| entry.actor.as_str())
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseTimelineHandle {
    /// What happened, oldest first: at most the newest 500.
    pub entries: List<Rc<TimelineEntry>>,
    /// A first snapshot has arrived: an empty list means that nothing is known.
    pub is_loaded: bool,
    /// The connection is up.
    pub is_connected: bool,
    /// What is wrong at the moment.
    pub error: Option<ClientError>,
    /// The newest message of this timeline that did not fit its type, until the next snapshot.
    pub problem: Option<Rc<Problem>>,
}

/// Status, severity and assignee of an incident as they changed, alerts of it raised and cleared: who and when.
///
/// ```
/// use sentinelops_realtime::use_timeline;
/// use yew::prelude::*;
///
/// #[component]
/// fn Timeline() -> Html {
///     let timeline = use_timeline("inc-1");
///     html! { <ol>{ for timeline.entries.iter().map(|entry| html! { <li>{ &entry.actor }</li> }) }</ol> }
/// }
/// ```
#[hook]
pub fn use_timeline(incident: &str) -> UseTimelineHandle {
    let subject = Subject::topic(Channel::Timeline, incident);
    use_feed(subject.clone(), move |client, feed| UseTimelineHandle {
        entries: client.timeline(&subject),
        is_loaded: feed.is_loaded,
        is_connected: feed.is_connected,
        error: feed.error,
        problem: feed.problem,
    })
}
