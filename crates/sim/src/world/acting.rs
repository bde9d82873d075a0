//! People and pages: what is sent, subscribed, retried; and what pages do with what they get.

use super::{Happening, World};
use crate::check::{message_id, message_number, messages::Message, pick_nth};
use crate::internet::Internet;
use crate::page::{Page, View};
use crate::script::{Action, CHANNELS, Fault, OneAction, SendSpec, What};
use crate::story::clip;
use sentinelops_engine::{Batch, ConsumerId, Engine, Hint, SendRequest};
use sentinelops_protocol::{Channel, Json, Outbound, Subject, ordering_key};

/// How long a fault waits for something to break before it looks again.
const FAULT_WAITS_MS: u64 = 400;

impl World {
    /// A line of the script.
    pub(super) fn act(&mut self, index: usize) {
        let (number, entry) = self.script.entries[index].clone();
        if matches!(&entry.action, Action::Fault(fault) if !self.takes_hold(fault)) {
            // A fault that finds nothing to break waits for it.
            return self.queue.push(self.now + FAULT_WAITS_MS, Happening::Script(index));
        }
        self.log(|| clip(&format!("[{number}] {:?}", entry.action), 160));
        match entry.action {
            Action::Send(spec) => self.send(spec),
            Action::Publish(channel, count) => self.publish(channel, count),
            Action::One(OneAction::Finish(count)) => {
                self.internet.server.finish(self.now, count);
                self.net(Internet::serve);
            }
            Action::Hint(_, hint) => {
                self.check.wire.excuse(self.now);
                if matches!(hint, Hint::LateTick | Hint::Resume | Hint::PageShow | Hint::Online) {
                    self.worker.hinted.push(self.now);
                }
                self.input(|engine, now| engine.handle_hint(now, hint));
            }
            Action::Reconnect(_) => self.reconnect(),
            Action::Away(_, ms) => {
                self.worker.away = true;
                self.check.standing.unask();
                let instance = self.worker.instance;
                self.queue.push(self.now + ms, Happening::Back(instance));
                self.input(|engine, now| engine.disconnect(now));
            }
            Action::Subscribe(page, channel, topic) => self.subscribe(page, subject(channel, topic)),
            Action::Unsubscribe(page, channel, topic) => {
                let subject = subject(channel, topic);
                let Some(page) = self.pages.get_mut(page) else { return };
                let id = page.id;
                page.views.remove(&subject);
                self.input(|engine, now| engine.unsubscribe(now, id, &subject));
            }
            Action::One(OneAction::NewPage(page)) => self.new_page(page),
            Action::Retry(nth) => self.retry(nth),
            Action::Discard(nth) => self.discard(nth),
            Action::Fault(fault) => {
                self.tally.faults += 1;
                self.tally.restarts += u64::from(matches!(&fault, Fault::Net(fault) if fault.is_restart()));
                self.fault(fault);
            }
            Action::Tabs(_) => {}
        }
    }

    pub(super) fn reconnect(&mut self) {
        self.check.wire.excuse(self.now);
        self.check.wire.dial_anyway();
        self.check.standing.ask();
        self.worker.away = false;
        self.input(|engine, now| engine.reconnect(now));
    }

    pub(super) fn back(&mut self, instance: u32) {
        if instance == self.worker.instance && self.worker.away {
            self.worker.away = false;
            self.check.wire.excuse(self.now);
            self.check.standing.ask();
            self.input(|engine, now| engine.connect(now));
        }
    }

    pub(super) fn publish(&mut self, channel: Channel, count: u16) {
        self.net(|internet| internet.publish(channel, count));
    }

    fn send(&mut self, spec: SendSpec) {
        let n = self.check.messages.all.len();
        let request = request(n, &spec);
        let key = ordering_key(request.channel, &request.payload).map(|name| self.check.messages.key(name));
        let ephemeral = request.ephemeral;
        let promised = spec.queue && !ephemeral && self.script.setup.rare.enabled;
        self.tally.sends += u64::from(spec.queue && !ephemeral);
        let submitted = self.check.messages.next_number();
        let page = spec.page.min(self.pages.len() - 1);
        self.check.messages.all.push(Message {
            page,
            key,
            promised,
            submitted,
            original: submitted,
            instance: self.worker.instance,
            first_worker: self.worker.instance,
            at: self.now,
            ..Message::of(&request, spec.what)
        });
        let bytes = bytes_of(&request);
        if ephemeral {
            // Nothing holds it: it leaves at once or never.
            self.check.ends.measured(n, bytes);
        } else {
            self.check.turns.enter(n, key, spec.priority.rank(), submitted);
            self.check.ends.enter(n, bytes);
        }
        let page = &mut self.pages[page];
        let id = page.id;
        if promised {
            // To the next worker it may have been sent by this one.
            let again = self.worker.engine.is_some();
            page.unsaved.push_back((n, SendRequest { again, ..request.clone() }));
        }
        self.input(|engine, now| engine.send(now, id, request));
    }

    pub(super) fn subscribe(&mut self, page: usize, subject: Subject) {
        let Some(page) = self.pages.get_mut(page) else { return };
        let id = page.id;
        if page.views.contains_key(&subject) {
            return;
        }
        let since = self.worker.outstanding.get(&id.0).copied();
        page.views.insert(subject.clone(), View { since, ..View::default() });
        self.input(|engine, now| engine.subscribe(now, id, subject));
    }

    /// Opens a page with the usual subscriptions, or in the place of another one.
    pub(super) fn open_page(&mut self, like: Option<&Page>) -> Page {
        let pace = *self.rng.choice(&[1, 16, 16, 1_000]).unwrap_or(&16);
        let mut page = Page::new(self.next_page, pace);
        self.next_page += 1;
        let subjects: Vec<Subject> = match like {
            Some(page) => page.views.keys().cloned().collect(),
            None => CHANNELS.map(Subject::channel).into(),
        };
        for subject in subjects {
            page.views.insert(subject, Default::default());
        }
        page
    }

    fn new_page(&mut self, index: usize) {
        let Some(old) = self.pages.get(index) else { return };
        let old_id = old.id;
        let old = std::mem::replace(&mut self.pages[index], Page::new(0, 16));
        let page = self.open_page(Some(&old));
        self.pages[index] = page;
        self.worker.outstanding.remove(&old_id.0);
        if self.worker.engine.is_none() {
            // No worker has taken them over: they die with their page.
            for (n, _) in &old.unsaved {
                self.check.messages.all[*n].forgotten = true;
            }
        }
        // No page is left that gets updates of what the old one sent.
        for message in self.check.messages.all.iter_mut().filter(|m| m.page == index) {
            message.instance = u32::MAX;
        }
        self.input(|engine, now| engine.detach(now, old_id));
        self.attach_page(index);
    }

    /// A page makes itself known to a worker.
    pub(super) fn attach_page(&mut self, index: usize) {
        let id = self.pages[index].id;
        self.input(|engine, now| engine.attach(now, id));
        let subjects: Vec<Subject> = self.pages[index].views.keys().cloned().collect();
        for subject in subjects {
            // What it had stays on the screen until the new worker's snapshot comes.
            if let Some(view) = self.pages[index].views.get_mut(&subject) {
                view.based = false;
                (view.since, view.gap, view.perhaps_gap) = (None, None, false);
            }
            self.input(|engine, now| engine.subscribe(now, id, subject));
        }
    }

    fn retry(&mut self, nth: usize) {
        let Some(n) = pick_nth(self.check.messages.retriable(), nth) else { return };
        self.check.messages.retry(n);
        let message = &self.check.messages.all[n];
        let (key, rank, submitted) = (message.key, message.priority.rank(), message.submitted);
        // A second click finds it under way.
        if !self.check.turns.has(n) {
            self.check.turns.enter(n, key, rank, submitted);
        }
        self.check.ends.enter_again(n);
        let page = self.pages[self.check.messages.all[n].page].id;
        let id = message_id(n);
        self.log(|| format!("somebody retries {id}"));
        self.input(|engine, now| engine.retry(now, page, &id, false));
        let rows = self.worker.engine.as_ref().map(Engine::messages).unwrap_or_default();
        if rows.iter().any(|row| row.update.id == id && !row.update.delivery.is_final()) {
            self.check.ends.begins_anew(n);
        }
    }

    fn discard(&mut self, nth: usize) {
        let open = self.check.messages.open().filter(|(_, message)| message.promised);
        let Some(n) = pick_nth(open.map(|(n, _)| n), nth) else { return };
        let page = self.pages[self.check.messages.all[n].page].id;
        let id = message_id(n);
        self.log(|| format!("somebody discards {id}"));
        self.check.ends.discarded(n);
        self.input(|engine, now| engine.discard(now, page, &id));
        // Its page may be closed before it receives what it was.
        let kept = self.worker.engine.as_ref().map(Engine::messages);
        if kept.is_some_and(|kept| kept.iter().all(|row| row.update.id != id)) {
            self.check.messages.all[n].let_go = true;
        }
    }

    /// A batch reaches a page.
    pub(super) fn deliver(&mut self, instance: u32, consumer: u64, batch: Batch) {
        if instance != self.worker.instance {
            return;
        }
        let Some(index) = self.pages.iter().position(|page| page.id.0 == consumer) else { return };
        let number = batch.number;
        let taken = self.pages[index].take_beside(batch, Some(&self.check.stream));
        if let Some((invariant, detail)) = taken.wrong {
            self.check.fail(invariant, || format!("page {consumer}: {detail}"));
        }
        for update in taken.updates {
            self.log(|| {
                format!("page {consumer} gets: {} {:?} {:?}", update.id, update.durability, update.delivery)
            });
            self.check.reported(&update);
            let Some(n) = message_number(&update.id) else { continue };
            let saved = update.durability == sentinelops_engine::Durability::Durable;
            if saved || update.delivery.is_final() {
                self.pages[index].unsaved.retain(|(unsaved, _)| *unsaved != n);
            }
        }
        let page = &self.pages[index];
        let at = (self.now + page.pace).max(page.hung_until);
        self.queue.push(at, Happening::Credit(instance, consumer, number));
    }

    pub(super) fn credit(&mut self, instance: u32, consumer: u64, number: u64) {
        if instance != self.worker.instance {
            return;
        }
        let Some(page) = self.pages.iter().find(|page| page.id.0 == consumer) else { return };
        if page.hung_until > self.now {
            let at = page.hung_until;
            return self.queue.push(at, Happening::Credit(instance, consumer, number));
        }
        if self.worker.outstanding.get(&consumer) == Some(&number) {
            self.worker.outstanding.remove(&consumer);
        }
        self.input(|engine, now| engine.credit(now, ConsumerId(consumer), number));
    }
}

/// How long the envelope of a message is.
fn bytes_of(request: &SendRequest) -> u64 {
    let SendRequest { id, kind, channel, payload, priority, .. } = request;
    let outbound = Outbound {
        id,
        kind,
        channel: *channel,
        payload,
        timestamp: crate::clock::WALL_START,
        priority: *priority,
    };
    outbound.encode().len() as u64
}

/// A channel, or a conversation.
pub(crate) fn subject(channel: Channel, topic: Option<u8>) -> Subject {
    match topic {
        Some(topic) => Subject::topic(channel, format!("conv-{topic}")),
        None => Subject::channel(channel),
    }
}

/// The n-th message.
pub(crate) fn request(n: usize, spec: &SendSpec) -> SendRequest {
    let content = format!("text {n} {}", "x".repeat(spec.size));
    let (kind, channel, payload) = match spec.what {
        What::Incident(of) => (
            "incident.update",
            Channel::Incidents,
            format!("{{\"id\":\"inc-{of}\",\"title\":\"{content}\"}}"),
        ),
        What::Chat(of) => (
            "chat.message",
            Channel::Chat,
            format!("{{\"conversationId\":\"conv-{of}\",\"content\":\"{content}\"}}"),
        ),
        What::Agent => {
            ("agent.status", Channel::Agents, format!("{{\"status\":\"busy\",\"name\":\"{content}\"}}"))
        }
        What::Receipt(of, read, up_to) => (
            if read { "chat.read" } else { "chat.delivered" },
            Channel::Chat,
            format!("{{\"conversationId\":\"conv-{of}\",\"upTo\":{up_to}}}"),
        ),
        What::Typing(of) => (
            "chat.typing",
            Channel::Chat,
            format!("{{\"conversationId\":\"conv-{of}\",\"draft\":\"{content}\"}}"),
        ),
        What::Unknown => ("no.such.thing", Channel::Activity, format!("{{\"content\":\"{content}\"}}")),
        What::Poison(code) => {
            ("agent.status", Channel::Agents, format!("{{\"poison\":{code},\"status\":1}}"))
        }
    };
    let payload = Json::parse(&payload).unwrap_or_else(|_| Json::null());
    SendRequest {
        priority: spec.priority,
        coalesce: match spec.what {
            What::Receipt(of, ..) => Some(format!("receipt-{of}")),
            _ => spec.coalesce.map(|of| format!("{kind}-{}-{of}", spec.page)),
        },
        queue: spec.queue,
        ephemeral: matches!(spec.what, What::Typing(_)),
        ..SendRequest::new(message_id(n), kind, channel, payload)
    }
}
