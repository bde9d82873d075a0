//! The leading tab: its engine, and the other tabs as consumers of it.

use super::incomplete::{Incomplete, MISSED};
use super::link::{Inquiry, Interest, LinkMessage, LinkTarget, TabId};
use super::node::LOCAL;
use super::types::{NodeOutput, PageCommand};
use crate::engine::legacy::Legacy;
use crate::mutant::{self, Mutant};
use crate::{Batch, ConsumerId, Delivery, Engine, EngineOptions, Now, Output, SendRequest, StoreEvent};
use sentinelops_protocol::Subject;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Ms between two looks at which tabs are still alive.
const ALIVE_MS: u64 = 5_000;

struct Tab {
    consumer: ConsumerId,
    /// What its batches answer to.
    turn: u64,
    /// It was there when the browser was last asked who is alive.
    asked: bool,
    /// How often in a row it was not among them.
    missed: u8,
    subjects: BTreeSet<Subject>,
    /// The store is silent, and all that this tab has was handed in.
    whole: bool,
}

/// A message of another tab that waits for a look into the store.
struct Held {
    look: u64,
    consumer: ConsumerId,
    tab: TabId,
    request: SendRequest,
}

pub(super) struct Leader {
    pub(super) engine: Engine,
    /// The store answered, or there is to be none: the term is known, beats may go out.
    pub(super) ready: bool,
    term: u64,
    news: bool,
    me: TabId,
    tabs: BTreeMap<TabId, Tab>,
    next_consumer: u64,
    look_at: u64,
    query: bool,
    /// Tabs that believe to be known and are not.
    strangers: BTreeSet<TabId>,
    /// Tabs that died without a word: the other tabs are to forget them, too.
    missing: Vec<TabId>,
    incomplete: Incomplete,
    /// Messages that tabs could not store, or that are not to be queued, wait for a look into the store: earlier rows
    /// of the same key may lie there.
    held: VecDeque<Held>,
    /// Looks into the store: asked for and answered.
    looks: (u64, u64),
    /// The look after which everything is known that was saved when the end of the session was asked for.
    last_look: u64,
}

impl Leader {
    /// `sockets`: how many earlier engines of this tab dialled; `term`: the highest one heard of.
    pub(super) fn new(
        options: EngineOptions,
        seed: u64,
        now: Now,
        me: TabId,
        legacy: &Legacy,
        (sockets, term): (u64, u64),
    ) -> Self {
        // Without a store there is no answer to wait for.
        let ready = !options.outbox.persist;
        let mut engine = Engine::new(options, seed, now);
        engine.number_rows_from(now.wall, seed);
        engine.inherit(now, legacy);
        engine.number_sockets_from(sockets);
        engine.lead_after(term);
        // Rows this tab appended while it followed are its own, too.
        engine.attach_tab(now, LOCAL, &me);
        Self {
            term: if ready { engine.term() } else { 0 },
            engine,
            ready,
            news: ready,
            me,
            tabs: BTreeMap::new(),
            next_consumer: 1,
            look_at: now.mono + ALIVE_MS,
            query: false,
            strangers: BTreeSet::new(),
            missing: Vec::new(),
            incomplete: Incomplete::default(),
            held: VecDeque::new(),
            looks: (0, 0),
            last_look: 0,
        }
    }

    /// Last of all: where nothing is stored that is a dial.
    pub(super) fn connect(&mut self, now: Now) {
        self.engine.connect(now);
    }

    /// What the tab's own page wanted before this tab led.
    pub(super) fn local(&mut self, now: Now, interest: &Interest) {
        for subject in &interest.subjects {
            self.engine.subscribe(now, LOCAL, subject.clone());
        }
        self.engine.watch_metrics(now, LOCAL, interest.metrics);
        self.engine.watch_outbox(now, LOCAL, interest.outbox);
        self.engine.watch_raw(now, LOCAL, interest.raw);
    }

    /// Of what these handed in, the first went to a leader before.
    pub(super) fn missing_of(&mut self, tabs: BTreeSet<TabId>) {
        self.incomplete = Incomplete::new(tabs);
    }

    /// Of the store that tabs share. `had`: this one had it open until now;
    /// `silent`: who led before had no answer from it. `saved`: what of this tab lies
    /// there, in case that it does not answer.
    pub(super) fn share(&mut self, now: Now, had: bool, silent: bool, saved: Vec<SendRequest>) {
        if had {
            self.engine.store_was_open(now);
        }
        if silent {
            self.engine.store_was_silent();
        }
        self.engine.vouch(LOCAL, saved);
    }

    /// What other tabs have saved is to be known before the session ends.
    pub(super) fn look_for_rows(&mut self, now: Now) {
        if self.engine.store_is_open() {
            self.last_look = self.looks.0 + 1;
            self.engine.rescan(now);
        }
    }

    /// It is, nothing that a tab handed over waits for a look, and no tab has to come again with what it has.
    pub(super) fn has_looked(&self) -> bool {
        let looked = self.looks.1 >= self.last_look || !self.engine.store_is_open();
        let taken = self.held.is_empty() && self.incomplete.is_empty();
        self.ready && looked && (taken || mutant::active(Mutant::SignOutTooEarly))
    }

    /// How these ended, as soon as it is certain.
    pub(super) fn inquire(&mut self, now: Now, consumer: ConsumerId, about: Vec<Inquiry>) {
        self.engine.inquire(now, consumer, about);
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
            PageCommand::Inquire(about) => self.inquire(now, LOCAL, about),
            // The node hands sends over in their order, and takes the engine away for the others.
            PageCommand::Send(_)
            | PageCommand::Disconnect
            | PageCommand::PageHide
            | PageCommand::SignOut(_) => {}
        }
    }

    pub(super) fn store(&mut self, now: Now, event: StoreEvent) {
        match event {
            StoreEvent::Found(_) => self.looks.1 = (self.looks.1 + 1).min(self.looks.0),
            // Everything is known, or nothing can be.
            StoreEvent::Opened(_) | StoreEvent::OpenFailed(_) | StoreEvent::Closed(_) => {
                self.looks.1 = self.looks.0;
                self.held.iter_mut().for_each(|held| held.look = 0);
            }
            _ => {}
        }
        self.engine.handle_store(now, event);
        self.note_store();
        while let Some(held) = self.held.pop_front_if(|held| held.look <= self.looks.1) {
            self.engine.send_of(now, held.consumer, &held.tab, held.request);
        }
    }

    /// The term is known with the store, or when that is not waited for any more; it may have to be raised once
    /// more when it comes late.
    fn note_store(&mut self) {
        if self.engine.store_is_known() && (!self.ready || self.term != self.engine.term()) {
            self.ready = true;
            self.term = self.engine.term();
            self.news = true;
        }
        if !self.engine.store_is_silent() {
            self.tabs.values_mut().for_each(|tab| tab.whole = false);
        }
    }

    /// The term, once, when it becomes known: time for the roll call.
    pub(super) fn take_news(&mut self) -> Option<u64> {
        std::mem::take(&mut self.news).then_some(self.term)
    }

    pub(super) fn link(&mut self, now: Now, message: LinkMessage) {
        match message {
            // Before that its batches would not be believed; the roll call is still to come.
            LinkMessage::Attach { tab, turn, interest } if tab != self.me && self.ready => {
                if self.incomplete.is_whole(&tab, turn) {
                    self.attach(now, tab, turn, &interest);
                } else {
                    self.strangers.insert(tab);
                }
            }
            LinkMessage::Detach { tab } => self.detach(now, &tab),
            LinkMessage::Credit { tab, turn, number } => {
                if let Some(consumer) = self.consumer(&tab, Some(turn)) {
                    self.incomplete.credited(&tab);
                    self.engine.credit(now, consumer, number);
                }
            }
            LinkMessage::Poke => self.engine.rescan(now),
            LinkMessage::Send { tab, requests, whole } => {
                if let Some(consumer) = self.consumer(&tab, None) {
                    if whole && self.engine.store_is_silent() {
                        // They are among these, in their places.
                        self.held.retain(|held| held.consumer != consumer);
                        self.tabs.entry(tab.clone()).and_modify(|known| known.whole = true);
                    }
                    self.send(now, consumer, &tab, requests);
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
                    self.inquire(now, consumer, about);
                }
            }
            LinkMessage::Hint { hint: Some(hint) } => self.engine.handle_hint(now, hint),
            LinkMessage::Hint { hint: None } => self.engine.reconnect(now),
            LinkMessage::Raw { frame } => self.engine.send_raw(now, frame),
            LinkMessage::Attach { .. }
            | LinkMessage::Beat { .. }
            | LinkMessage::RollCall { .. }
            | LinkMessage::Ask
            | LinkMessage::Batch { .. }
            | LinkMessage::SignOut
            | LinkMessage::SignedOut
            | LinkMessage::Leaving { .. } => {}
        }
    }

    fn send(&mut self, now: Now, consumer: ConsumerId, tab: &TabId, requests: Vec<SendRequest>) {
        let whole = self.tabs.values().any(|tab| tab.consumer == consumer && tab.whole);
        let looks = !whole && (self.engine.store_is_open() || self.engine.store_is_silent());
        for request in requests {
            if !request.ephemeral && looks && (request.queue || !mutant::active(Mutant::UnqueuedFirst)) {
                let (look, tab) = (self.looks.0 + 1, tab.clone());
                self.held.push_back(Held { look, consumer, tab, request });
                self.engine.rescan(now);
            } else {
                self.engine.send(now, consumer, request);
            }
        }
    }

    /// Whether another tab may lead instead.
    pub(super) fn has_followers(&self) -> bool {
        !self.tabs.is_empty()
    }

    /// These are alive; a tab that came after the question was asked does not count.
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
        if now.mono >= self.look_at {
            self.look_at = now.mono + ALIVE_MS;
            self.query = !self.tabs.is_empty() || !self.incomplete.is_empty();
            self.incomplete.asked();
            self.tabs.values_mut().for_each(|tab| tab.asked = true);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<u64> {
        [self.engine.poll_timeout(), Some(self.look_at)].into_iter().flatten().min()
    }

    pub(super) fn poll(&mut self) -> Option<NodeOutput> {
        if std::mem::take(&mut self.query) {
            return Some(NodeOutput::QueryTabs);
        }
        if let Some(tab) = self.missing.pop() {
            return Some(NodeOutput::Link(LinkTarget::All, LinkMessage::Detach { tab }));
        }
        if let Some(tab) = self.strangers.pop_first() {
            let call = LinkMessage::RollCall { term: self.term };
            return Some(NodeOutput::Link(LinkTarget::Tab(tab), call));
        }
        loop {
            match self.engine.poll_output()? {
                Output::Deliver { consumer, batch } if consumer != LOCAL => {
                    let Some(tab) = self.tabs.iter().find(|(_, t)| t.consumer == consumer) else { continue };
                    let (turn, from) = (tab.1.turn, self.me.clone());
                    let message = LinkMessage::Batch { term: self.term, turn, from, batch };
                    return Some(NodeOutput::Link(LinkTarget::Tab(tab.0.clone()), message));
                }
                output => {
                    self.looks.0 += u64::from(output == Output::RescanStore);
                    return Some(NodeOutput::Engine(output));
                }
            }
        }
    }

    /// What became of messages and waits for a credit: there will be none, and nobody else remembers.
    pub(super) fn last_news(&mut self) -> Vec<NodeOutput> {
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
                let (turn, from) = (tab.turn, self.me.clone());
                let message = LinkMessage::Batch { term: self.term, turn, from, batch };
                all.push(NodeOutput::Link(LinkTarget::Tab(name.clone()), message));
            }
        }
        all
    }

    /// The consumer of a tab; one that is not known (any more) is asked to say what it wants.
    fn consumer(&mut self, tab: &TabId, turn: Option<u64>) -> Option<ConsumerId> {
        match self.tabs.get(tab) {
            Some(known) => turn.is_none_or(|turn| known.turn == turn).then_some(known.consumer),
            None => {
                if self.ready && *tab != self.me {
                    self.strangers.insert(tab.clone());
                }
                None
            }
        }
    }

    /// The interest is whole: what is no longer in it ends.
    fn attach(&mut self, now: Now, tab: TabId, turn: u64, interest: &Interest) {
        let known = self.tabs.get(&tab).map(|known| (known.turn, known.consumer));
        if known.is_none_or(|(before, _)| before != turn) {
            // The same consumer for life: its messages name it, and news of them outlast a turn.
            let consumer = known.map_or(ConsumerId(self.next_consumer), |(_, consumer)| consumer);
            self.next_consumer += u64::from(known.is_none());
            self.engine.attach_tab(now, consumer, &tab);
            let subjects = BTreeSet::new();
            let new = Tab { consumer, turn, asked: false, missed: 0, subjects, whole: false };
            self.tabs.insert(tab.clone(), new);
        }
        let Some(known) = self.tabs.get_mut(&tab) else { return };
        let consumer = known.consumer;
        let wanted: BTreeSet<Subject> = interest.subjects.iter().cloned().collect();
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
        self.strangers.remove(tab);
        self.incomplete.remove(tab);
        if let Some(gone) = self.tabs.remove(tab) {
            // What was to leave at once or not at all goes with its page.
            self.held.retain(|held| held.consumer != gone.consumer || held.request.queue);
            self.engine.detach_tab(now, gone.consumer, tab);
        }
    }
}
