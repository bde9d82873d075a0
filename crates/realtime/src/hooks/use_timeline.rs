//! `use_timeline`: what happened to an incident.

use super::feed::{UseFeedHandle, use_items};
use sentinelops_protocol::domain::TimelineEntry;
use sentinelops_protocol::{Channel, Subject};
use std::rc::Rc;
use yew::prelude::*;

/// Status, severity and assignee of an incident as they changed, alerts of it raised and cleared: who and when.
///
/// ```
/// use sentinelops_realtime::use_timeline;
/// use yew::prelude::*;
///
/// #[component]
/// fn Timeline() -> Html {
///     let timeline = use_timeline("inc-1");
///     html! { <ol>{ for timeline.items.iter().map(|entry| html! { <li>{ &entry.actor }</li> }) }</ol> }
/// }
/// ```
#[hook]
pub fn use_timeline(incident: &str) -> UseFeedHandle<Rc<TimelineEntry>> {
    let subject = Subject::topic(Channel::Timeline, incident);
    use_items(subject.clone(), move |client| client.timeline(&subject))
}
