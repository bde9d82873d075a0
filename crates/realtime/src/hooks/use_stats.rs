//! `use_stats`: figures over all incidents.

use super::feed::use_feed;
use crate::ClientError;
use sentinelops_protocol::domain::Stats;
use sentinelops_protocol::{Channel, Subject};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_stats`] returns.
///
/// ```
/// use sentinelops_realtime::UseStatsHandle;
///
/// fn waits_for(handle: &UseStatsHandle) -> Option<&str> {
///     handle.stats.as_ref()?.oldest_unacknowledged.as_ref().map(|oldest| oldest.incident_id.as_str())
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseStatsHandle {
    /// The newest figures; [`Stats::at`] says of when. `None` before the first.
    pub stats: Option<Rc<Stats>>,
    /// Why the newest figures cannot be shown: what a later server sends may not fit.
    pub unreadable: Option<Rc<str>>,
    /// A first snapshot has arrived.
    pub is_loaded: bool,
    /// The connection is up.
    pub is_connected: bool,
    /// What is wrong at the moment, such as a right that is missing.
    pub error: Option<ClientError>,
}

/// What the server counts over all incidents: opened, acknowledged and resolved per quarter of an hour, how long it
/// took, which one waits for longest. New every 15 s. It takes the right to read all incidents, and a server that
/// counts: with a basic one there are never any.
///
/// ```
/// use sentinelops_realtime::use_stats;
/// use yew::prelude::*;
///
/// #[component]
/// fn TimeToAcknowledge() -> Html {
///     let median = use_stats().stats.and_then(|stats| stats.acknowledge.day.median_ms);
///     html! { <p>{ for median.map(|ms| format!("{} min", ms / 60_000)) }</p> }
/// }
/// ```
#[hook]
pub fn use_stats() -> UseStatsHandle {
    use_feed(Subject::channel(Channel::Stats), move |client, feed| {
        let (stats, unreadable) = match client.stats().map(|json| Stats::read(&json)) {
            None => (None, None),
            Some(Ok(stats)) => (Some(Rc::new(stats)), None),
            Some(Err(why)) => (None, Some(why.into())),
        };
        UseStatsHandle {
            stats,
            unreadable,
            is_loaded: feed.is_loaded,
            is_connected: feed.is_connected,
            error: feed.error,
        }
    })
}
