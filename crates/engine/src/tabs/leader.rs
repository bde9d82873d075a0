//! The leading tab: its engine, and the other tabs as consumers of it.

use super::link::{Interest, LinkMessage, LinkTarget, TabId};
use super::node::{LOCAL, NodeOutput, PageCommand};
use crate::{ConsumerId, Engine, EngineOptions, Now, Output, SendRequest, StoreEvent};
use sentinelops_protocol::Subject;
use std::collections::{BTreeMap, BTreeSet};

/// Ms between two looks at which tabs are still alive.
const ALIVE_MS: u64 = 5_000;

struct Tab {
    consumer: ConsumerId,
    subjects: BTreeSet<Subject>,
}

pub(super) struct Leader {
    pub(super) engine: Engine,
    /// The store answered: the term is known, beats may go out.
    pub(super) ready: bool,
    term: u64,
    news: bool,
    me: TabId,
    tabs: BTreeMap<TabId, Tab>,
    next_consumer: u64,
    look_at: u64,
    query: bool,
}

impl Leader {
    pub(super) fn new(options: EngineOptions, seed: u64, now: Now, me: TabId) -> Self {
        let mut engine = Engine::new(options, seed, now);
        // With the news of the rows its page appended while another tab led, or none did.
        engine.attach_tab(now, LOCAL, &me);
        engine.connect(now);
        Self {
            engine,
            ready: false,
            term: 0,
            news: false,
            me,
            tabs: BTreeMap::new(),
            next_consumer: 1,
            look_at: now.mono + ALIVE_MS,
            query: false,
        }
    }

    /// What the tab's own page wanted before this tab led.
    pub(super) fn local(&mut self, now: Now, interest: &Interest, unsaved: &[SendRequest]) {
        for subject in &interest.subjects {
            self.engine.subscribe(now, LOCAL, subject.clone());
        }
        self.engine.watch_metrics(now, LOCAL, interest.metrics);
        self.engine.watch_outbox(now, LOCAL, interest.outbox);
        for request in unsaved {
            self.engine.send(now, LOCAL, request.clone());
        }
    }

    pub(super) fn page(&mut self, now: Now, command: PageCommand) {
        let engine = &mut self.engine;
        match command {
            PageCommand::Connect => engine.connect(now),
            PageCommand::TryNow => engine.try_now(now),
            PageCommand::Subscribe(subject) => engine.subscribe(now, LOCAL, subject),
            PageCommand::Unsubscribe(subject) => engine.unsubscribe(now, LOCAL, &subject),
            PageCommand::Send(requests) => {
                for request in requests {
                    engine.send(now, LOCAL, request);
                }
            }
            PageCommand::Retry { id, confirm } => engine.retry(now, LOCAL, &id, confirm),
            PageCommand::Discard { id } => engine.discard(now, LOCAL, &id),
            PageCommand::Credit(number) => engine.credit(now, LOCAL, number),
            PageCommand::Token(token) => engine.handle_token(now, token),
            PageCommand::Hint(hint) => engine.handle_hint(now, hint),
            PageCommand::WatchMetrics(on) => engine.watch_metrics(now, LOCAL, on),
            PageCommand::WatchOutbox(on) => engine.watch_outbox(now, LOCAL, on),
            // The node takes the engine away for these.
            PageCommand::Disconnect | PageCommand::PageHide => {}
        }
    }

    pub(super) fn store(&mut self, now: Now, event: StoreEvent) {
        let opened = matches!(event, StoreEvent::Opened(_) | StoreEvent::OpenFailed(_));
        self.engine.handle_store(now, event);
        if opened && !self.ready {
            self.ready = true;
            self.term = self.engine.term();
            self.news = true;
        }
    }

    /// The term, once, when it becomes known: time for the roll call.
    pub(super) fn take_news(&mut self) -> Option<u64> {
        std::mem::take(&mut self.news).then_some(self.term)
    }

    pub(super) fn link(&mut self, now: Now, message: LinkMessage) {
        match message {
            LinkMessage::Attach { tab, interest } if tab != self.me => self.attach(now, tab, &interest),
            LinkMessage::Detach { tab } => self.detach(now, &tab),
            LinkMessage::Credit { tab, number } => {
                if let Some(tab) = self.tabs.get(&tab) {
                    self.engine.credit(now, tab.consumer, number);
                }
            }
            LinkMessage::Poke => self.engine.rescan(now),
            LinkMessage::Send { tab, requests } => {
                let consumer = self.consumer(now, &tab);
                for request in requests {
                    self.engine.send(now, consumer, request);
                }
            }
            LinkMessage::Retry { tab, id, confirm } => {
                let consumer = self.consumer(now, &tab);
                self.engine.retry(now, consumer, &id, confirm);
            }
            LinkMessage::Discard { tab, id } => {
                let consumer = self.consumer(now, &tab);
                self.engine.discard(now, consumer, &id);
            }
            LinkMessage::Hint { hint: Some(hint) } => self.engine.handle_hint(now, hint),
            LinkMessage::Hint { hint: None } => self.engine.try_now(now),
            LinkMessage::Attach { .. }
            | LinkMessage::Beat { .. }
            | LinkMessage::RollCall { .. }
            | LinkMessage::Ask
            | LinkMessage::Batch { .. } => {}
        }
    }

    pub(super) fn alive(&mut self, now: Now, alive: &[TabId]) {
        let dead: Vec<TabId> = self.tabs.keys().filter(|tab| !alive.contains(tab)).cloned().collect();
        for tab in dead {
            self.detach(now, &tab);
        }
    }

    pub(super) fn timeout(&mut self, now: Now) {
        self.engine.handle_timeout(now);
        if now.mono >= self.look_at {
            self.look_at = now.mono + ALIVE_MS;
            self.query = !self.tabs.is_empty();
        }
    }

    pub(super) fn next_timeout(&self) -> Option<u64> {
        [self.engine.poll_timeout(), Some(self.look_at)].into_iter().flatten().min()
    }

    pub(super) fn poll(&mut self) -> Option<NodeOutput> {
        if std::mem::take(&mut self.query) {
            return Some(NodeOutput::QueryTabs);
        }
        loop {
            match self.engine.poll_output()? {
                Output::Deliver { consumer, batch } if consumer != LOCAL => {
                    let Some(tab) = self.tabs.iter().find(|(_, t)| t.consumer == consumer) else { continue };
                    let message = LinkMessage::Batch { term: self.term, batch };
                    return Some(NodeOutput::Link(LinkTarget::Tab(tab.0.clone()), message));
                }
                output => return Some(NodeOutput::Engine(output)),
            }
        }
    }

    fn consumer(&mut self, now: Now, tab: &TabId) -> ConsumerId {
        if let Some(known) = self.tabs.get(tab) {
            return known.consumer;
        }
        let consumer = ConsumerId(self.next_consumer);
        self.next_consumer += 1;
        self.engine.attach_tab(now, consumer, tab);
        self.tabs.insert(tab.clone(), Tab { consumer, subjects: BTreeSet::new() });
        consumer
    }

    /// The interest is whole: what is no longer in it ends.
    fn attach(&mut self, now: Now, tab: TabId, interest: &Interest) {
        let consumer = self.consumer(now, &tab);
        let wanted: BTreeSet<Subject> = interest.subjects.iter().cloned().collect();
        let had = self.tabs.get_mut(&tab).map(|t| std::mem::replace(&mut t.subjects, wanted.clone()));
        let had = had.unwrap_or_default();
        for subject in had.difference(&wanted) {
            self.engine.unsubscribe(now, consumer, subject);
        }
        for subject in wanted.difference(&had) {
            self.engine.subscribe(now, consumer, subject.clone());
        }
        self.engine.watch_metrics(now, consumer, interest.metrics);
        self.engine.watch_outbox(now, consumer, interest.outbox);
    }

    fn detach(&mut self, now: Now, tab: &TabId) {
        if let Some(gone) = self.tabs.remove(tab) {
            self.engine.detach_tab(now, gone.consumer, tab);
        }
    }
}
