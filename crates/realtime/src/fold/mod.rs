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

use sentinelops_protocol::domain::{Activity, AgentStatus, Alert, TimelineEntry};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, Event, Json, Payload, Problem, Subject};
use std::rc::Rc;

/// Most messages and activities a page keeps of one subject.
pub(crate) const KEEP: usize = 500;

/// What a page knows of one subject.
pub(crate) struct Folded {
    /// How the state came about; `None`: it has not arrived.
    pub continuity: Option<Continuity>,
    /// Why the server refused the subscription.
    pub denied: Option<String>,
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
        Self { continuity: None, denied: None, problem: None, state: State::new(subject.channel) }
    }

    /// Everything before is void.
    pub(crate) fn snapshot(&mut self, continuity: Continuity, items: &[Rc<Event>], now: u64) {
        self.continuity = Some(continuity);
        self.denied = None;
        self.problem = None;
        self.state.clear();
        for item in items {
            self.state.apply(item, now);
        }
    }

    /// One thing happened.
    pub(crate) fn event(&mut self, event: &Event, now: u64) {
        // A basic server sends no snapshot: what comes is all there is.
        self.continuity.get_or_insert(Continuity::Snapshot);
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
