//! The page's copy of a subject's state: snapshot first, then event by event.
//!
//! The worker folds too, to answer those who come late; this copy turns the same events into the
//! domain's own types, once for all components of the page.

mod chat;
mod incidents;
mod keyed;
mod own_chat;

pub use chat::{ChatEntry, Watermarks};
pub(crate) use chat::{ChatFold, ChatView};
pub(crate) use incidents::IncidentFold;
pub use incidents::IncidentRow;
pub(crate) use keyed::{Feed, Keyed};
pub(crate) use own_chat::OwnChat;

use sentinelops_protocol::domain::{Activity, AgentStatus, Alert, IncidentChange, TimelineEntry};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, Event, Json, Payload, Priority, Problem, Subject};
use std::rc::Rc;

/// Most messages and activities a page keeps of one subject.
pub(crate) const KEEP: usize = 500;

/// Most things of a channel that are kept on this device.
pub(crate) const LAST_MAX: usize = 1_000;

/// What a page knows of one subject.
pub(crate) struct Folded {
    /// How the state came about; `None`: it has not arrived.
    pub continuity: Option<Continuity>,
    /// Why the server refused the subscription.
    pub denied: Option<String>,
    /// It is what was kept on this device, true at this time (wall clock, ms): the server has not spoken.
    pub as_of: Option<u64>,
    /// The last message since the state arrived that does not fit its type, and so is not in it.
    pub problem: Option<Rc<Problem>>,
    pub state: State,
}

/// By channel.
pub(crate) enum State {
    Incidents(IncidentFold),
    Agents(Keyed<AgentStatus>),
    Alerts(Keyed<Alert>),
    Chat(ChatFold),
    Activity(Feed<Activity>),
    Timeline(Feed<TimelineEntry>),
    /// The newest figures, as they came.
    Stats(Option<Json>),
    /// Nothing is folded there.
    System,
}

impl Folded {
    pub(crate) fn new(subject: &Subject) -> Self {
        Self {
            continuity: None,
            denied: None,
            as_of: None,
            problem: None,
            state: State::new(subject.channel),
        }
    }

    /// Everything before is void.
    pub(crate) fn snapshot(&mut self, continuity: Continuity, items: &[Rc<Event>], now: u64) {
        self.continuity = Some(continuity);
        self.denied = None;
        self.problem = None;
        self.as_of = None;
        self.state.clear();
        for item in items {
            self.state.apply(item, now);
        }
    }

    /// What was kept on this device, until the server speaks.
    pub(crate) fn show_last(&mut self, at: u64, items: &[Rc<Event>], now: u64) {
        self.as_of = Some(at);
        self.state.clear();
        for item in items {
            self.state.apply(item, now);
        }
    }

    fn forget_last(&mut self) {
        if self.as_of.take().is_some() {
            self.state.clear();
        }
    }

    /// The server refused the subscription. What it told earlier may be shown no more.
    pub(crate) fn deny(&mut self, why: String) {
        self.denied = Some(why);
        self.forget_last();
    }

    /// One thing happened.
    pub(crate) fn event(&mut self, event: &Event, now: u64) {
        // A basic server sends no snapshot: what comes is all there is.
        self.continuity.get_or_insert(Continuity::Snapshot);
        self.forget_last();
        self.denied = None;
        self.state.apply(event, now);
    }
}

impl State {
    fn new(channel: Channel) -> Self {
        match channel {
            Channel::Incidents => Self::Incidents(IncidentFold::default()),
            Channel::Agents => Self::Agents(Keyed::default()),
            Channel::Alerts => Self::Alerts(Keyed::default()),
            Channel::Chat => Self::Chat(ChatFold::default()),
            Channel::Activity => Self::Activity(Feed::default()),
            Channel::Timeline => Self::Timeline(Feed::default()),
            Channel::Stats => Self::Stats(None),
            Channel::System => Self::System,
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Incidents(fold) => fold.clear(),
            Self::Agents(fold) => fold.clear(),
            Self::Alerts(fold) => fold.clear(),
            Self::Chat(fold) => fold.clear(),
            Self::Activity(fold) => fold.clear(),
            Self::Timeline(fold) => fold.clear(),
            Self::Stats(stats) => *stats = None,
            Self::System => {}
        }
    }

    /// Events that make this state again, those that appeared last where there are too many. Of incidents those that
    /// are open come first.
    pub(crate) fn to_events(&self, channel: Channel) -> Vec<Rc<Event>> {
        let of = |kind: &str, payload| Rc::new(event_of(channel, kind, payload));
        match self {
            Self::Incidents(fold) => fold
                .newest(LAST_MAX)
                .map(|incident| {
                    of("incident.created", Payload::Incident(incident.to_event(IncidentChange::Created)))
                })
                .collect(),
            Self::Agents(fold) => last(&fold.list())
                .map(|agent| of("agent.status", Payload::Agent((**agent).clone())))
                .collect(),
            Self::Alerts(fold) => last(&fold.list())
                .map(|alert| of("alert.raised", Payload::Alert((**alert).clone())))
                .collect(),
            Self::Activity(fold) => last(&fold.list())
                .map(|entry| of("activity.event", Payload::Activity((**entry).clone())))
                .collect(),
            // Conversations and timelines are topics, and figures are of now.
            Self::Chat(_) | Self::Timeline(_) | Self::Stats(_) | Self::System => Vec::new(),
        }
    }

    fn apply(&mut self, event: &Event, now: u64) {
        match (self, &event.payload) {
            (Self::Incidents(fold), Payload::Incident(what)) => fold.apply(what),
            (Self::Agents(fold), Payload::Agent(agent)) => fold.put(&agent.agent_id, Rc::new(agent.clone())),
            (Self::Alerts(fold), Payload::Alert(alert)) => fold.put(&alert.id, Rc::new(alert.clone())),
            (Self::Chat(fold), Payload::Chat(message)) => fold.message(message, event.cause.as_deref()),
            (Self::Chat(fold), Payload::Receipt(receipt)) => fold.receipt(receipt),
            (Self::Chat(fold), Payload::Typing(typing)) => fold.typing(typing, now),
            (Self::Activity(fold), Payload::Activity(activity)) => {
                fold.push(&activity.id, Rc::new(activity.clone()), KEEP);
            }
            (Self::Incidents(fold), Payload::Viewing(viewing)) => fold.viewing(viewing, now),
            (Self::Timeline(fold), Payload::Timeline(entry)) => {
                fold.push(&entry.id, Rc::new((**entry).clone()), KEEP);
            }
            (Self::Stats(stats), Payload::Raw(json)) => *stats = Some(json.clone()),
            // Raw, or of a type that says nothing about this state: only delivered.
            _ => {}
        }
    }
}

/// The last ones, in their order.
fn last<T>(list: &[Rc<T>]) -> impl Iterator<Item = &Rc<T>> {
    list.iter().skip(list.len().saturating_sub(LAST_MAX))
}

/// As a server sends it in a snapshot.
fn event_of(channel: Channel, kind: &str, payload: Payload) -> Event {
    Event {
        id: None,
        kind: kind.to_owned(),
        channel,
        topic: None,
        payload,
        timestamp: None,
        priority: Priority::Normal,
        seq: None,
        prev: None,
        cause: None,
    }
}
