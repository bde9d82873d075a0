//! `use_stats`: figures over all incidents.

use super::feed::use_feed;
use crate::ClientError;
use sentinelops_protocol::Json;
use sentinelops_protocol::domain::SourceAge;
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
    pub problem: Option<Rc<str>>,
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
        // Not `Stats::read`: the reader that finds the path of a misfit is 21 KB of every page.
        let (stats, problem) = match client.stats().map(|json| json.read::<Stats>()) {
            None => (None, None),
            Some(Ok(stats)) => (Some(Rc::new(stats)), None),
            Some(Err(why)) => (None, Some(why.to_string().into())),
        };
        UseStatsHandle {
            stats,
            problem,
            is_loaded: feed.is_loaded,
            is_connected: feed.is_connected,
            error: feed.error,
        }
    })
}

/// What [`use_sources`] returns.
///
/// ```
/// use sentinelops_realtime::UseSourcesHandle;
///
/// fn never_sent(handle: &UseSourcesHandle) -> usize {
///     handle.sources.iter().filter(|source| source.heard_at.is_none()).count()
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseSourcesHandle {
    /// In the order of their names. None before the first figures, and where they cannot be read.
    pub sources: Rc<Vec<SourceAge>>,
    /// Of when they are, ms since the epoch on the server's clock; 0 before the first.
    pub at: u64,
    /// The connection is up.
    pub is_connected: bool,
}

/// When each source of alerts sent something last: [`use_stats`] for a page that shows nothing else of the figures and is
/// to be small.
///
/// ```
/// use sentinelops_realtime::use_sources;
/// use yew::prelude::*;
///
/// #[component]
/// fn Sources() -> Html {
///     let names: Vec<_> = use_sources().sources.iter().map(|source| source.name.clone()).collect();
///     html! { <p>{ names.join(", ") }</p> }
/// }
/// ```
#[hook]
pub fn use_sources() -> UseSourcesHandle {
    use_feed(Subject::channel(Channel::Stats), |client, feed| {
        let (mut at, mut sources) = (0, Vec::new());
        for (name, json) in client.stats().iter().flat_map(Json::fields) {
            match &*name {
                "at" => at = json.parse().unwrap_or_default(),
                "sources" => sources = serde_json::from_str(json).unwrap_or_default(),
                _ => {}
            }
        }
        UseSourcesHandle { sources: Rc::new(sources), at, is_connected: feed.is_connected }
    })
}
