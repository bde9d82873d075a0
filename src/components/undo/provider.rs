//! Sends what a person does to an incident, and remembers the last of it.

use crate::actions::{Action, Done};
use sentinelops_protocol::Priority;
use sentinelops_protocol::domain::{Incident, Severity};
use sentinelops_realtime::{Client, Message, MessageId, use_client};
use std::rc::Rc;
use yew::prelude::*;

/// The last action.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Last {
    /// There is none.
    #[default]
    Nothing,
    /// It may be taken back. The number tells one from the next.
    Offered(Rc<Done>, u64),
    /// It was taken back.
    Undone(Rc<Done>),
    /// Somebody changed the same meanwhile.
    Refused(Rc<Done>),
    /// The action failed itself.
    Failed(Rc<Done>),
}

/// See [`Last`].
pub(super) enum Step {
    Did(Rc<Done>),
    Undo,
    Refuse,
    Fail,
    Forget,
}

impl Reducible for Last {
    type Action = Step;

    fn reduce(self: Rc<Self>, step: Step) -> Rc<Self> {
        let next = match (&*self, step) {
            (Self::Offered(_, number), Step::Did(done)) => Self::Offered(done, number + 1),
            (_, Step::Did(done)) => Self::Offered(done, 0),
            (Self::Offered(done, _), Step::Undo) => Self::Undone(done.clone()),
            (Self::Offered(done, _), Step::Refuse) => Self::Refused(done.clone()),
            (Self::Offered(done, _), Step::Fail) => Self::Failed(done.clone()),
            (_, Step::Forget) => Self::Nothing,
            _ => return self,
        };
        Rc::new(next)
    }
}

/// Does things to incidents.
#[derive(Clone, PartialEq)]
pub struct Actor {
    /// The person at this page, where the configuration or the token names one.
    pub me: Option<AttrValue>,
    client: Client,
    last: Option<UseReducerHandle<Last>>,
}

impl Actor {
    /// Sends it; the offer to undo follows.
    pub fn act(&self, incident: &Rc<Incident>, action: Action) -> MessageId {
        let message = Message::from(action.edit(incident)).priority(urgency(incident));
        let confirmed = self.client.confirmed_incident(&incident.id);
        let sent = self.client.send(message).id();
        let last = self.last();
        let earlier = match &last {
            Last::Offered(done, _) | Last::Undone(done) => Some(&**done),
            _ => None,
        };
        let done = Done::new(action, incident.clone(), sent.clone(), confirmed, earlier);
        self.step(Step::Did(done.into()));
        sent
    }

    /// The action that takes an incident, if somebody is known to be at this page.
    pub fn take(&self) -> Option<Action> {
        self.me.as_ref().map(|me| Action::Take(me.to_string()))
    }

    /// The last action.
    pub(super) fn last(&self) -> Last {
        self.last.as_ref().map_or_else(Last::default, |last| (**last).clone())
    }

    /// Takes an action back, given its incident as the page shows it now.
    pub(super) fn undo(&self, done: &Done, now: &Incident) {
        if self.client.send_state(&done.sent).is_some_and(|state| state.is_failed()) {
            return self.step(Step::Fail);
        }
        match done.inverse(now, self.client.confirmed_incident(&now.id).as_deref()) {
            None => self.step(Step::Refuse),
            Some(edit) => {
                self.client.send(Message::from(edit).priority(urgency(&done.before)));
                self.step(Step::Undo);
            }
        }
    }

    pub(super) fn forget(&self) {
        self.step(Step::Forget);
    }

    fn step(&self, step: Step) {
        if let Some(last) = &self.last {
            last.dispatch(step);
        }
    }
}

/// What people do about something critical overtakes what else they sent.
fn urgency(incident: &Incident) -> Priority {
    match incident.severity {
        Some(Severity::Critical) => Priority::Critical,
        Some(Severity::High) => Priority::High,
        _ => Priority::Normal,
    }
}

/// See [`ActionsProvider`].
#[derive(Properties, PartialEq)]
pub struct ActionsProviderProps {
    /// What acts, and an [`UndoToast`](super::UndoToast).
    pub children: Html,
}

/// Remembers the last action for everything below.
#[component]
pub fn ActionsProvider(props: &ActionsProviderProps) -> Html {
    let last = use_reducer_eq(Last::default);
    html! {
        <ContextProvider<UseReducerHandle<Last>> context={last}>{ props.children.clone() }</ContextProvider<UseReducerHandle<Last>>>
    }
}

/// Does things to incidents. Without a provider above nothing can be undone.
#[hook]
pub fn use_actor() -> Actor {
    let client = use_client();
    let last = use_context::<UseReducerHandle<Last>>();
    Actor { me: client.user().map(|user| user.to_owned().into()), client, last }
}
