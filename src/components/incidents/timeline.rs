//! What happened to an incident, and who else looks at it.

use crate::components::people::Names;
use crate::components::relative_time::RelativeTime;
use sentinelops_protocol::domain::{Patch, TimelineAction, TimelineEntry};
use sentinelops_realtime::{use_timeline, use_viewers};
use yew::prelude::*;

/// See [`Timeline`], [`Viewers`] and [`IncidentAlerts`](super::IncidentAlerts).
#[derive(Properties, PartialEq)]
pub struct OfIncidentProps {
    /// Which incident.
    pub id: AttrValue,
}

/// Status, severity, assignee and alerts as they changed, newest first; closed at first.
#[component]
pub fn Timeline(props: &OfIncidentProps) -> Html {
    let timeline = use_timeline(&props.id);
    let names = use_context::<Names>().unwrap_or_default();
    html! {
        <details class="timeline" data-testid="timeline">
            <summary>
                { "Timeline " }
                if timeline.is_loaded { <span class="num">{ timeline.items.len() }</span> }
            </summary>
            if timeline.items.is_empty() {
                <p class="hint">{ if timeline.is_loaded { "Nothing is known of what happened before." } else { "The timeline comes with the connection." } }</p>
            }
            <ol>
                { for timeline.items.iter().rev().map(|entry| html! {
                    <li key={entry.id.clone()}>
                        <b>{ names.of(&entry.actor) }</b>{ format!(" {} ", words(entry, &names)) }<RelativeTime at={entry.timestamp} />
                    </li>
                }) }
            </ol>
        </details>
    }
}

/// How many others have the incident open; their names on hover.
#[component]
pub fn Viewers(props: &OfIncidentProps) -> Html {
    let viewers = use_viewers(&props.id);
    let names = use_context::<Names>().unwrap_or_default();
    let who: Vec<String> = viewers.iter().map(|who| names.of(who).to_string()).collect();
    let words = match viewers.len() {
        0 => return Html::default(),
        1 => "1 other is viewing".to_owned(),
        count => format!("{count} others are viewing"),
    };
    html! { <span class="hint" title={who.join(", ")} data-testid="viewers">{ words }</span> }
}

fn words(entry: &TimelineEntry, names: &Names) -> String {
    let title = entry.title.as_deref().or(entry.alert_id.as_deref()).unwrap_or_default();
    let mut parts = match &entry.action {
        TimelineAction::Created => vec!["created it".to_owned()],
        TimelineAction::Changed => Vec::new(),
        TimelineAction::AlertRaised => vec![format!("raised an alert: {title}")],
        TimelineAction::AlertCleared => vec![format!("cleared an alert: {title}")],
        TimelineAction::Other(other) => vec![other.clone()],
    };
    parts.extend(entry.status.as_ref().map(|status| format!("status {status}")));
    parts.extend(entry.severity.as_ref().map(|severity| format!("severity {severity}")));
    match &entry.assigned_to {
        Patch::Keep => {}
        Patch::Clear => parts.push("unassigned".to_owned()),
        Patch::Set(who) => parts.push(format!("assigned to {}", names.of(who))),
    }
    parts.join(", ")
}
