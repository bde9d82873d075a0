//! Applies a batch to the folds and the send_log.

use super::Client;
use super::changes::{Changes, Dependency, FeedItem};
use super::state::State;
use crate::fold::State as FoldState;
use crate::recorder::RecordKind;
use crate::{ClientError, List, MessageId, RawEvent};
use sentinelops_engine::{Batch, ConnectionState, Delivery, MessageUpdate, Mode, SnapshotDelivery, Status};
use sentinelops_protocol::{Channel, Event, Payload, Subject};
use std::{collections::BTreeMap, rc::Rc};

/// Points of a sparkline.
const LATENCIES: usize = 64;

impl Client {
    pub(super) fn route(&self, batch: Batch, now: u64, changes: &mut Changes) {
        let mut received: BTreeMap<Subject, usize> = BTreeMap::new();
        for item in batch.items {
            match item {
                Delivery::Status(status) => self.take_status(*status),
                Delivery::Metrics(metrics) => {
                    let mut state = self.state_mut();
                    state.view.metrics = Some(metrics.into());
                    state.listeners.dirty.insert(Dependency::Metrics);
                }
                Delivery::Snapshot(snapshot) => {
                    let line = format!(
                        "{}: the state of {} things ({:?})",
                        snapshot.subject,
                        snapshot.items.len(),
                        snapshot.continuity
                    );
                    self.record(RecordKind::Receive, line);
                    snapshot.items.iter().for_each(|item| self.show_contents(&snapshot.subject, item));
                    self.state_mut().take_snapshot(snapshot, now, changes);
                }
                Delivery::Event(subject, event) => {
                    *received.entry(subject.clone()).or_default() += 1;
                    self.show_contents(&subject, &event);
                    self.state_mut().take_event(subject, event, now, changes);
                }
                Delivery::Denied(subject, message) => {
                    let error = ClientError::Denied { subject: subject.clone(), message: message.clone() };
                    self.error_line(&error);
                    let mut state = self.state_mut();
                    if let Some(followed) = state.view.subjects.get_mut(&subject) {
                        followed.folded.deny(message);
                    }
                    state.listeners.dirty.insert(Dependency::Subject(subject));
                    state.errors.push(error);
                }
                Delivery::Message(update) => self.take_update(&update, now),
                Delivery::Outbox(messages, counts) => {
                    let rows: Vec<_> = messages.into_iter().map(Rc::new).collect();
                    self.replay_actions(&rows);
                    self.resume_outbox(&rows, now);
                    let mut state = self.state_mut();
                    state.view.outbox = (rows.into(), counts);
                    state.listeners.dirty.insert(Dependency::Outbox);
                }
                Delivery::Problem(problem) => self.take_problem(problem),
                Delivery::Raw(frame) => self.take_raw(RawEvent::Frame(frame), changes),
                Delivery::RawLost(frames) => self.take_raw(RawEvent::Lost { frames }, changes),
                other => self.note(&format!("not known here: {other:?}")),
            }
        }
        if self.0.settings.options.debug {
            for (subject, count) in received {
                self.record(RecordKind::Receive, format!("{subject}: {count} events"));
            }
        }
    }

    fn take_status(&self, status: Status) {
        let before = self.state().view.status.clone();
        if before.state != status.state {
            let line = format!("{:?} -> {:?} ({:?})", before.state, status.state, status.cause);
            self.record(RecordKind::State, line);
        }
        if let Some(error) = &status.last_error
            && status.last_error != before.last_error
        {
            let error = ClientError::Connection(error.clone());
            self.error_line(&error);
            self.state_mut().errors.push(error);
        }
        let at = self.platform().wall();
        let mut state = self.state_mut();
        if let Some(latency) = status.latency_ms
            && status.latency_ms != before.latency_ms
        {
            let mut points = state.view.latencies.to_vec();
            points.push(latency);
            let surplus = points.len().saturating_sub(LATENCIES);
            points.drain(..surplus);
            state.view.latencies = List::from(points);
            state.view.latency_at = Some(at);
            state.answered();
        }
        state.view.doubted &= status.state == ConnectionState::Connected;
        if *before != status {
            state.set_status(status);
        }
    }

    pub(super) fn take_update(&self, update: &MessageUpdate, now: u64) {
        let id = MessageId::from(update.id.as_str());
        let at = self.platform().wall();
        let (line, over) = {
            let mut state = self.state_mut();
            let state = &mut *state;
            if !state.sends.log.update(update) {
                return;
            }
            let Some(now_known) = state.sends.log.state(&id).cloned() else { return };
            if state.sends.edits.update(&id, &now_known, now) {
                state.listeners.dirty.insert(Dependency::Subject(super::send::incidents()));
            }
            if let Some(own) = state.sends.own_chat.iter_mut().find(|own| own.id == id) {
                let subject = Subject::topic(Channel::Chat, own.message.conversation_id.as_str());
                let folds = [subject.clone(), Subject::channel(Channel::Chat)];
                let newest = folds.iter().filter_map(|subject| {
                    match &state.view.subjects.get(subject)?.folded.state {
                        FoldState::Chat(fold) => fold.newest(),
                        _ => None,
                    }
                });
                own.update(now_known.clone(), at, newest.max());
                state.sends.own_chat_version += 1;
                state.listeners.dirty_subject(&subject);
            }
            state.recorder.update(at, &id, &now_known);
            if now_known.is_delivered() {
                state.sends.rendered.push(id.to_string());
                state.answered();
            }
            let line = match now_known.explanation() {
                Some(why) => format!("{id}: {}. {why}", now_known.label()),
                None => format!("{id}: {}", now_known.label()),
            };
            state.listeners.dirty.insert(Dependency::Send(id.clone()));
            (line, now_known.is_final())
        };
        self.record(RecordKind::Send, line);
        if !over {
            // It may have been retried in another tab.
            self.resubmit(&id);
        }
    }
}

impl State {
    fn take_snapshot(&mut self, snapshot: SnapshotDelivery, now: u64, changes: &mut Changes) {
        let Some(followed) = self.view.subjects.get_mut(&snapshot.subject) else { return };
        followed.folded.snapshot(snapshot.continuity, &snapshot.items, now);
        match snapshot.subject.channel {
            Channel::Incidents => {
                self.sends.edits.snapshot();
            }
            // Delivered before this state was taken: it is in there, under the server's id. (What was handed
            // over to a basic server need not be: the state is what this server happened to send.)
            Channel::Chat => self.forget_delivered_chat(&snapshot.subject),
            _ => {}
        }
        changes
            .incoming
            .entry(snapshot.subject.clone())
            .or_default()
            .push(FeedItem::Snapshot(snapshot.continuity));
        self.listeners.dirty.insert(Dependency::Continuity);
        self.listeners.dirty.insert(Dependency::Subject(snapshot.subject));
    }

    /// Something came from the server: the connection lives, whatever the browser says.
    fn answered(&mut self) {
        if std::mem::take(&mut self.view.doubted) {
            self.listeners.dirty.insert(Dependency::Status);
        }
    }

    fn take_event(&mut self, subject: Subject, event: Rc<Event>, now: u64, changes: &mut Changes) {
        self.answered();
        let Some(followed) = self.view.subjects.get_mut(&subject) else { return };
        followed.folded.event(&event, now);
        if let Some(problem) = self.problem_of(&event)
            && let Some(followed) = self.view.subjects.get_mut(&subject)
        {
            followed.folded.problem = Some(problem);
        }
        if let Payload::Incident(incident) = &event.payload {
            self.sends.edits.happened(&incident.incident_id);
            if let Some(cause) = &event.cause {
                self.sends.edits.confirmed(cause);
            }
        }
        if let Some(cause) = &event.cause {
            self.sends.rendered.push(cause.clone());
        }
        self.listeners.dirty.insert(Dependency::Subject(subject.clone()));
        changes.incoming.entry(subject).or_default().push(FeedItem::Event(event));
    }

    fn forget_delivered_chat(&mut self, subject: &Subject) {
        let Some(FoldState::Chat(fold)) = self.view.subjects.get(subject).map(|f| &f.folded.state) else {
            return;
        };
        let before = self.sends.own_chat.len();
        self.sends.own_chat.retain(|own| {
            let concerned = subject.topic.as_ref().is_none_or(|topic| *topic == own.message.conversation_id);
            let lives_on = own.is_handed_over() && self.view.status.mode != Some(Mode::V1);
            !concerned || !own.state.is_delivered() || lives_on || fold.has_cause(&own.id)
        });
        self.sends.own_chat_version += u64::from(self.sends.own_chat.len() != before);
    }
}
