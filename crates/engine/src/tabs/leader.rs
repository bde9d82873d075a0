//! The leading tab: its engine, with the other tabs as its consumers.

use super::incomplete::{Incomplete, MISSED};
use super::link::{Interest, LinkMessage, LinkTarget, TabId};
use super::types::{LOCAL, NodeOutput, PageCommand};
use crate::engine::handover::Handover;
use crate::mutant::{self, Mutant};
use crate::{Batch, ConsumerId, Delivery, Engine, EngineOptions, Now, Output, SendRequest, StoreEvent};
use sentinelops_protocol::Subject;
use std::collections::{BTreeMap, BTreeSet};

/// Interval (ms) at which the browser is asked which tabs are alive.
const ALIVE_MS: u64 = 5_000;
/// How long (ms) a sign-out waits for a tab to hand over its messages.
const ANSWER_MS: u64 = 2_000;

struct Tab {
    consumer: ConsumerId,
    /// The attachment its batches belong to.
    attachment: u64,
    /// It was known when the browser was last asked which tabs are alive.
    asked: bool,
    /// How often in a row it was missing.
    missed: u8,
    subjects: BTreeSet<Subject>,
    /// Its page wants a connection.
    connects: bool,
    /// When (monotonic ms) it attached.
    since: u64,
    /// Its page took the first batch: what it had to hand over has arrived.
    has_answered: bool,
}

pub(super) struct Leader {
    pub(super) engine: Engine,
    /// The store answered, or there is none: the term is known and may be announced.
    pub(super) ready: bool,
    term: u64,
    announce: bool,
    me: TabId,
    tabs: BTreeMap<TabId, Tab>,
    next_consumer: u64,
    alive_check_at: u64,
    query: bool,
    /// Tabs that sent something although this leader does not know them. They are called.
    unknown_tabs: BTreeSet<TabId>,
    /// Tabs that died without `Detach`. The other tabs are notified.
    missing: Vec<TabId>,
    incomplete: Incomplete,
    /// This tab connects alone and shares no store.
    pub(super) alone: bool,
    /// The server treats another connection of this browser as newer although this tab holds the lock. Until then
    /// (monotonic ms) a real newer leader would show.
    pub(super) superseded_until: Option<u64>,
}

impl Leader {
    /// `term`: the highest term received.
    pub(super) fn new(
        options: EngineOptions,
        seed: u64,
        now: Now,
        me: TabId,
        handover: &Handover,
        term: u64,
        alone: bool,
    ) -> Self {
        // Without a store there is no answer to wait for.
        let ready = !options.outbox.persist;
        let mut engine = Engine::new(options, seed, now);
        engine.outbox.number_from(now.wall, seed);
        engine.restore_from(now, handover);
        engine.outbox.lead_after(term);
        // Rows this tab handed to earlier leaders are reported to its own page.
        engine.attach_tab(now, LOCAL, &me);
        Self {
            term: if ready { engine.term() } else { 0 },
            engine,
            ready,
            announce: ready,
            me,
            tabs: BTreeMap::new(),
            next_consumer: 1,
            alive_check_at: now.mono + ALIVE_MS,
            query: false,
            unknown_tabs: BTreeSet::new(),
            missing: Vec::new(),
            incomplete: Incomplete::default(),
            alone,
            superseded_until: None,
        }
    }

    /// Subscribes to what the tab's own page watched before this tab led.
    pub(super) fn local(&mut self, now: Now, interest: &Interest) {
        for subject in &interest.subjects {
            self.engine.subscribe(now, LOCAL, subject.clone());
        }
        self.engine.watch_metrics(now, LOCAL, interest.metrics);
        self.engine.watch_outbox(now, LOCAL, interest.outbox);
        self.engine.watch_raw(now, LOCAL, interest.raw);
    }

    /// Sets the tabs whose earlier messages went to another leader.
    pub(super) fn missing_of(&mut self, tabs: BTreeSet<TabId>) {
        self.incomplete = Incomplete::new(tabs);
    }

    /// Passes on what is known of the store. `had`: it was open until now, here or at the leader before. `silent`: that
    /// leader had no answer from it. `saved`: this tab's stored messages, used if the store cannot be read.
    pub(super) fn share(&mut self, now: Now, had: bool, silent: bool, saved: Vec<SendRequest>) {
        if had {
            self.engine.store_was_open(now);
        }
        if silent {
            self.engine.outbox.store_was_silent();
        }
        self.engine.assume_stored(now, LOCAL, saved);
    }

    /// Whether every message of every tab is known: none has to resend its messages, and each has handed over what it
    /// had, unless it has had the time and does not run.
    pub(super) fn is_ready_to_sign_out(&self, now: Now) -> bool {
        let handed = |tab: &Tab| tab.has_answered || now.mono >= tab.since.saturating_add(ANSWER_MS);
        self.ready && self.incomplete.is_empty() && self.tabs.values().all(handed)
    }

    /// Whether the page of another tab wants a connection.
    pub(super) fn others_connect(&self) -> bool {
        self.tabs.values().any(|tab| tab.connects)
    }

    pub(super) fn page(&mut self, now: Now, command: PageCommand) {
        let engine = &mut self.engine;
        match command {
            PageCommand::Connect => engine.connect(now),
            PageCommand::Reconnect => engine.reconnect(now),
            PageCommand::Subscribe(subject) => engine.subscribe(now, LOCAL, subject),
            PageCommand::Unsubscribe(subject) => engine.unsubscribe(now, LOCAL, &subject),
            PageCommand::Retry { id, confirm } => engine.retry(now, LOCAL, &id, confirm),
            PageCommand::Discard { id } => engine.discard(now, LOCAL, &id),
            PageCommand::Credit(number) => engine.credit(now, LOCAL, number),
            PageCommand::Token(token) => engine.handle_token(now, token),
            PageCommand::Hint(hint) => engine.handle_hint(now, hint),
            PageCommand::WatchMetrics(on) => engine.watch_metrics(now, LOCAL, on),
            PageCommand::WatchOutbox(on) => engine.watch_outbox(now, LOCAL, on),
            PageCommand::WatchRaw(on) => engine.watch_raw(now, LOCAL, on),
            PageCommand::SendRaw(frame) => engine.send_raw(now, frame),
            PageCommand::Inquire(about) => engine.inquire(now, LOCAL, about),
            PageCommand::Disconnect => engine.disconnect(now),
            // The node passes messages in their order, and drops the engine for the others.
            PageCommand::Send(_) | PageCommand::PageHide | PageCommand::SignOut(_) => {}
        }
    }

    pub(super) fn store(&mut self, now: Now, event: StoreEvent) {
        self.engine.handle_store(now, event);
        self.note_store();
    }

    /// Updates the term. It is known when the store answers or is no longer waited for; a store that answers late may
    /// raise it again.
    fn note_store(&mut self) {
        if self.engine.outbox.ready() && (!self.ready || self.term != self.engine.term()) {
            self.ready = true;
            self.term = self.engine.term();
            self.announce = true;
        }
    }

    /// The term, once, when it becomes known or changes: the roll call is due.
    pub(super) fn take_announcement(&mut self) -> Option<u64> {
        std::mem::take(&mut self.announce).then_some(self.term)
    }

    pub(super) fn link(&mut self, now: Now, message: LinkMessage) {
        match message {
            // Before `ready` the tab would ignore our batches; the roll call will call it.
            LinkMessage::Attach { tab, attachment, interest } if tab != self.me && self.ready => {
                if self.incomplete.is_whole(&tab, attachment) {
                    self.attach(now, tab, attachment, &interest);
                } else {
                    self.unknown_tabs.insert(tab);
                }
            }
            LinkMessage::Detach { tab } => self.detach(now, &tab),
            LinkMessage::Credit { tab, attachment, number } => {
                if let Some(consumer) = self.consumer(&tab, Some(attachment)) {
                    self.incomplete.credited(&tab);
                    self.tabs.entry(tab).and_modify(|tab| tab.has_answered = true);
                    self.engine.credit(now, consumer, number);
                }
            }
            LinkMessage::Unreadable { count } => {
                self.engine.handle_store(now, StoreEvent::Unreadable(count));
            }
            LinkMessage::Send { tab, saved, requests } => {
                if let Some(consumer) = self.consumer(&tab, None) {
                    self.engine.assume_stored(now, consumer, saved);
                    for request in requests {
                        self.engine.send(now, consumer, request);
                    }
                } else if tab != self.me {
                    self.incomplete.add(tab);
                }
            }
            LinkMessage::Retry { tab, id, confirm } => {
                if let Some(consumer) = self.consumer(&tab, None) {
                    self.engine.retry(now, consumer, &id, confirm);
                }
            }
            LinkMessage::Discard { tab, id } => {
                if let Some(consumer) = self.consumer(&tab, None) {
                    self.engine.discard(now, consumer, &id);
                }
            }
            LinkMessage::Inquire { tab, about } => {
                if let Some(consumer) = self.consumer(&tab, None) {
                    self.engine.inquire(now, consumer, about);
                }
            }
            LinkMessage::Hint { hint: Some(hint) } => self.engine.handle_hint(now, hint),
            LinkMessage::Hint { hint: None } => self.engine.reconnect(now),
            LinkMessage::Raw { frame } => self.engine.send_raw(now, frame),
            LinkMessage::Attach { .. }
            | LinkMessage::Heartbeat { .. }
            | LinkMessage::RollCall { .. }
            | LinkMessage::Ask
            | LinkMessage::Batch { .. }
            | LinkMessage::SignOut
            | LinkMessage::SignedOut
            | LinkMessage::Leaving { .. } => {}
        }
    }

    /// These tabs are alive. A tab that attached after the question was asked is not judged.
    pub(super) fn alive(&mut self, now: Now, alive: &[TabId]) {
        if mutant::active(Mutant::KeepDeadTabs) {
            return;
        }
        self.incomplete.alive(alive);
        let mut dead = Vec::new();
        for (name, tab) in self.tabs.iter_mut().filter(|(_, tab)| tab.asked) {
            tab.missed = if alive.contains(name) { 0 } else { tab.missed + 1 };
            if tab.missed >= MISSED {
                dead.push(name.clone());
            }
        }
        for tab in dead {
            self.detach(now, &tab);
            self.missing.push(tab);
        }
    }

    pub(super) fn timeout(&mut self, now: Now) {
        self.engine.handle_timeout(now);
        self.note_store();
        if now.mono >= self.alive_check_at {
            self.alive_check_at = now.mono + ALIVE_MS;
            self.query = !self.tabs.is_empty() || !self.incomplete.is_empty();
            self.incomplete.asked();
            self.tabs.values_mut().for_each(|tab| tab.asked = true);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<u64> {
        [self.engine.poll_timeout(), Some(self.alive_check_at)].into_iter().flatten().min()
    }

    pub(super) fn poll(&mut self) -> Option<NodeOutput> {
        if std::mem::take(&mut self.query) {
            return Some(NodeOutput::QueryTabs);
        }
        if let Some(tab) = self.missing.pop() {
            return Some(NodeOutput::Link(LinkTarget::All, LinkMessage::Detach { tab }));
        }
        if let Some(tab) = self.unknown_tabs.pop_first() {
            let call = LinkMessage::RollCall { term: self.term };
            return Some(NodeOutput::Link(LinkTarget::Tab(tab), call));
        }
        loop {
            match self.engine.poll_output()? {
                Output::Deliver { consumer, batch } if consumer != LOCAL => {
                    let Some(tab) = self.tabs.iter().find(|(_, t)| t.consumer == consumer) else { continue };
                    let (attachment, from) = (tab.1.attachment, self.me.clone());
                    let message = LinkMessage::Batch { term: self.term, attachment, from, batch };
                    return Some(NodeOutput::Link(LinkTarget::Tab(tab.0.clone()), message));
                }
                output => {
                    return Some(NodeOutput::Engine(output));
                }
            }
        }
    }

    /// Message updates that still wait for a credit. They are sent without one, because no other tab has them.
    pub(super) fn pending_reports(&mut self) -> Vec<NodeOutput> {
        let news = |engine: &mut Engine, consumer| {
            let updates = engine.last_updates(consumer);
            let items: Vec<_> = updates.into_iter().map(Delivery::Message).collect();
            (!items.is_empty()).then_some(Batch { number: 0, items })
        };
        let mut all = Vec::new();
        if let Some(batch) = news(&mut self.engine, LOCAL) {
            all.push(NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }));
        }
        for (name, tab) in &self.tabs {
            if let Some(batch) = news(&mut self.engine, tab.consumer) {
                let (attachment, from) = (tab.attachment, self.me.clone());
                let message = LinkMessage::Batch { term: self.term, attachment, from, batch };
                all.push(NodeOutput::Link(LinkTarget::Tab(name.clone()), message));
            }
        }
        all
    }

    /// The consumer of a tab. A tab that is not known (any more) is called.
    fn consumer(&mut self, tab: &TabId, attachment: Option<u64>) -> Option<ConsumerId> {
        match self.tabs.get(tab) {
            Some(known) => {
                attachment.is_none_or(|attachment| known.attachment == attachment).then_some(known.consumer)
            }
            None => {
                if self.ready && *tab != self.me {
                    self.unknown_tabs.insert(tab.clone());
                }
                None
            }
        }
    }

    /// Attaches a tab, or updates its interest; subjects that are no longer in it are unsubscribed.
    fn attach(&mut self, now: Now, tab: TabId, attachment: u64, interest: &Interest) {
        let known = self.tabs.get(&tab).map(|known| (known.attachment, known.consumer));
        if known.is_none_or(|(before, _)| before != attachment) {
            // A tab keeps its consumer: its messages name it, and their updates outlive an attachment.
            let consumer = known.map_or(ConsumerId(self.next_consumer), |(_, consumer)| consumer);
            self.next_consumer += u64::from(known.is_none());
            self.engine.attach_tab(now, consumer, &tab);
            let subjects = BTreeSet::new();
            let new = Tab {
                consumer,
                attachment,
                asked: false,
                missed: 0,
                subjects,
                connects: false,
                since: now.mono,
                has_answered: false,
            };
            self.tabs.insert(tab.clone(), new);
        }
        let Some(known) = self.tabs.get_mut(&tab) else { return };
        known.connects = interest.connect;
        let consumer = known.consumer;
        let mut wanted = BTreeSet::new();
        wanted.extend(interest.subjects.iter().cloned());
        let had = std::mem::replace(&mut known.subjects, wanted.clone());
        for subject in had.difference(&wanted) {
            self.engine.unsubscribe(now, consumer, subject);
        }
        for subject in wanted.difference(&had) {
            self.engine.subscribe(now, consumer, subject.clone());
        }
        self.engine.watch_metrics(now, consumer, interest.metrics);
        self.engine.watch_outbox(now, consumer, interest.outbox);
        self.engine.watch_raw(now, consumer, interest.raw);
    }

    fn detach(&mut self, now: Now, tab: &TabId) {
        self.unknown_tabs.remove(tab);
        self.incomplete.remove(tab);
        if let Some(gone) = self.tabs.remove(tab) {
            self.engine.detach_tab(now, gone.consumer, tab);
        }
    }
}
