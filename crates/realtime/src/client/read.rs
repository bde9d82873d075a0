//! What hooks read, and the lines of recorder and log.

use super::Client;
use super::changes::Dependency;
use crate::fold::{ChatView, OwnChat, State as FoldState};
use crate::recorder::RecordKind;
use crate::supervisor::WorkerHealth;
use crate::{ClientError, IncidentRow, List, MessageId, MessageTrace, Record, SendState};
use crate::{SetupError, console_log, export};
use sentinelops_engine::{ConnectionState, Hint, MessageCounts, MessageInfo, Metrics, Mode, Status};
use sentinelops_protocol::domain::{Activity, AgentStatus, Alert, Incident, TimelineEntry};
use sentinelops_protocol::{Channel, Json, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::AttrValue;

impl Client {
    /// The connection as it is now.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// /// Of this moment; a component that shows it calls `use_connection` instead.
    /// fn waiting(client: &Client) -> u32 {
    ///     client.status().queued.iter().sum()
    /// }
    /// ```
    pub fn status(&self) -> Rc<Status> {
        self.state().view.status.clone()
    }

    /// What is known of a message this page sent.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, MessageId};
    ///
    /// fn arrived(client: &Client, id: &MessageId) -> bool {
    ///     client.send_state(id).is_some_and(|state| state.is_delivered())
    /// }
    /// ```
    pub fn send_state(&self, id: &MessageId) -> Option<SendState> {
        self.state().sends.log.state(id).cloned()
    }

    /// Whether something sent is neither on disk nor over: a page that closes now would lose it.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// /// For `beforeunload`: the browser asks whether to stay.
    /// fn may_leave(client: &Client) -> bool {
    ///     !client.has_unsaved()
    /// }
    /// ```
    pub fn has_unsaved(&self) -> bool {
        self.state().sends.log.has_unsaved()
    }

    /// The user of this scope, as the provider says.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// fn greeting(client: &Client) -> String {
    ///     client.user().map_or("Not signed in".to_owned(), |user| format!("Signed in as {user}"))
    /// }
    /// ```
    pub fn user(&self) -> Option<&str> {
        self.0.settings.options.user.as_deref()
    }

    /// Whether tools may show contents of messages: the provider's `debug_contents`.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, MessageTrace};
    ///
    /// fn shown(client: &Client, trace: &MessageTrace) -> String {
    ///     trace.payload.clone().filter(|_| client.shows_contents()).unwrap_or_else(|| "contents are not shown".to_owned())
    /// }
    /// ```
    pub fn shows_contents(&self) -> bool {
        self.0.settings.options.debug_contents
    }

    /// What is wrong now: setup, worker, refused subscription, connection.
    pub(crate) fn error(&self, subject: Option<&Subject>) -> Option<ClientError> {
        if let Some(error) = &self.0.setup_error {
            return Some(ClientError::Setup(error.clone()));
        }
        let state = self.state();
        if let WorkerHealth::Failing(error) = state.worker.supervisor.health() {
            return Some(ClientError::Worker(error.clone()));
        }
        let denied = subject.and_then(|subject| {
            let message = state.view.subjects.get(subject)?.folded.denied.clone()?;
            Some(ClientError::Denied { subject: subject.clone(), message })
        });
        denied.or_else(|| {
            let gone = state.view.status.state != ConnectionState::Connected;
            state.view.status.last_error.clone().filter(|_| gone).map(ClientError::Connection)
        })
    }

    /// Why it cannot start, if so.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// fn check(client: &Client) {
    ///     if let Some(error) = client.setup_error() {
    ///         log::error!("no live data: {error}");
    ///     }
    /// }
    /// ```
    pub fn setup_error(&self) -> Option<&SetupError> {
        self.0.setup_error.as_ref()
    }

    pub(crate) fn latencies(&self) -> List<f64> {
        self.state().view.latencies.clone()
    }

    pub(crate) fn latency_at(&self) -> Option<u64> {
        self.state().view.latency_at
    }

    /// See [`UseConnectionHandle::is_checking`](crate::UseConnectionHandle::is_checking).
    pub(crate) fn is_checking(&self) -> bool {
        let state = self.state();
        state.view.doubted && state.view.status.state == ConnectionState::Connected
    }

    pub(crate) fn worker_health(&self) -> WorkerHealth {
        self.state().worker.supervisor.health().clone()
    }

    pub(crate) fn is_leader(&self) -> Option<bool> {
        self.state().worker.leads
    }

    pub(crate) fn shown_url(&self) -> AttrValue {
        AttrValue::from(self.0.settings.url.shown.clone())
    }

    pub(crate) fn is_own(&self, id: &MessageId) -> bool {
        self.send_state(id).is_some()
    }

    pub(crate) fn metrics(&self) -> Option<Rc<Metrics>> {
        self.state().view.metrics.clone()
    }

    pub(crate) fn outbox(&self) -> (List<Rc<MessageInfo>>, MessageCounts) {
        self.state().view.outbox.clone()
    }

    pub(crate) fn continuity(&self, subject: &Subject) -> Option<Continuity> {
        self.state().view.subjects.get(subject)?.folded.continuity
    }

    pub(crate) fn problem(&self, subject: &Subject) -> Option<Rc<Problem>> {
        self.state().view.subjects.get(subject)?.folded.problem.clone()
    }

    /// An incident as the server has it: without own edits that it has not confirmed. `None`: no component follows
    /// incidents, or the server has not shown it.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, IncidentRow};
    ///
    /// /// Whether what the row shows is not the server's state yet.
    /// fn is_ahead(client: &Client, row: &IncidentRow) -> bool {
    ///     client.confirmed_incident(&row.id).is_none_or(|confirmed| *confirmed != *row.incident)
    /// }
    /// ```
    pub fn confirmed_incident(&self, id: &str) -> Option<Rc<Incident>> {
        match &self.state().view.subjects.get(&super::send::incidents())?.folded.state {
            FoldState::Incidents(fold) => fold.confirmed(id).cloned(),
            _ => None,
        }
    }

    pub(crate) fn incidents(&self) -> List<IncidentRow> {
        let mut state = self.state_mut();
        let state = &mut *state;
        match state.view.subjects.get_mut(&super::send::incidents()).map(|f| &mut f.folded.state) {
            Some(FoldState::Incidents(fold)) => fold.rows(&state.sends.edits),
            _ => List::default(),
        }
    }

    pub(crate) fn incident(&self, id: &str) -> Option<IncidentRow> {
        let state = self.state();
        match &state.view.subjects.get(&super::send::incidents())?.folded.state {
            FoldState::Incidents(fold) => fold.row(id, &state.sends.edits),
            _ => None,
        }
    }

    pub(crate) fn viewers(&self, id: &str) -> Vec<Rc<str>> {
        match self.state().view.subjects.get(&super::send::incidents()).map(|f| &f.folded.state) {
            Some(FoldState::Incidents(fold)) => fold.viewers(id, self.user()),
            _ => Vec::new(),
        }
    }

    pub(crate) fn timeline(&self, subject: &Subject) -> List<Rc<TimelineEntry>> {
        match self.state().view.subjects.get(subject).map(|f| &f.folded.state) {
            Some(FoldState::Timeline(fold)) => fold.list(),
            _ => List::default(),
        }
    }

    /// As they came: they are read by who shows them.
    pub(crate) fn stats(&self) -> Option<Json> {
        match self.state().view.subjects.get(&Subject::channel(Channel::Stats)).map(|f| &f.folded.state) {
            Some(FoldState::Stats(stats)) => stats.clone(),
            _ => None,
        }
    }

    pub(crate) fn agents(&self) -> List<Rc<AgentStatus>> {
        match self.state().view.subjects.get(&Subject::channel(Channel::Agents)).map(|f| &f.folded.state) {
            Some(FoldState::Agents(fold)) => fold.list(),
            _ => List::default(),
        }
    }

    pub(crate) fn alerts(&self) -> List<Rc<Alert>> {
        match self.state().view.subjects.get(&Subject::channel(Channel::Alerts)).map(|f| &f.folded.state) {
            Some(FoldState::Alerts(fold)) => fold.list(),
            _ => List::default(),
        }
    }

    pub(crate) fn activities(&self) -> List<Rc<Activity>> {
        match self.state().view.subjects.get(&Subject::channel(Channel::Activity)).map(|f| &f.folded.state) {
            Some(FoldState::Activity(fold)) => fold.list(),
            _ => List::default(),
        }
    }

    pub(crate) fn chat(&self, subject: &Subject) -> ChatView {
        let user = self.user().map(str::to_owned);
        let mut state = self.state_mut();
        let state = &mut *state;
        let basic = state.view.status.mode == Some(Mode::Basic);
        let own = || {
            let here = |own: &&OwnChat| {
                subject.topic.as_ref().is_none_or(|topic| *topic == own.message.conversation_id)
            };
            state.sends.own_chat.iter().filter(here).cloned().collect()
        };
        match state.view.subjects.get_mut(subject).map(|f| &mut f.folded.state) {
            Some(FoldState::Chat(fold)) => {
                fold.view(own, state.sends.own_chat_version, user.as_deref(), basic)
            }
            _ => ChatView::default(),
        }
    }

    pub(crate) fn diagnostics(&self) -> (List<Rc<Record>>, List<Rc<MessageTrace>>) {
        self.state_mut().recorder.lists()
    }

    pub(crate) fn export_diagnostics(&self) -> String {
        let (records, traces) = self.diagnostics();
        let metrics = self.metrics();
        let now = self.platform().wall();
        let url = &self.0.settings.url.shown;
        export::diagnostics(now, url, &self.status(), metrics.as_deref(), &records, &traces)
    }

    /// A line for the flight recorder, and in debug mode for the log.
    pub(crate) fn record(&self, kind: RecordKind, text: String) {
        if self.0.settings.options.debug {
            match kind {
                RecordKind::Error => log::error!(target: "sentinelops", "{text}"),
                RecordKind::Worker => log::warn!(target: "sentinelops", "{text}"),
                _ => log::info!(target: "sentinelops", "{text}"),
            }
        }
        let at = self.platform().wall();
        let shown = {
            let mut state = self.state_mut();
            state.recorder.record(at, kind, text);
            let shown = state.listeners.watchers(&Dependency::Diagnostics) > 0;
            if shown {
                state.listeners.dirty.insert(Dependency::Diagnostics);
            }
            shown
        };
        if shown {
            self.schedule_flush();
        }
    }

    /// A mistake in the use of the library: always in the console, too.
    pub(crate) fn warn(&self, text: String) {
        if !self.0.settings.options.debug {
            console_log::install(log::LevelFilter::Warn);
            log::warn!(target: "sentinelops", "{text}");
        }
        self.record(RecordKind::Error, text);
    }

    pub(super) fn note(&self, text: &str) {
        self.record(RecordKind::Note, text.to_owned());
    }

    pub(super) fn error_line(&self, error: &ClientError) {
        self.record(RecordKind::Error, error.to_string());
    }

    pub(super) fn page_event(&self, hint: Hint) {
        self.record(RecordKind::Page, format!("page: {hint:?}"));
    }
}
