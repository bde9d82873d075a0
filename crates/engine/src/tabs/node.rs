//! [`Node`]: what a tab is, and who gets each input.

use super::election::{Ballot, Election, LockEvent, Role};
use super::follower::Follower;
use super::leader::Leader;
use super::link::{Interest, LinkMessage, LinkTarget, TabId};
use crate::{
    Batch, Cause, ConnectionState, ConsumerId, Delivery, DeliveryState, Durability, EngineOptions,
    Generation, Hint, MessageUpdate, Meta, Now, Output, Row, SendRequest, SocketEvent, Status, StorageState,
    StoreError, StoreEvent,
};
use sentinelops_protocol::Subject;
use std::collections::{BTreeSet, VecDeque};

/// The tab's own page, as a consumer of its engine.
pub const LOCAL: ConsumerId = ConsumerId(0);

/// Why nothing is saved without locks.
const NO_LOCKS: &str = "this browser has no Web Locks (they want https): tabs would overwrite each other";

/// What a page asks of its worker.
#[derive(Clone, Debug, PartialEq)]
pub enum PageCommand {
    /// Connect (also after `Error`).
    Connect,
    /// Disconnect and stay so. Only this tab: another may lead on.
    Disconnect,
    /// Dial now.
    TryNow,
    /// Events and state of a subject.
    Subscribe(Subject),
    /// No more of it.
    Unsubscribe(Subject),
    /// Messages to send, in order.
    Send(Vec<SendRequest>),
    /// Try a failed message again.
    Retry {
        /// Which.
        id: String,
        /// A new id is fine.
        confirm: bool,
    },
    /// Drop a message.
    Discard {
        /// Which.
        id: String,
    },
    /// The batch was taken.
    Credit(u64),
    /// The provider's answer, or a new token.
    Token(Result<Option<String>, String>),
    /// A sign from the browser.
    Hint(Hint),
    /// Counters once a second.
    WatchMetrics(bool),
    /// The list of messages.
    WatchOutbox(bool),
    /// Into the bfcache or away.
    PageHide,
}

/// What to do with the scope's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRequest {
    /// Queue for it.
    Request,
    /// Take it from its holder.
    Steal,
    /// Give it back, or leave the queue.
    Release,
}

/// What a node asks of its shell.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeOutput {
    /// As an engine asks. `Deliver` is for [`LOCAL`] only.
    Engine(Output),
    /// The lock.
    Lock(LockRequest),
    /// A message to other tabs.
    Link(LinkTarget, LinkMessage),
    /// One strict transaction that appends rows, each with the order after the last of its rank; an id
    /// that is already there is skipped. Answer with `Committed` or `Aborted` of this number.
    Append {
        /// Repeated in the answer; never a number an engine uses.
        number: u64,
        /// The rows; their `order` does not count.
        rows: Vec<Row>,
    },
    /// Read the stored meta record. Answer with [`Node::handle_meta`].
    ReadMeta,
    /// Which tabs are alive. Answer with [`Node::handle_tabs`].
    QueryTabs,
    /// What this tab is, when it changes.
    Role(Role),
}

/// An input that waits until the stored term was read.
enum Waiting {
    Page(PageCommand),
    Link(LinkMessage),
    Socket(Generation, OwnedSocketEvent),
    Store(StoreEvent),
}

enum OwnedSocketEvent {
    Frame(Vec<u8>, bool),
    Other(SocketEvent<'static>),
}

/// One tab's part in the one connection of the browser.
pub struct Node {
    pub(super) options: EngineOptions,
    seed: u64,
    pub(super) tab: TabId,
    election: Election,
    pub(super) leader: Option<Leader>,
    pub(super) follower: Follower,
    pub(super) interest: BTreeSet<Subject>,
    pub(super) watch: (bool, bool),
    /// Sends of this page that are neither durable nor final, in order: they survive a change of role.
    pub(super) unsaved: Vec<SendRequest>,
    wanted: bool,
    visible: bool,
    away: bool,
    /// A newer build owns the store: reload to update.
    outdated: bool,
    /// Highest term heard of or held.
    pub(super) term: u64,
    /// Some while the stored term is being read.
    suspended: Option<Vec<Waiting>>,
    shown: Option<Role>,
    pub(super) out: VecDeque<NodeOutput>,
}

impl Node {
    /// A tab. Nothing happens before its page wants something; the store is opened at once.
    pub fn new(options: EngineOptions, seed: u64, now: Now) -> Self {
        let tab = options.tab.clone();
        let mut node = Self {
            options,
            seed,
            tab,
            election: Election::new(now),
            leader: None,
            follower: Follower::default(),
            interest: BTreeSet::new(),
            watch: (false, false),
            unsaved: Vec::new(),
            wanted: false,
            visible: true,
            away: false,
            outdated: false,
            term: 0,
            suspended: None,
            shown: None,
            out: VecDeque::new(),
        };
        node.out.push_back(NodeOutput::Engine(Output::OpenStore));
        node
    }

    /// What this tab is now.
    pub fn role(&self) -> Role {
        self.election.role()
    }

    /// The engine, while this tab leads or is alone.
    pub fn engine(&self) -> Option<&crate::Engine> {
        self.leader.as_ref().map(|leader| &leader.engine)
    }

    /// Something the page wants.
    pub fn handle_page(&mut self, now: Now, command: PageCommand) {
        if let Some(waiting) = &mut self.suspended {
            waiting.push(Waiting::Page(command));
            return;
        }
        match &command {
            PageCommand::Connect => self.wanted = !self.outdated,
            PageCommand::Disconnect => self.wanted = false,
            PageCommand::Subscribe(subject) => {
                self.interest.insert(subject.clone());
            }
            PageCommand::Unsubscribe(subject) => {
                self.interest.remove(subject);
            }
            PageCommand::WatchMetrics(on) => self.watch.0 = *on,
            PageCommand::WatchOutbox(on) => self.watch.1 = *on,
            PageCommand::Send(requests) => self.keep(requests),
            PageCommand::PageHide => self.away = true,
            PageCommand::Hint(hint) => match hint {
                Hint::Visible | Hint::Focus => (self.visible, self.away) = (true, false),
                Hint::PageShow | Hint::Resume => self.away = false,
                Hint::Hidden => self.visible = false,
                Hint::Online | Hint::Offline | Hint::LateTick => {}
            },
            _ => {}
        }
        self.elect(now);
        match &mut self.leader {
            Some(leader) => leader.page(now, command),
            None => self.follow(now, command),
        }
        self.settle(now);
    }

    /// A message of another tab.
    pub fn handle_link(&mut self, now: Now, message: LinkMessage) {
        if let Some(waiting) = &mut self.suspended {
            waiting.push(Waiting::Link(message));
            return;
        }
        match &message {
            LinkMessage::Beat { term } | LinkMessage::RollCall { term } if *term >= self.term => {
                let news = *term > self.term || matches!(message, LinkMessage::RollCall { .. });
                if news && self.leader.is_some() && self.role() == Role::Leader && *term > self.term {
                    self.election.deposed(now);
                }
                self.term = *term;
                self.election.heard(now);
                if news && self.role() == Role::Follower && self.leader.is_none() {
                    self.announce();
                    self.hand_in_again(now);
                }
            }
            LinkMessage::Ask => self.election.asked(),
            LinkMessage::Batch { term, batch } if *term >= self.term && self.role() == Role::Follower => {
                self.election.heard(now);
                self.note(&batch.items);
                self.deliver(batch.clone());
            }
            _ => {}
        }
        if let Some(leader) = &mut self.leader {
            leader.link(now, message);
        }
        self.settle(now);
    }

    /// The lock.
    pub fn handle_lock(&mut self, now: Now, event: &LockEvent) {
        // A loss told while the term is being read says the same as a higher term.
        if *event == LockEvent::Lost && self.suspended.is_some() {
            self.suspended = None;
        }
        self.election.lock(now, event);
        self.settle(now);
    }

    /// A socket of the engine.
    pub fn handle_socket(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {
        if let Some(waiting) = &mut self.suspended {
            let event = match event {
                SocketEvent::Frame { bytes, binary } => OwnedSocketEvent::Frame(bytes.to_vec(), binary),
                SocketEvent::Opened => OwnedSocketEvent::Other(SocketEvent::Opened),
                SocketEvent::Buffered(bytes) => OwnedSocketEvent::Other(SocketEvent::Buffered(bytes)),
                SocketEvent::Closed { code, reason } => {
                    OwnedSocketEvent::Other(SocketEvent::Closed { code, reason })
                }
                SocketEvent::Refused { reason } => OwnedSocketEvent::Other(SocketEvent::Refused { reason }),
            };
            waiting.push(Waiting::Socket(generation, event));
            return;
        }
        if let Some(leader) = &mut self.leader {
            leader.engine.handle_socket(now, generation, event);
        }
        self.settle(now);
    }

    /// The store.
    pub fn handle_store(&mut self, now: Now, event: StoreEvent) {
        if let Some(waiting) = &mut self.suspended {
            waiting.push(Waiting::Store(event));
            return;
        }
        match &event {
            StoreEvent::Opened(_) => {
                self.follower.store_works = Some(true);
                self.election.share(now);
            }
            StoreEvent::OpenFailed(_) => self.follower.store_works = Some(false),
            StoreEvent::Closed(StoreError::NewerSchema) => {
                // A newer build took the database: stop sending, let it lead.
                (self.outdated, self.wanted) = (true, false);
            }
            _ => {}
        }
        // What a tab alone has in memory is handed in again, to a leader with a store.
        if !self.appended(now, &event)
            && self.role() != Role::Follower
            && let Some(leader) = &mut self.leader
        {
            leader.store(now, event);
        }
        if self.follower.store_works == Some(false) && matches!(self.role(), Role::Follower | Role::Leader) {
            self.election.go_solo();
        }
        self.elect(now);
        self.settle(now);
    }

    /// The answer to [`NodeOutput::ReadMeta`]; `None` when it could not be read.
    pub fn handle_meta(&mut self, now: Now, meta: Option<&Meta>) {
        let Some(waiting) = self.suspended.take() else { return };
        if meta.is_some_and(|meta| meta.term > self.term) {
            self.term = meta.map_or(self.term, |meta| meta.term);
            self.election.deposed(now);
            self.settle(now);
        }
        for input in waiting {
            match input {
                Waiting::Page(command) => self.handle_page(now, command),
                Waiting::Link(message) => self.handle_link(now, message),
                Waiting::Store(event) => self.handle_store(now, event),
                Waiting::Socket(generation, OwnedSocketEvent::Other(event)) => {
                    self.handle_socket(now, generation, event);
                }
                Waiting::Socket(generation, OwnedSocketEvent::Frame(bytes, binary)) => {
                    self.handle_socket(now, generation, SocketEvent::Frame { bytes: &bytes, binary });
                }
            }
        }
        self.settle(now);
    }

    /// The answer to [`NodeOutput::QueryTabs`].
    pub fn handle_tabs(&mut self, now: Now, alive: &[TabId]) {
        if let Some(leader) = &mut self.leader {
            leader.alive(now, alive);
        }
        self.settle(now);
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.election.timeout(now);
        self.ballots(now);
        if self.suspended.is_none() {
            if let Some(leader) = &mut self.leader {
                leader.timeout(now);
            } else {
                self.follower_timeout(now);
            }
        }
        self.settle(now);
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    /// Monotonic ms at which [`Node::handle_timeout`] must be called at the latest.
    pub fn poll_timeout(&self) -> Option<u64> {
        let engine = self.leader.as_ref().filter(|_| self.suspended.is_none()).and_then(Leader::next_timeout);
        [self.election.next_timeout(), engine, self.follower.next_timeout()].into_iter().flatten().min()
    }

    /// What the page looks at now.
    pub(super) fn interest(&self) -> Interest {
        Interest {
            subjects: self.interest.iter().cloned().collect(),
            metrics: self.watch.0,
            outbox: self.watch.1,
        }
    }

    /// A batch of this node's own for its page; number 0 needs no credit.
    pub(super) fn tell(&mut self, items: Vec<Delivery>) {
        self.deliver(Batch { number: 0, items });
    }

    pub(super) fn tell_update(&mut self, id: &str, durability: Durability, delivery: DeliveryState) {
        self.tell(vec![Delivery::Message(MessageUpdate { id: id.to_owned(), durability, delivery })]);
    }

    fn deliver(&mut self, batch: Batch) {
        self.out.push_back(NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }));
    }

    fn keep(&mut self, requests: &[SendRequest]) {
        for request in requests {
            if !self.unsaved.iter().any(|kept| kept.id == request.id) {
                self.unsaved.push(request.clone());
            }
        }
    }

    /// Forgets sends that are safe or over.
    fn note(&mut self, items: &[Delivery]) {
        if self.unsaved.is_empty() {
            return;
        }
        for item in items {
            if let Delivery::Message(update) = item
                && (update.durability == Durability::Durable || update.delivery.is_final())
            {
                self.unsaved.retain(|kept| kept.id != update.id);
            }
        }
    }

    fn elect(&mut self, now: Now) {
        self.election.need(self.visible || !self.unsaved.is_empty());
        self.election.want(now, self.wanted && !self.away);
    }

    fn ballots(&mut self, now: Now) {
        while let Some(ballot) = self.election.poll() {
            match ballot {
                Ballot::Request => self.out.push_back(NodeOutput::Lock(LockRequest::Request)),
                Ballot::Steal => self.out.push_back(NodeOutput::Lock(LockRequest::Steal)),
                Ballot::Release => self.out.push_back(NodeOutput::Lock(LockRequest::Release)),
                Ballot::Ask => self.out.push_back(NodeOutput::Link(LinkTarget::All, LinkMessage::Ask)),
                Ballot::Beat => {
                    let leads = self.leader.as_ref().is_some_and(|leader| leader.ready);
                    if leads && self.suspended.is_none() {
                        let beat = LinkMessage::Beat { term: self.term };
                        self.out.push_back(NodeOutput::Link(LinkTarget::All, beat));
                    }
                }
                Ballot::CheckTerm if self.suspended.is_none() => {
                    self.suspended = Some(vec![Waiting::Page(PageCommand::Hint(Hint::LateTick))]);
                    self.out.push_back(NodeOutput::ReadMeta);
                }
                Ballot::CheckTerm => {}
            }
        }
        let _ = now;
    }

    /// After every input: make the role true, carry the engine's outputs out, say what changed.
    fn settle(&mut self, now: Now) {
        let owns = matches!(self.role(), Role::Leader | Role::Solo) && self.wanted && !self.away;
        match (owns, self.leader.is_some()) {
            (true, false) => self.take_over(now),
            (false, true) => self.step_down(now),
            _ => {}
        }
        self.ballots(now);
        self.drain(now);
        if self.shown != Some(self.role()) {
            self.shown = Some(self.role());
            self.out.push_back(NodeOutput::Role(self.role()));
            if self.leader.is_none() {
                self.tell(vec![Delivery::Status(Box::new(self.waiting_status()))]);
                if self.role() == Role::Follower && self.term > 0 {
                    self.announce();
                    self.hand_in_again(now);
                }
            }
        }
    }

    fn take_over(&mut self, now: Now) {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut leader = Leader::new(self.options.clone(), self.seed, now, self.tab.clone());
        // What was appended before, another leader may have found and sent.
        self.unsaved.iter_mut().for_each(|request| request.again = true);
        leader.local(now, &self.interest(), &self.unsaved);
        if let Some(token) = self.follower.token.take() {
            leader.engine.handle_token(now, token);
        }
        self.leader = Some(leader);
    }

    fn step_down(&mut self, now: Now) {
        let Some(mut leader) = self.leader.take() else { return };
        // Its engine may have sent any of these.
        self.unsaved.iter_mut().for_each(|request| request.again = true);
        leader.engine.disconnect(now);
        while let Some(output) = leader.engine.poll_output() {
            // The socket must go and what was decided must be stored; nobody is told anything any more.
            if matches!(output, Output::Abandon { .. } | Output::Store(_)) {
                self.out.push_back(NodeOutput::Engine(output));
            }
        }
        self.suspended = None;
    }

    fn drain(&mut self, now: Now) {
        let Some(mut leader) = self.leader.take() else { return };
        if let Some(term) = leader.take_news() {
            self.term = self.term.max(term);
            self.out.push_back(NodeOutput::Link(LinkTarget::All, LinkMessage::RollCall { term }));
        }
        while let Some(output) = leader.poll() {
            match output {
                NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }) => {
                    self.note(&batch.items);
                    self.deliver(batch);
                }
                NodeOutput::Engine(Output::OpenStore) if self.election.no_locks() => {
                    let error = StoreError::Unavailable(NO_LOCKS.to_owned());
                    leader.store(now, StoreEvent::OpenFailed(error));
                }
                other => self.out.push_back(other),
            }
        }
        self.leader = Some(leader);
    }

    fn waiting_status(&self) -> Status {
        let (state, cause) = match self.role() {
            _ if self.outdated => (ConnectionState::Error, Cause::Superseded),
            Role::Follower => (ConnectionState::Connecting, Cause::None),
            _ => (ConnectionState::Disconnected, Cause::NotAsked),
        };
        let storage = match self.follower.store_works {
            _ if self.outdated => StorageState::MemoryOnly(StoreError::NewerSchema),
            Some(true) => StorageState::Durable,
            _ => StorageState::Opening,
        };
        Status { state, cause, storage, ..Status::default() }
    }
}
