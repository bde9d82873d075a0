//! Everything a client knows.

use super::last_state::LastState;
use super::news::{Interest, Listener, Transition};
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

#[derive(Default)]
pub(super) struct State {
    pub port: Option<Rc<dyn Port>>,
    /// Counts workers: late words of an earlier one are ignored.
    pub generation: u64,
    /// What a person asked for last; over `auto_connect`, also for the next worker.
    pub wanted: Option<bool>,
    pub stopped: bool,
    pub session: Session,
    /// Scope and name of it, where the name is stored.
    pub session_name: Option<(String, String)>,
    /// A provider came while the session was being ended: it begins again afterwards.
    pub reopens: bool,

    /// Taken in at the next frame.
    pub inbox: Vec<Batch>,
    pub status: Rc<Status>,
    /// Of the connection, since the last frame.
    pub transitions: Vec<Transition>,
    pub latencies: List<f64>,
    /// When the last of them came, wall clock.
    pub latency_at: Option<u64>,
    /// The browser reported that there is no network, and nothing came from the server since.
    pub doubted: bool,
    pub leader: Option<bool>,
    /// Broadcast to the other tabs when this page goes away.
    pub leave_notice: Option<LeaveNotice>,
    pub metrics: Option<Rc<Metrics>>,
    pub outbox: (List<Rc<MessageInfo>>, MessageCounts),
    pub subjects: HashMap<Subject, Followed>,
    /// Nobody follows them any more; sent to the worker at the next frame, unless somebody does
    /// again by then (a page that replaces another).
    pub closing: HashSet<Subject>,
    /// The last messages that did not fit their types; the latest first.
    pub problems: VecDeque<Rc<Problem>>,

    pub send_log: SendLog,
    /// What listeners were called with last of [`SendLog::has_unsaved`].
    pub shown_unsaved: bool,
    /// The next list of the outbox is the first of this worker: see `adopt`.
    pub resumes_outbox: bool,
    /// What people asked for while no worker could do it.
    pub pending_actions: BTreeMap<MessageId, PendingAction>,
    pub edits: Edits,
    pub own_chat: Vec<OwnChat>,
    pub own_chat_version: u64,
    /// By conversation: up to when it was marked read, and when typing was last sent.
    pub read_up_to: HashMap<String, ReadReceipt>,
    pub received: HashMap<String, SentReceipt>,
    pub late_receipts: LateReceipts,
    pub typed_at: HashMap<String, u64>,
    /// When each incident was last reported as viewed (mono ms).
    pub viewed_at: HashMap<String, u64>,
    /// Where they are not stored: see `drafts`.
    pub drafts: String,

    /// Of channels that nobody follows yet: see `last_state`.
    pub last_states: HashMap<Subject, LastState>,
    /// Channels that changed since they were kept.
    pub to_keep: HashSet<Channel>,
    /// When the shown state was last known to be true (wall clock, ms).
    pub true_at: u64,
    /// Type and path of what was warned of already.
    pub warned: HashSet<(String, String)>,
    pub recorder: Recorder,
    pub supervisor: Supervisor,
    /// Confirmed messages that this frame shows.
    pub rendered: Vec<String>,

    pub listeners: BTreeMap<u64, (Vec<Interest>, Listener)>,
    pub by_interest: HashMap<Interest, BTreeSet<u64>>,
    pub next_listener: u64,
    pub dirty: HashSet<Interest>,
    pub errors: Vec<ClientError>,
    /// Who waits for the records that cannot be read.
    pub unreadable: VecDeque<Asked>,

    pub flush_timers: Option<[Option<Timer>; 2]>,
    pub pace: Pace,
    pub supervisor_timer: Option<Timer>,
    pub expiry_timer: Option<(u64, Timer)>,
    pub rendered_timer: Option<Timer>,
    pub session_timer: Option<Timer>,
    /// `true`: nothing changed, it only renews when the state was true.
    pub keep_timer: Option<(bool, Timer)>,
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
        Self { status: Rc::new(status), ..Self::default() }
    }

    /// The status changed; a connection that came up or broke with it is remembered for the listeners.
    pub(super) fn set_status(&mut self, status: Status) {
        let since = |status: &Status| {
            (status.state == ConnectionState::Connected).then(|| status.connected_since.unwrap_or_default())
        };
        let (was, is) = (since(&self.status), since(&status));
        if was != is {
            if was.is_some() {
                // Up again since another time, and nobody saw it break.
                let cause = if is.is_some() { Cause::Lost } else { status.cause.clone() };
                self.transitions.push(Transition::Down(cause));
            }
            self.transitions.extend(is.map(Transition::Up));
        }
        self.status = Rc::new(status);
        self.dirty.insert(Interest::Status);
    }

    /// No timer fires any more, no late word of the worker counts.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.generation += 1;
        self.flush_timers = None;
        self.pace = Pace::default();
        self.late_receipts = LateReceipts::default();
        self.supervisor_timer = None;
        self.expiry_timer = None;
        self.rendered_timer = None;
        self.session_timer = None;
        self.keep_timer = None;
        self.inbox.clear();
    }

    /// A component follows it, or did.
    pub(super) fn watchers(&self, interest: &Interest) -> usize {
        self.by_interest.get(interest).map_or(0, BTreeSet::len)
    }

    /// Everybody who shows this subject looks again; for chat, both ways to follow it.
    pub(super) fn dirty_subject(&mut self, subject: &Subject) {
        self.dirty.insert(Interest::Subject(subject.clone()));
        if subject.topic.is_some() {
            self.dirty.insert(Interest::Subject(Subject::channel(subject.channel)));
        }
    }
}
