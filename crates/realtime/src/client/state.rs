//! Everything a client knows.

use super::changes::{Dependency, Listener, Transition};
use super::last_state::LastState;
use super::pace::Pace;
use super::pending_actions::PendingAction;
use super::receipts::{LateReceipts, ReadReceipt, SentReceipt};
use super::session::Session;
use super::unreadable::Asked;
use crate::MessageId;
use crate::bridge::{LeaveNotice, Port};
use crate::edits::Edits;
use crate::error::{ClientError, SetupError};
use crate::fold::{Folded, OwnChat};
use crate::list::List;
use crate::platform::Timer;
use crate::recorder::Recorder;
use crate::send_log::SendLog;
use crate::supervisor::Supervisor;
use sentinelops_engine::{Batch, Cause, ConnectionState, MessageCounts, MessageInfo, Metrics, Status};
use sentinelops_protocol::{Channel, Problem, Subject};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    rc::Rc,
};

/// A subject somebody follows.
pub(super) struct Followed {
    pub holders: usize,
    pub folded: Folded,
}

/// Everything, in parts.
#[derive(Default)]
pub(super) struct State {
    pub worker: WorkerState,
    pub session: SessionState,
    pub view: View,
    pub sends: Sends,
    pub receipts: Receipts,
    pub kept: KeptState,
    pub listeners: Listeners,
    /// The client has ended.
    pub stopped: bool,
    /// Taken in at the next frame.
    pub inbox: Vec<Batch>,
    /// For the laboratory, since the last flush.
    #[cfg(feature = "lab")]
    pub lab: Vec<String>,
    pub flush_timers: Option<[Option<Timer>; 2]>,
    pub pace: Pace,
    pub recorder: Recorder,
    /// Reported to the listeners at the next frame.
    pub errors: Vec<ClientError>,
    /// Type and path of what was warned of already.
    pub warned: HashSet<(String, String)>,
    /// Who waits for the records that cannot be read.
    pub unreadable: VecDeque<Asked>,
}

/// The worker of this page, and what it reported of itself.
#[derive(Default)]
pub(super) struct WorkerState {
    pub port: Option<Rc<dyn Port>>,
    /// Counts workers: what an earlier one still reports is ignored.
    pub generation: u64,
    /// What a person asked for last; over `auto_connect`, also for the next worker.
    pub wanted: Option<bool>,
    pub leads: Option<bool>,
    /// Broadcast to the other tabs when this page goes away.
    pub leave_notice: Option<LeaveNotice>,
    pub supervisor: Supervisor,
    /// The supervisor's.
    pub timer: Option<Timer>,
}

/// The session of the user.
#[derive(Default)]
pub(super) struct SessionState {
    pub phase: Session,
    /// Scope and name of it, where the name is stored.
    pub name: Option<(String, String)>,
    /// A provider came while the session was being ended: it begins again afterwards.
    pub reopens: bool,
    pub timer: Option<Timer>,
}

/// What the hooks show.
#[derive(Default)]
pub(super) struct View {
    pub status: Rc<Status>,
    /// Of the connection, since the last frame.
    pub transitions: Vec<Transition>,
    pub latencies: List<f64>,
    /// When the last of them came, wall clock.
    pub latency_at: Option<u64>,
    /// The browser reported that there is no network, and nothing came from the server since.
    pub doubted: bool,
    pub metrics: Option<Rc<Metrics>>,
    pub outbox: (List<Rc<MessageInfo>>, MessageCounts),
    pub subjects: HashMap<Subject, Followed>,
    /// Nobody follows them any more; sent to the worker at the next frame, unless somebody does
    /// again by then (a page that replaces another).
    pub closing: HashSet<Subject>,
    /// The last messages that did not fit their types; the latest first.
    pub problems: VecDeque<Rc<Problem>>,
}

/// What was sent from here, and how it is shown until the server's state holds it.
#[derive(Default)]
pub(super) struct Sends {
    pub log: SendLog,
    /// What listeners were called with last of [`SendLog::has_unsaved`].
    pub shown_unsaved: bool,
    /// The next list of the outbox is the first of this worker: see `resume_outbox`.
    pub resumes_outbox: bool,
    /// What people asked for while no worker could do it.
    pub pending_actions: BTreeMap<MessageId, PendingAction>,
    pub edits: Edits,
    pub own_chat: Vec<OwnChat>,
    pub own_chat_version: u64,
    /// Confirmed messages that this frame shows.
    pub rendered: Vec<String>,
    pub rendered_timer: Option<Timer>,
    /// Ends edits that waited long enough, and when it is due (mono ms).
    pub expiry_timer: Option<(u64, Timer)>,
    /// Where they are not stored: see `drafts`.
    pub drafts: String,
}

/// By conversation, or by incident.
#[derive(Default)]
pub(super) struct Receipts {
    /// Up to when a conversation was marked read.
    pub read_up_to: HashMap<String, ReadReceipt>,
    pub received: HashMap<String, SentReceipt>,
    pub late: LateReceipts,
    /// When typing was last sent (mono ms).
    pub typed_at: HashMap<String, u64>,
    /// When each incident was last reported as viewed (mono ms).
    pub viewed_at: HashMap<String, u64>,
}

/// The last state of channels that this device keeps: see `last_state`.
#[derive(Default)]
pub(super) struct KeptState {
    /// Of channels that nobody follows yet.
    pub last_states: HashMap<Subject, LastState>,
    /// Channels that changed since they were kept.
    pub to_keep: HashSet<Channel>,
    /// When the shown state was last known to be true (wall clock, ms).
    pub true_at: u64,
    /// `true`: nothing changed, it only renews when the state was true.
    pub timer: Option<(bool, Timer)>,
}

/// Who is called when something changes.
#[derive(Default)]
pub(super) struct Listeners {
    pub all: BTreeMap<u64, (Vec<Dependency>, Listener)>,
    pub by_dependency: HashMap<Dependency, BTreeSet<u64>>,
    pub next: u64,
    /// Changed since the last frame.
    pub dirty: HashSet<Dependency>,
}

impl State {
    pub(super) fn new(setup_error: Option<&SetupError>) -> Self {
        let status = match setup_error {
            None => Status::default(),
            Some(SetupError::Disabled) => Status { cause: Cause::NotAsked, ..Status::default() },
            Some(error) => Status {
                state: ConnectionState::Error,
                cause: Cause::BadUrl(error.to_string()),
                last_error: Some(error.to_string()),
                ..Status::default()
            },
        };
        Self { view: View { status: Rc::new(status), ..View::default() }, ..Self::default() }
    }

    /// The status changed; a connection that came up or broke with it is remembered for the listeners.
    pub(super) fn set_status(&mut self, status: Status) {
        let since = |status: &Status| {
            (status.state == ConnectionState::Connected).then(|| status.connected_since.unwrap_or_default())
        };
        let (was, is) = (since(&self.view.status), since(&status));
        if was != is {
            if was.is_some() {
                // Up again since another time, and nobody saw it break.
                let cause = if is.is_some() { Cause::Lost } else { status.cause.clone() };
                self.view.transitions.push(Transition::Down(cause));
            }
            self.view.transitions.extend(is.map(Transition::Up));
        }
        self.view.status = Rc::new(status);
        self.listeners.dirty.insert(Dependency::Status);
    }

    /// No timer fires any more, no late word of the worker counts.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.worker.generation += 1;
        self.flush_timers = None;
        self.pace = Pace::default();
        self.receipts.late = LateReceipts::default();
        self.worker.timer = None;
        self.sends.expiry_timer = None;
        self.sends.rendered_timer = None;
        self.session.timer = None;
        self.kept.timer = None;
        self.inbox.clear();
    }
}

impl Listeners {
    /// A component follows it, or did.
    pub(super) fn watchers(&self, dependency: &Dependency) -> usize {
        self.by_dependency.get(dependency).map_or(0, BTreeSet::len)
    }

    /// Everybody who shows this subject looks again; for chat, both ways to follow it.
    pub(super) fn dirty_subject(&mut self, subject: &Subject) {
        self.dirty.insert(Dependency::Subject(subject.clone()));
        if subject.topic.is_some() {
            self.dirty.insert(Dependency::Subject(Subject::channel(subject.channel)));
        }
    }
}
