//! Sends what a person does to an incident, and remembers the last of it.

use crate::actions::{Action, Done};
use sentinelops_protocol::Priority;
use sentinelops_protocol::domain::{Incident, Severity};
use sentinelops_realtime::{Client, IncidentRow, Message, MessageId, UseFeedHandle, use_client};
use std::rc::Rc;
use yew::prelude::*;

/// The last action.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Last {
    /// There is none.
    #[default]
    Nothing,
    /// It may be taken back. The number tells one from the next.
    Offered(Rc<[Done]>, u64),
    /// It was taken back, as far as that was possible.
    Undone(Rc<Undone>),
}

/// What became of taking it back, by incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Undone {
    /// As it was before, unless the server refuses the message that each of them holds now: the one that takes it back.
    pub back: Vec<Done>,
    /// Somebody changed the same meanwhile.
    pub refused: Vec<Done>,
    /// The action failed itself.
    pub failed: Vec<Done>,
}

/// See [`Last`].
pub(super) enum Step {
    Did(Rc<[Done]>),
    Undo(Undone),
    Forget,
}

/// So many incidents are remembered with what was done to them last.
const RECENT_MAX: usize = 200;

/// What this person did on this page.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory {
    last: Last,
    /// The latest action for each incident, unless it was taken back; oldest first.
    recent: Rc<[Done]>,
}

impl Reducible for Memory {
    type Action = Step;

    fn reduce(self: Rc<Self>, step: Step) -> Rc<Self> {
        let (gone, new): (&[Done], &[Done]) = match &step {
            Step::Did(done) => (done, done),
            Step::Undo(undone) => (&undone.back, &[]),
            Step::Forget => (&[], &[]),
        };
        let stays = |known: &&Done| gone.iter().all(|gone| gone.before.id != known.before.id);
        let recent: Vec<_> = self.recent.iter().filter(stays).chain(new).cloned().collect();
        let recent = recent[recent.len().saturating_sub(RECENT_MAX)..].into();
        let last = match (&self.last, step) {
            (Last::Offered(_, number), Step::Did(done)) => Last::Offered(done, number + 1),
            (_, Step::Did(done)) => Last::Offered(done, 0),
            (Last::Offered(..), Step::Undo(undone)) => Last::Undone(undone.into()),
            (_, Step::Forget) => Last::Nothing,
            _ => return self,
        };
        Rc::new(Self { last, recent })
    }
}

/// Does things to incidents.
#[derive(Clone, PartialEq)]
pub struct Actor {
    /// The person at this page, where the configuration or the token names one.
    pub me: Option<AttrValue>,
    client: Client,
    memory: Option<UseReducerHandle<Memory>>,
}

impl Actor {
    /// Sends it; the offer to undo follows.
    pub fn act(&self, incident: &Rc<Incident>, action: Action) -> MessageId {
        let done = self.send(incident, action);
        let sent = done.sent.clone();
        self.step(Step::Did([done].into()));
        sent
    }

    /// The same for all that it makes sense for, with one offer to undo. `false`: there are none.
    pub fn act_all(&self, rows: &[IncidentRow], action: &Action) -> bool {
        let offered = rows.iter().filter(|row| action.is_offered(row));
        let done: Rc<[Done]> = offered.map(|row| self.send(&row.incident, action.clone())).collect();
        let any = !done.is_empty();
        if any {
            self.step(Step::Did(done));
        }
        any
    }

    fn send(&self, incident: &Rc<Incident>, action: Action) -> Done {
        let message = Message::from(action.edit(incident)).priority(urgency(incident));
        let confirmed = self.client.confirmed_incident(&incident.id);
        let sent = self.client.send(message).id();
        let earlier = match self.memory.as_ref().map(|memory| &memory.last) {
            Some(Last::Offered(done, _)) => &**done,
            Some(Last::Undone(undone)) => &undone.back,
            _ => &[],
        };
        let earlier = earlier.iter().find(|earlier| earlier.before.id == incident.id);
        Done::new(action, incident.clone(), sent, confirmed, earlier)
    }

    /// The action that takes an incident, if somebody is known to be at this page.
    pub fn take(&self) -> Option<Action> {
        self.me.as_ref().map(|me| Action::Take(me.to_string()))
    }

    /// The last action.
    pub(super) fn last(&self) -> Last {
        self.memory.as_ref().map_or_else(Last::default, |memory| memory.last.clone())
    }

    /// What this person did last to an incident on this page, unless it was taken back.
    pub fn latest(&self, id: &str) -> Option<Done> {
        self.memory.as_ref()?.recent.iter().find(|done| done.before.id == id).cloned()
    }

    /// Takes an action back, given the incidents as the page shows them now.
    pub(super) fn undo(&self, all: &[Done], now: &UseFeedHandle<IncidentRow>) {
        let mut undone = Undone::default();
        for mut done in all.iter().cloned() {
            let id = &done.before.id;
            let confirmed = self.client.confirmed_incident(id);
            let inverse = now.get(id).and_then(|now| done.inverse(now, confirmed.as_deref()));
            match inverse {
                _ if self.has_failed(&done) => undone.failed.push(done),
                None => undone.refused.push(done),
                Some(edit) => {
                    done.sent = self.client.send(Message::from(edit).priority(urgency(&done.before))).id();
                    undone.back.push(done);
                }
            }
        }
        self.step(Step::Undo(undone));
    }

    /// The server refused it, or it was too late.
    pub(super) fn has_failed(&self, done: &Done) -> bool {
        self.client.send_state(&done.sent).is_some_and(|state| state.is_failed())
    }

    pub(super) fn forget(&self) {
        self.step(Step::Forget);
    }

    fn step(&self, step: Step) {
        if let Some(memory) = &self.memory {
            memory.dispatch(step);
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
    let memory = use_reducer_eq(Memory::default);
    html! {
        <ContextProvider<UseReducerHandle<Memory>> context={memory}>{ props.children.clone() }</ContextProvider<UseReducerHandle<Memory>>>
    }
}

/// Does things to incidents. Without a provider above nothing can be undone.
#[hook]
pub fn use_actor() -> Actor {
    let client = use_client();
    let memory = use_context::<UseReducerHandle<Memory>>();
    Actor { me: client.user().map(|user| user.to_owned().into()), client, memory }
}
