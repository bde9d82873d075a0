//! What waits for the log: judged, proposed, and carried on when the record comes back.

use super::super::commands::TAKEN_ID;
use super::super::ids::Known;
use super::super::ingest::{Effect as Became, FULL_RETRY_MS, Reports, Trust};
use super::super::types::{Answer, ConnId, NewEvent, Now, Output, Verdict};
use super::super::{Gateway, Identity, IngestCounts, Report, What};
use super::Judging;
use sentinelops_protocol::domain::AgentStatus;
use sentinelops_protocol::{Code, Command, Payload};
use std::collections::VecDeque;
use std::sync::Arc;

/// A job that loses against other gateways this often is refused for now.
const MOST_TRIES: u32 = 64;
/// `retryAfterMs` then.
const CROWDED_RETRY_MS: u64 = 250;

#[derive(Debug)]
pub(super) struct Job {
    /// Those of one queue are carried out one after the other.
    queue: Option<String>,
    tries: u32,
    what: Task,
}

#[derive(Debug)]
enum Task {
    /// A command of a connection.
    Command { conn: ConnId, user: Arc<str>, command: Box<Command>, key: Option<String>, hash: u64 },
    /// Commands of a backend, one after the other.
    Request { request: u64, identity: Identity, left: VecDeque<Command>, verdicts: Vec<Verdict> },
    /// What a source sent, one report after the other.
    Ingest(Box<Reports>),
    /// An event that depends on nothing.
    Publish(NewEvent),
    /// The status of an agent, unless it is no longer `instead_of`.
    Agent { status: AgentStatus, instead_of: AgentStatus },
}

impl Gateway {
    /// Judges a command behind those of its key that have not come back yet.
    pub(in crate::core) fn enqueue_command(
        &mut self,
        now: Now,
        conn: ConnId,
        user: Arc<str>,
        command: Command,
        key: Option<String>,
        hash: u64,
    ) {
        let queue = key.as_ref().map(|key| format!("key/{key}"));
        self.enqueue(now, queue, Task::Command { conn, user, command: Box::new(command), key, hash });
    }

    pub(in crate::core) fn enqueue_request(
        &mut self,
        now: Now,
        request: u64,
        identity: &Identity,
        commands: &[Command],
    ) {
        let left = commands.iter().cloned().collect();
        let task = Task::Request { request, identity: identity.clone(), left, verdicts: Vec::new() };
        self.enqueue(now, None, task);
    }

    pub(in crate::core) fn enqueue_reports(&mut self, now: Now, reports: Reports) {
        let queue = Some(format!("source/{}", reports.source.name));
        self.enqueue(now, queue, Task::Ingest(Box::new(reports)));
    }

    pub(in crate::core) fn enqueue_event(&mut self, now: Now, event: NewEvent) {
        let queue = event.payload.topic().map(|topic| format!("key/{}/{topic}", event.channel));
        self.enqueue(now, queue, Task::Publish(event));
    }

    /// Sets the status of an agent for its user, unless it is no longer `instead_of`.
    pub(super) fn enqueue_agent(&mut self, now: Now, status: AgentStatus, instead_of: AgentStatus) {
        let queue = format!("key/agents/{}", status.agent_id);
        self.enqueue(now, Some(queue), Task::Agent { status, instead_of });
    }

    fn enqueue(&mut self, now: Now, queue: Option<String>, what: Task) {
        let Some(shared) = &mut self.shared else { return };
        let job = Job { queue, tries: 0, what };
        if let Some(queue) = &job.queue {
            match shared.queues.get_mut(queue) {
                Some(waiting) => return waiting.push_back(job),
                None => drop(shared.queues.insert(queue.clone(), VecDeque::new())),
            }
        }
        shared.ready.push_back(job);
        self.work(now);
    }

    /// Judges on the state as it is: up to the first record, which is proposed, or to the end.
    pub(super) fn judge_job(&mut self, now: Now, mut job: Job) {
        job.tries += 1;
        if job.tries > MOST_TRIES {
            return self.give_up(now, job, CROWDED_RETRY_MS);
        }
        loop {
            if let Some(shared) = &mut self.shared {
                shared.judging = Judging::Job(None);
            }
            let is_done = self.step(now, &mut job.what);
            let judging = self.shared.as_mut().map(|shared| std::mem::take(&mut shared.judging));
            match judging {
                Some(Judging::Job(Some(draft))) => return self.propose(*draft, Some(job)),
                _ if is_done => return self.end_job(job),
                _ => {}
            }
        }
    }

    /// `true` when nothing is left to do, unless something was drafted.
    fn step(&mut self, now: Now, task: &mut Task) -> bool {
        match task {
            Task::Command { conn, user, command, key, hash } => {
                let (conn, hash) = (*conn, *hash);
                match self.ids.known(user, &command.id, hash) {
                    Known::Same => {
                        self.stats.repeated += 1;
                        self.unblock(conn, key.as_deref(), &command.id);
                        self.ack(conn, &command.id);
                    }
                    Known::Other => {
                        self.unblock(conn, key.as_deref(), &command.id);
                        self.refuse(now, conn, command, Code::DuplicateId, TAKEN_ID.to_owned());
                    }
                    Known::New => match self.take_in(now, user, command, key.clone(), hash) {
                        // Drafted.
                        Verdict::Accepted | Verdict::Repeated => {}
                        Verdict::Refused { code, message } => self.refuse(now, conn, command, code, message),
                        Verdict::Deferred { code, message, retry_after_ms } => {
                            self.defer(now, conn, command, key.as_deref(), (code, retry_after_ms, &message));
                        }
                    },
                }
                true
            }
            Task::Request { request, identity, left, verdicts } => {
                let Some(command) = left.front() else {
                    let answer = Answer::Judged(std::mem::take(verdicts));
                    self.output(Output::Answer { request: *request, answer });
                    return true;
                };
                let verdict = self.verdict(now, identity, command, verdicts.last());
                if verdict != Verdict::Accepted {
                    self.count_verdict(&verdict);
                    verdicts.push(verdict);
                    left.pop_front();
                }
                false
            }
            Task::Ingest(reports) => {
                let Some(report) = reports.left.front().cloned() else {
                    self.answer_reports(reports, None);
                    return true;
                };
                let became = self.report(now, &reports.source, report, reports.trust);
                if self.has_draft() {
                    reports.became.get_or_insert(became);
                } else {
                    reports.counts.add(reports.became.take().unwrap_or(became));
                    reports.left.pop_front();
                }
                false
            }
            Task::Publish(event) => {
                self.publish_and_record(now, event.clone());
                true
            }
            Task::Agent { status, instead_of } => {
                if self.state.agent(&status.agent_id) == Some(&*instead_of)
                    && let Some(event) = NewEvent::of(Payload::Agent(status.clone()))
                {
                    self.publish_and_record(now, event);
                }
                true
            }
        }
    }

    fn has_draft(&self) -> bool {
        matches!(self.shared.as_ref().map(|shared| &shared.judging), Some(Judging::Job(Some(_))))
    }

    fn answer_reports(&mut self, reports: &Reports, retry_after_ms: Option<u64>) {
        let mut counts = reports.counts;
        if reports.trust == Trust::Now {
            let reconciled = counts.raised + counts.cleared;
            counts = IngestCounts { reconciled, ..IngestCounts::default() };
        }
        if let Some(watched) = self.sources.get_mut(&reports.source.name) {
            watched.counts += counts;
        }
        let full = (counts.overloaded > 0).then_some(FULL_RETRY_MS);
        if let Some(request) = reports.request {
            let answer = Answer::Ingested { counts, retry_after_ms: retry_after_ms.or(full) };
            self.output(Output::Answer { request, answer });
        }
    }

    /// The record that a job proposed has come back.
    pub(super) fn proceed(&mut self, now: Now, mut job: Job) {
        job.tries = 0;
        match &mut job.what {
            Task::Command { conn, user, command, key, .. } => {
                let (conn, id) = (*conn, command.id.clone());
                let (user, kind, key) = (user.to_string(), command.kind.clone(), key.clone());
                self.took_effect(now, &user, &id, kind, key);
                self.ack(conn, &id);
                return self.end_job(job);
            }
            Task::Request { identity, left, verdicts, .. } => {
                if let Some(command) = left.pop_front() {
                    let key = sentinelops_protocol::ordering_key(command.channel, &command.payload);
                    self.took_effect(now, &identity.user.clone(), &command.id, command.kind, key);
                }
                verdicts.push(Verdict::Accepted);
            }
            Task::Ingest(reports) => {
                // What an event brings about is one record; an alert is looked at once more.
                if matches!(reports.left.front(), Some(Report { what: What::Event(_), .. })) {
                    reports.left.pop_front();
                    reports.counts.add(reports.became.take().unwrap_or(Became::Event));
                }
            }
            Task::Publish(_) | Task::Agent { .. } => return self.end_job(job),
        }
        if let Some(shared) = &mut self.shared {
            shared.ready.push_back(job);
        }
    }

    /// The next one of its queue can be judged.
    fn end_job(&mut self, job: Job) {
        let (Some(queue), Some(shared)) = (job.queue, &mut self.shared) else { return };
        match shared.queues.get_mut(&queue).and_then(VecDeque::pop_front) {
            Some(next) => shared.ready.push_back(next),
            None => drop(shared.queues.remove(&queue)),
        }
    }

    /// Refuses for now what a job stands for.
    pub(super) fn give_up(&mut self, now: Now, mut job: Job, wait: u64) {
        const MESSAGE: &str = "the server cannot store anything at the moment";
        match &mut job.what {
            Task::Command { conn, command, key, .. } => {
                self.defer(now, *conn, command, key.as_deref(), (Code::Unavailable, wait, MESSAGE));
            }
            Task::Request { request, left, verdicts, .. } => {
                for _ in left.drain(..) {
                    self.stats.deferred += 1;
                    let message = MESSAGE.to_owned();
                    verdicts.push(Verdict::Deferred {
                        code: Code::Unavailable,
                        message,
                        retry_after_ms: wait,
                    });
                }
                let answer = Answer::Judged(std::mem::take(verdicts));
                self.output(Output::Answer { request: *request, answer });
            }
            Task::Ingest(reports) => self.answer_reports(reports, Some(wait)),
            Task::Publish(_) | Task::Agent { .. } => self.stats.refused += 1,
        }
        self.end_job(job);
    }

    /// Refuses everything for now: the first of each queue first.
    pub(super) fn give_up_all(&mut self, now: Now, wait: u64) {
        let Some(shared) = &mut self.shared else { return };
        let queues = std::mem::take(&mut shared.queues);
        let mut jobs: Vec<_> =
            std::mem::take(&mut shared.open).into_values().filter_map(|open| open.job).collect();
        jobs.extend(std::mem::take(&mut shared.stale).into_values().flatten());
        jobs.extend(std::mem::take(&mut shared.ready));
        jobs.extend(queues.into_values().flatten());
        for job in jobs {
            self.give_up(now, job, wait);
        }
    }
}
