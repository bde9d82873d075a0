//! What happened to an incident: its timeline, its messages, and one's own changes that wait, as one list and as Markdown.
//! Pure.

use crate::components::people::Names;
use crate::words::story as texts;
use sentinelops_protocol::domain::{Incident, Patch, TimelineAction, TimelineEntry};
use sentinelops_protocol::sort::sort_by_key;
use sentinelops_realtime::{ChatEntry, SendState};
use std::rc::Rc;
use yew::AttrValue;

/// What moments are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Status, severity, title.
    Status,
    /// To whom it is assigned.
    People,
    /// Alerts raised and cleared.
    Alerts,
    /// What somebody wrote.
    Messages,
}

/// Some of them: a change may be about two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kind {
    /// Every one, in order.
    pub const ALL: [Self; 4] = [Self::Status, Self::People, Self::Alerts, Self::Messages];
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Self {
        Self(1 << kind as u8)
    }
}

impl Kinds {
    /// Of a change of an incident; one of something else is about its status.
    pub fn of<T>(has_status: bool, assigned_to: &Patch<T>) -> Self {
        match (assigned_to, has_status) {
            (Patch::Keep, _) => Kind::Status.into(),
            (_, false) => Kind::People.into(),
            (_, true) => Self::from(Kind::Status).toggled(Kind::People),
        }
    }

    /// Whether this kind is one of them.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & Self::from(kind).0 != 0
    }

    /// With this kind, or without it where it is one of them.
    #[must_use]
    pub fn toggled(self, kind: Kind) -> Self {
        Self(self.0 ^ Self::from(kind).0)
    }

    /// Whether a moment is shown where these were chosen: none chosen is all of them.
    pub fn shows(self, moment: &Moment) -> bool {
        self == Self::default() || self.0 & moment.kinds.0 != 0
    }
}

/// One thing that happened, or will when it has been sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Names it for as long as it is shown.
    pub key: String,
    /// When, ms since the epoch.
    pub at: u64,
    /// Who: a name, not an id.
    pub actor: AttrValue,
    /// What.
    pub what: String,
    /// What it is about.
    pub kinds: Kinds,
    /// The person at this page did it.
    pub is_own: bool,
    /// How far it has got, of what the server has not confirmed.
    pub waits: Option<SendState>,
}

impl Moment {
    /// Whether it happened after `until`, and somebody else did it.
    pub fn is_new(&self, until: u64) -> bool {
        self.at > until && !self.is_own
    }
}

/// Oldest first; what waits last, in the order in which it will be sent. `pending`: one's own changes. `me`: the person at
/// this page.
pub fn moments(
    timeline: &[Rc<TimelineEntry>],
    messages: &[ChatEntry],
    pending: Vec<Moment>,
    names: &Names,
    me: Option<&str>,
) -> Vec<Moment> {
    let mut all: Vec<Moment> = Vec::with_capacity(timeline.len() + messages.len());
    all.extend(timeline.iter().map(|entry| Moment {
        key: entry.id.clone(),
        at: entry.timestamp,
        actor: names.of(&entry.actor),
        what: change_words(entry, names),
        kinds: kinds(entry),
        is_own: me == Some(&*entry.actor),
        waits: None,
    }));
    all.extend(messages.iter().map(|entry| Moment {
        key: entry.key.to_string(),
        at: entry.message.timestamp,
        actor: if entry.mine { AttrValue::Static(texts::YOU) } else { names.of(&entry.message.sender_id) },
        what: entry.message.content.clone(),
        kinds: Kind::Messages.into(),
        is_own: entry.mine,
        waits: entry.send.clone().filter(|state| !state.is_delivered()),
    }));
    all.extend(pending);
    // Times of what waits are this device's guess.
    sort_by_key(&mut all, |moment| (moment.waits.is_some(), moment.at));
    all
}

fn kinds(entry: &TimelineEntry) -> Kinds {
    match entry.action {
        TimelineAction::AlertRaised | TimelineAction::AlertCleared => Kind::Alerts.into(),
        _ => Kinds::of(entry.status.is_some() || entry.severity.is_some(), &entry.assigned_to),
    }
}

fn change_words(entry: &TimelineEntry, names: &Names) -> String {
    let title = entry.title.as_deref().or(entry.alert_id.as_deref()).unwrap_or_default();
    let mut parts = match &entry.action {
        TimelineAction::Created => vec![texts::CREATED.to_owned()],
        TimelineAction::Changed => Vec::new(),
        TimelineAction::AlertRaised => vec![texts::raised(title)],
        TimelineAction::AlertCleared => vec![texts::cleared(title)],
        TimelineAction::Other(other) => vec![other.clone()],
    };
    parts.extend(entry.status.as_ref().map(|status| texts::status(status.as_str())));
    parts.extend(entry.severity.as_ref().map(|severity| texts::severity(severity.as_str())));
    match &entry.assigned_to {
        Patch::Keep => {}
        Patch::Clear => parts.push(texts::UNASSIGNED.to_owned()),
        Patch::Set(who) => parts.push(texts::assigned(&names.of(who))),
    }
    parts.join(", ")
}

/// The incident as a document: what it is, then everything that happened, oldest first. `exact` writes a time with its zone.
pub fn markdown(
    incident: &Incident,
    moments: &[Moment],
    names: &Names,
    exact: &dyn Fn(u64) -> String,
) -> String {
    let mut text = format!(
        "# {}: {}\n\n",
        incident.id,
        plain(incident.title.as_deref().unwrap_or(crate::words::UNTITLED))
    );
    let mut fact = |name: &str, value: String| text.push_str(&format!("- {name}: {}\n", plain(&value)));
    fact(texts::SEVERITY, crate::words::severity(incident.severity.as_ref()));
    if let Some(status) = &incident.status {
        fact(texts::STATUS, crate::letters::capital(status.as_str()));
    }
    if let Some(who) = &incident.assigned_to {
        fact(texts::ASSIGNEE, names.of(who).to_string());
    }
    if let Some(at) = incident.created_at {
        fact(texts::OPENED, exact(at));
    }
    text.push_str(&format!("\n## {}\n\n", texts::TITLE));
    for moment in moments {
        let when = if moment.waits.is_some() { texts::WAITS.to_owned() } else { exact(moment.at) };
        let who = plain(&moment.actor);
        if moment.kinds.has(Kind::Messages) {
            // A quotation: whatever was written in it cannot end the list.
            text.push_str(&format!("- {when} **{who}**:\n"));
            moment.what.lines().for_each(|line| text.push_str(&format!("  > {}\n", plain(line))));
        } else {
            text.push_str(&format!("- {when} **{who}** {}\n", plain(&moment.what)));
        }
    }
    text
}

/// As text: nothing from the network becomes markup in the document, and none of it starts a line.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' | '\r' => safe.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '&' | '~' => {
                safe.extend(['\\', sign])
            }
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_engine::{DeliveryState, Durability};
    use sentinelops_protocol::domain::{ChatMessage, IncidentStatus, Severity};

    fn entry(id: &str, timestamp: u64, action: TimelineAction) -> TimelineEntry {
        TimelineEntry {
            id: id.to_owned(),
            incident_id: "inc-7".to_owned(),
            actor: "ann".to_owned(),
            action,
            timestamp,
            status: None,
            severity: None,
            assigned_to: Patch::Keep,
            alert_id: None,
            title: None,
            extra: None,
        }
    }

    fn message(key: &str, timestamp: u64, content: &str) -> ChatEntry {
        let message = ChatMessage {
            id: key.to_owned(),
            conversation_id: "inc-7".to_owned(),
            sender_id: "bob".to_owned(),
            content: content.to_owned(),
            timestamp,
            extra: None,
        };
        ChatEntry {
            key: key.into(),
            message: Rc::new(message),
            mine: false,
            send: None,
            received: false,
            read: false,
        }
    }

    fn waiting() -> Option<SendState> {
        Some(SendState { durability: Durability::Durable, delivery: DeliveryState::Queued })
    }

    fn story() -> Vec<Moment> {
        let created = TimelineEntry {
            status: Some(IncidentStatus::New),
            severity: Some(Severity::High),
            ..entry("t1", 1_000, TimelineAction::Created)
        };
        let raised = TimelineEntry {
            actor: "prometheus".to_owned(),
            title: Some("<b>disk</b> 92 %".to_owned()),
            ..entry("t2", 2_000, TimelineAction::AlertRaised)
        };
        let taken = TimelineEntry {
            assigned_to: Patch::Set("bob".to_owned()),
            ..entry("t3", 4_000, TimelineAction::Changed)
        };
        // Written by a clock that is ahead: it waits, so it stands last all the same.
        let own = ChatEntry { send: waiting(), mine: true, ..message("m2", 500, "on it") };
        let pending = Moment {
            key: "p1".to_owned(),
            at: 3_000,
            actor: AttrValue::Static(texts::YOU),
            what: "Resolve inc-7".to_owned(),
            kinds: Kind::Status.into(),
            is_own: true,
            waits: waiting(),
        };
        let timeline = [created, raised, taken].map(Rc::new);
        moments(
            &timeline,
            &[message("m1", 3_000, "see `df`:\n# not a heading"), own],
            vec![pending],
            &Names::default(),
            Some("ann"),
        )
    }

    #[test]
    fn messages_stand_between_changes_and_what_waits_stands_last() {
        let keys: Vec<_> = story().into_iter().map(|moment| moment.key).collect();
        assert_eq!(keys, ["t1", "t2", "m1", "t3", "m2", "p1"]);
    }

    #[test]
    fn kinds_choose_moments_and_new_is_what_others_did_since() {
        let story = story();
        let keys = |shown: Kinds| -> Vec<_> {
            story.iter().filter(|moment| shown.shows(moment)).map(|moment| &*moment.key).collect()
        };
        let only = |kind: Kind| keys(Kinds::default().toggled(kind));
        assert_eq!(only(Kind::Status), ["t1", "p1"]);
        assert_eq!(only(Kind::People), ["t3"]);
        assert_eq!(only(Kind::Alerts), ["t2"]);
        assert_eq!(only(Kind::Messages), ["m1", "m2"]);
        assert_eq!(keys(Kinds::from(Kind::Alerts).toggled(Kind::Messages)), ["t2", "m1", "m2"]);
        assert_eq!(
            keys(Kinds::from(Kind::Alerts).toggled(Kind::Alerts)).len(),
            story.len(),
            "none chosen is all"
        );
        let both = Kinds::of(true, &Patch::Set("bob"));
        assert!(both.has(Kind::Status) && both.has(Kind::People) && !both.has(Kind::Alerts));
        let new: Vec<_> =
            story.iter().filter(|moment| moment.is_new(1_500)).map(|moment| &*moment.key).collect();
        assert_eq!(new, ["t2", "m1"], "the person at this page did the rest");
    }

    #[test]
    fn what_happened_at_the_same_time_keeps_its_order() {
        let timeline = ["t1", "t2", "t3"].map(|id| Rc::new(entry(id, 5, TimelineAction::Changed)));
        let keys: Vec<_> = moments(&timeline, &[], Vec::new(), &Names::default(), None)
            .into_iter()
            .map(|moment| moment.key)
            .collect();
        assert_eq!(keys, ["t1", "t2", "t3"]);
    }

    #[test]
    fn markdown_tells_everything_and_no_text_becomes_markup() {
        let mut incident = Incident::new("inc-7");
        incident.title = Some("Disk *full*".to_owned());
        incident.severity = Some(Severity::High);
        incident.status = Some(IncidentStatus::Investigating);
        incident.assigned_to = Some("bob".to_owned());
        incident.created_at = Some(1_000);
        let exact = |at: u64| format!("{at} UTC");
        assert_eq!(
            markdown(&incident, &story(), &Names::default(), &exact),
            r"# inc-7: Disk \*full\*

- Severity: High
- Status: Investigating
- Assigned to: bob
- Opened: 1000 UTC

## Timeline

- 1000 UTC **ann** created it, status new, severity high
- 2000 UTC **prometheus** raised an alert: \<b\>disk\</b\> 92 %
- 3000 UTC **bob**:
  > see \`df\`:
  > \# not a heading
- 4000 UTC **ann** assigned to bob
- not sent yet **You**:
  > on it
- not sent yet **You** Resolve inc-7
"
        );
    }
}
