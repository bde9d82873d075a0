//! The worker's life: start, words, failures, restarts. What to do is decided in `supervisor`.

use super::Client;
use super::changes::Dependency;
use crate::ClientError;
use crate::bridge::{FromWorker, PortEvent, PortListener, ToWorker};
use crate::recorder::RecordKind;
use crate::supervisor::{Action, WorkerHealth};
use sentinelops_engine::tabs::Role;
use sentinelops_engine::{Cause, ConnectionState, FailReason, Status, TokenReason, Trace};
use std::rc::Rc;

impl Client {
    pub(super) fn start_worker(&self) {
        self.take_back();
        let (now, visible) = (self.platform().mono(), self.platform().visible());
        let actions = self.state_mut().worker.supervisor.start(now, visible);
        self.act(actions);
    }

    /// A person does not want to wait for the restart.
    pub(super) fn restart_worker_now(&self) {
        let now = self.platform().mono();
        let actions = self.state_mut().worker.supervisor.reconnect(now);
        self.act(actions);
    }

    pub(super) fn visible(&self, visible: bool) {
        let now = self.platform().mono();
        self.state_mut().worker.supervisor.visible(now, visible);
        self.act(Vec::new());
        if visible {
            // What came while hidden is shown at once, not at the next slow timer.
            self.flush();
        }
    }

    fn act(&self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Spawn => self.spawn(),
                Action::Terminate => self.terminate(),
                Action::Heartbeat(number) => self.post(ToWorker::Heartbeat(number)),
                Action::SaySlow => self.report_error(),
            }
        }
        self.arm_supervisor();
    }

    fn arm_supervisor(&self) {
        let now = self.platform().mono();
        let next = {
            let mut state = self.state_mut();
            if state.stopped { None } else { state.worker.supervisor.next() }
        };
        let timer = next.map(|at| {
            let client = self.downgrade();
            let wait = u32::try_from(at.saturating_sub(now)).unwrap_or(u32::MAX);
            self.platform().after(wait, Box::new(move || client.with(Client::supervisor_tick)))
        });
        let old = std::mem::replace(&mut self.state_mut().worker.timer, timer);
        drop(old);
    }

    fn supervisor_tick(&self) {
        let (now, wall) = (self.platform().mono(), self.platform().wall());
        let actions = self.state_mut().worker.supervisor.tick(now, wall);
        self.act(actions);
    }

    fn spawn(&self) {
        // No worker was there to receive that another tab signed out.
        if self.come_back() {
            return;
        }
        let generation = {
            let mut state = self.state_mut();
            state.worker.generation += 1;
            state.worker.generation
        };
        self.record(RecordKind::Worker, format!("worker {generation} starts"));
        let client = self.downgrade();
        let listener: PortListener =
            Rc::new(move |event| client.with(|client| client.port_event(generation, event)));
        let port = self.0.factory.make(listener);
        {
            let mut state = self.state_mut();
            let current = state.worker.generation == generation && state.worker.supervisor.has_worker();
            if !current {
                // It failed while it was made.
                drop(state);
                return port.terminate();
            }
            state.worker.port = Some(port);
        }
        let mut init =
            self.0.settings.init(&self.0.page, &**self.platform(), !self.0.token.borrow().is_none());
        if let Some(wanted) = self.state().worker.wanted {
            init.auto_connect = wanted;
        }
        // A session that ends connects for nothing but what its sign-out asks for.
        init.auto_connect &= self.signing_out().is_none();
        self.name_session(&init.scope, &init.engine.session);
        self.post(ToWorker::Init(Box::new(init)));
        self.sign_out_anew();
        if !self.is_ending() {
            self.watched().into_iter().for_each(|post| self.post(post));
            self.ask_last_state();
            self.begin_resuming_outbox();
            let saved = self.state().sends.log.saved();
            if !saved.is_empty() {
                self.post(ToWorker::Inquire(saved));
            }
        }
        // At a wipe there is none: see `session`.
        let unsaved = self.state_mut().sends.log.unsaved();
        if !unsaved.is_empty() {
            self.record(
                RecordKind::Worker,
                format!("{} unsaved messages are handed in again", unsaved.len()),
            );
            self.post(ToWorker::Send(unsaved));
        }
        self.report_sign_out();
        self.state_mut().listeners.dirty.insert(Dependency::Status);
        self.schedule_flush();
    }

    /// Ends the worker and says why. What it had sent up is void: batches are taken in no more,
    /// the next worker starts with fresh snapshots.
    fn terminate(&self) {
        let (port, health) = {
            let mut state = self.state_mut();
            state.worker.generation += 1;
            state.inbox.clear();
            state.unreadable.clear();
            state.worker.leads = None;
            state.worker.leave_notice = None;
            state.listeners.dirty.insert(Dependency::Status);
            (state.worker.port.take(), state.worker.supervisor.health().clone())
        };
        if let Some(port) = port {
            port.terminate();
        }
        if let WorkerHealth::Failing(error) = health {
            if error.never_ran() {
                self.refuse_unqueued();
            }
            let heals = error.retry_at.is_some();
            let error = ClientError::Worker(error);
            self.record(RecordKind::Worker, error.to_string());
            let mut state = self.state_mut();
            let before = state.view.status.clone();
            state.set_status(Status {
                state: if heals { ConnectionState::Reconnecting } else { ConnectionState::Error },
                cause: Cause::Lost,
                latency_ms: None,
                jitter_ms: None,
                p95_ms: None,
                quality: None,
                connected_since: None,
                next_dial_at: None,
                last_error: Some(error.to_string()),
                ..(*before).clone()
            });
            state.errors.push(error);
        }
        self.schedule_flush();
    }

    /// What was to be sent at once or not at all did not leave with a worker that never ran.
    fn refuse_unqueued(&self) {
        let now = self.platform().mono();
        let unqueued = self.state().sends.log.unqueued(self.0.settings.options.outbox.enabled);
        unqueued.iter().for_each(|id| self.refuse(id, FailReason::NotConnected, now));
    }

    /// It exists and is not given up, but people see that it does not answer.
    fn report_error(&self) {
        if let Some(error) = self.error(None) {
            self.error_line(&error);
            self.state_mut().errors.push(error);
        }
        self.changed(Dependency::Status);
    }

    fn port_event(&self, generation: u64, event: PortEvent) {
        if self.state().worker.generation != generation {
            return;
        }
        let (now, wall) = (self.platform().mono(), self.platform().wall());
        match event {
            PortEvent::Failed(failure) => {
                let actions = self.state_mut().worker.supervisor.failed(now, wall, failure);
                self.act(actions);
            }
            PortEvent::Message(message) => {
                self.state_mut().worker.supervisor.received(now);
                self.worker_says(message, now);
            }
        }
    }

    fn worker_says(&self, message: FromWorker, now: u64) {
        match message {
            FromWorker::Ready => {
                self.state_mut().worker.supervisor.ready(now);
                self.record(RecordKind::Worker, "worker is ready".to_owned());
                self.changed(Dependency::Status);
                self.arm_supervisor();
            }
            FromWorker::Batch(batch) => {
                self.schedule_paced(&batch);
                self.state_mut().inbox.push(batch);
            }
            FromWorker::TokenWanted(reason) => self.give_token(reason),
            FromWorker::Heartbeat(_) => {}
            FromWorker::Traces(traces) => traces.iter().for_each(|trace| self.worker_trace(trace)),
            FromWorker::Role(role) => {
                let (leader, text) = match role {
                    Role::Leader => (Some(true), "stores and sends for all tabs"),
                    Role::Solo => (Some(true), "connects for itself"),
                    Role::Follower => (Some(false), "follows another tab"),
                    Role::Idle => (None, "is put away, signed out or outdated"),
                };
                self.state_mut().worker.leads = leader;
                self.record(RecordKind::State, format!("this tab {text}"));
                self.changed(Dependency::Status);
            }
            FromWorker::LeaveNotice(leave_notice) => self.state_mut().worker.leave_notice = leave_notice,
            FromWorker::SignedOut { left } => self.end_session(left),
            FromWorker::LastState(records) => self.take_last_state(&records),
            FromWorker::Unreadable(answer) => self.unreadable_answered(answer),
            #[cfg(feature = "lab")]
            FromWorker::Lab(answer) => self.take_lab_answer(answer),
        }
    }

    pub(super) fn changed(&self, dependency: Dependency) {
        self.state_mut().listeners.dirty.insert(dependency);
        self.schedule_flush();
    }

    /// What happens inside the worker.
    fn worker_trace(&self, trace: &Trace) {
        let (kind, text) = match trace {
            Trace::State { from, to, cause } => {
                (RecordKind::State, format!("worker: {from:?} -> {to:?}: {cause}"))
            }
            Trace::Backoff { attempt, delay_ms, why } => {
                (RecordKind::Reconnect, format!("attempt {attempt} in {delay_ms} ms: {why}"))
            }
            Trace::RefusedFrame(why) => (RecordKind::Error, format!("frame refused: {why}")),
            Trace::Note(note) => (RecordKind::Note, note.clone()),
            // Messages and problems are recorded from their deliveries.
            _ => return,
        };
        self.record(kind, text);
    }

    /// Asks the provider's `token` and passes the answer on. The worker waits 10 s for it.
    pub(super) fn give_token(&self, reason: TokenReason) {
        let answer = self.0.token.borrow().ask(reason);
        let client = self.downgrade();
        self.platform().spawn(Box::pin(async move {
            let answer = answer.await;
            client.with(|client| {
                if let Err(why) = &answer {
                    client.record(RecordKind::Error, format!("the token callback failed: {why}"));
                }
                client.post(ToWorker::Token(answer.map_err(|why| why.to_string())));
            });
        }));
    }
}
