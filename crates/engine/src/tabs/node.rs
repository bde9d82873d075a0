//! [`Node`]: what a tab is, and who gets each input.

use super::election::{Election, LockEvent, Role};
use super::leader::Leader;
use super::link::{Interest, LinkMessage, LinkTarget, TabId};
use super::orders::Orders;
use super::sends::Sends;
use super::sign_in::SignIn;
use super::sign_out::{Session, SignOut};
use super::suspense::{Suspense, Waiting};
use super::types::{NodeOutput, PageCommand};
use crate::engine::legacy::Legacy;
use crate::mutant::{self, Mutant};
use crate::{
    Batch, ConsumerId, Delivery, DeliveryState, Durability, EngineOptions, Generation, Hint, MessageUpdate,
    Now, Output, SocketEvent, StoreError, StoreEvent,
};
use sentinelops_protocol::Subject;
use std::collections::{BTreeSet, VecDeque};

/// The tab's own page, as a consumer of its engine.
pub const LOCAL: ConsumerId = ConsumerId(0);

/// One tab's part in the one connection of the browser.
pub struct Node {
    pub(super) options: EngineOptions,
    pub(super) seed: u64,
    pub(super) tab: TabId,
    pub(super) election: Election,
    pub(super) leader: Option<Leader>,
    /// `leader` is this tab's own affair: it shares no store.
    pub(super) alone: bool,
    /// Sockets of earlier engines.
    pub(super) sockets: u64,
    /// What the last engine of this tab knew of its server.
    pub(super) legacy: Legacy,
    pub(super) sends: Sends,
    pub(super) orders: Orders,
    /// Whether the store can be opened, once that is known.
    pub(super) store_works: Option<bool>,
    /// It was open once.
    pub(super) had_store: bool,
    pub(super) sign_in: SignIn,
    /// What waited in the store, by priority, when this tab last looked without wanting a connection.
    pub(super) stored: [u32; 4],
    pub(super) interest: BTreeSet<Subject>,
    pub(super) watch: (bool, bool),
    /// Frames that are none of the protocol's messages wanted.
    pub(super) watches_raw: bool,
    pub(super) wanted: bool,
    pub(super) visible: bool,
    pub(super) away: bool,
    /// A newer build owns the store: reload to update.
    pub(super) outdated: bool,
    /// Highest term heard of or held.
    pub(super) term: u64,
    /// Since when only lower terms are heard, and how often.
    pub(super) lesser: Option<(u64, u32)>,
    /// Living tabs that handed messages to a leader of this term before us: when this tab leads, what comes in the
    /// same turn does not begin with the first they have.
    pub(super) overheard: BTreeSet<TabId>,
    /// Names what was last told to a leader: batches that answer to anything else are not for us.
    pub(super) turn: u64,
    /// The last turn that the leader is known to have heard of.
    pub(super) known_turn: Option<u64>,
    /// Who sends the batches of this turn.
    pub(super) credits_to: Option<LinkTarget>,
    pub(super) suspense: Option<Suspense>,
    /// What waited for the term is being taken in.
    pub(super) resuming: bool,
    /// Until then it may have lost the lock without knowing: it steps down without a word to the store.
    pub(super) unsure_until: u64,
    pub(super) shown: Option<Role>,
    /// The term in which the page is to say that it leaves.
    pub(super) leave_notice: Option<u64>,
    pub(super) session: Session,
    /// This tab ended it, and the others are to hear so.
    pub(super) tells_of_end: bool,
    /// The leader was asked, in this turn, to end it.
    pub(super) asked_to_close: bool,
    /// Another connection of this browser counts as newer though the lock is ours: until when it may go
    /// on, ms.
    pub(super) rival_until: Option<u64>,
    /// Said last of all.
    pub(super) ended: Option<NodeOutput>,
    pub(super) out: VecDeque<NodeOutput>,
}

impl Node {
    /// A tab. Nothing happens before its page wants something; the store, if there is to be one, is opened
    /// at once.
    pub fn new(options: EngineOptions, seed: u64, now: Now) -> Self {
        let tab = options.tab.clone();
        let mut node = Self {
            options,
            seed,
            tab,
            election: Election::new(now, seed),
            leader: None,
            alone: false,
            sockets: 0,
            legacy: Legacy::default(),
            sends: Sends::default(),
            orders: Orders::default(),
            store_works: None,
            had_store: false,
            sign_in: SignIn::default(),
            stored: [0; 4],
            interest: BTreeSet::new(),
            watch: (false, false),
            watches_raw: false,
            wanted: false,
            visible: true,
            away: false,
            outdated: false,
            term: 0,
            lesser: None,
            overheard: BTreeSet::new(),
            turn: 0,
            known_turn: None,
            credits_to: None,
            suspense: None,
            resuming: false,
            unsure_until: 0,
            shown: None,
            leave_notice: None,
            session: Session::Open,
            tells_of_end: false,
            asked_to_close: false,
            rival_until: None,
            ended: None,
            out: VecDeque::new(),
        };
        if node.options.outbox.persist {
            node.out.push_back(NodeOutput::Engine(Output::OpenStore));
        }
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
        if self.suspends(now) {
            if command == PageCommand::PageHide {
                // Nothing may be held in the bfcache, and there is no time to ask.
                self.hide(now);
                self.resume(now);
                // What waited was said before it.
                return self.hide(now);
            }
            return self.wait_with(Waiting::Page(command));
        }
        match &command {
            PageCommand::Connect => self.wanted = !self.outdated && self.session != Session::Closed,
            PageCommand::Disconnect => self.wanted = false,
            PageCommand::Subscribe(subject) => {
                self.interest.insert(subject.clone());
            }
            PageCommand::Unsubscribe(subject) => {
                self.interest.remove(subject);
            }
            PageCommand::WatchMetrics(on) => self.watch.0 = *on,
            PageCommand::WatchOutbox(on) => self.watch.1 = *on,
            PageCommand::WatchRaw(on) => self.watches_raw = *on,
            PageCommand::Send(requests) => self.sends.keep(requests),
            PageCommand::Inquire(about) => self.sends.follow(about),
            PageCommand::Discard { id } => self.sends.discard(id),
            PageCommand::PageHide => self.away = !mutant::active(Mutant::KeepLockOnPageHide),
            PageCommand::SignOut(how) => self.sign_out(now, *how),
            PageCommand::Hint(hint) => match hint {
                Hint::Visible | Hint::Focus => (self.visible, self.away) = (true, false),
                Hint::PageShow | Hint::Resume => self.away = false,
                Hint::Hidden => self.visible = false,
                Hint::Online | Hint::Offline | Hint::LateTick => {}
            },
            _ => {}
        }
        self.elect(now);
        self.orders.keep(&command);
        match &mut self.leader {
            Some(leader) => leader.page(now, command),
            None => self.follow(now, command),
        }
        self.settle(now);
    }

    /// News for the page.
    pub(super) fn hear(&mut self, items: &[Delivery]) {
        self.sends.note(items);
        self.orders.answered(items);
        self.sign_in.note(items);
    }

    fn hide(&mut self, now: Now) {
        self.away = !mutant::active(Mutant::KeepLockOnPageHide);
        self.elect(now);
        self.settle(now);
    }

    /// A message of another tab.
    pub fn handle_link(&mut self, now: Now, message: LinkMessage) {
        if self.suspends(now) {
            match message {
                // Another leads: that is the answer.
                LinkMessage::Beat { term } | LinkMessage::RollCall { term } if term > self.term => {
                    self.answered(now, Some(term));
                }
                message => return self.wait_with(Waiting::Link(message)),
            }
        }
        match &message {
            LinkMessage::Beat { term } => self.heard_leader(now, *term, false),
            LinkMessage::RollCall { term } => self.heard_leader(now, *term, true),
            LinkMessage::Ask => self.election.asked(),
            // Only a lower term is heard: a leader that waits for the store does not know the last one.
            LinkMessage::Leaving { term } if *term >= self.term || self.lesser.is_some() => {
                self.election.left(now);
            }
            LinkMessage::Send { tab, .. } if self.leader.is_none() => {
                self.overheard.insert(tab.clone());
            }
            LinkMessage::Detach { tab } => {
                self.overheard.remove(tab);
            }
            LinkMessage::SignOut if self.leader.is_some() => self.sign_out(now, SignOut::SendFirst),
            LinkMessage::SignedOut => {
                self.signed_out();
                self.elect(now);
            }
            LinkMessage::Batch { term, turn, from, batch }
                if *term >= self.term
                    && (*turn == self.turn || mutant::active(Mutant::BatchesOfAnyTurn))
                    && self.role() == Role::Follower =>
            {
                self.election.heard(now);
                self.known_turn = Some(*turn);
                self.sends.slept = false;
                self.credit_goes_to(from);
                self.hear(&batch.items);
                self.deliver(batch.clone());
            }
            _ => {}
        }
        if let Some(leader) = &mut self.leader
            && !self.alone
        {
            leader.link(now, message);
        }
        self.settle(now);
    }

    /// The lock.
    pub fn handle_lock(&mut self, now: Now, event: &LockEvent) {
        self.election.lock(now, event);
        if *event == LockEvent::Lost {
            // It answers the question that is being asked, too.
            self.settle(now);
            self.resume(now);
        }
        self.settle(now);
    }

    /// A socket of the engine.
    pub fn handle_socket(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {
        if self.suspends(now) {
            return self.wait_with(Waiting::socket(generation, event));
        }
        if let Some(leader) = &mut self.leader {
            leader.engine.handle_socket(now, generation, event);
        }
        self.settle(now);
    }

    /// The store.
    pub fn handle_store(&mut self, now: Now, event: StoreEvent) {
        // Only where it was open: a newer build that wrote here once and runs no more stops nobody.
        let outdated = event == StoreEvent::Closed(StoreError::NewerSchema);
        if outdated && mutant::active(Mutant::OldBuildGoesOn) {
            return;
        }
        // Nothing more may be written by then, the leader.
        if !outdated && self.suspends(now) {
            return self.wait_with(Waiting::Store(event));
        }
        match &event {
            StoreEvent::Opened(snapshot) => {
                (self.store_works, self.had_store) = (Some(true), true);
                self.store_takes_again();
                self.show_stored(now, snapshot);
                if !mutant::active(Mutant::AloneWithTheStore) {
                    self.election.share(now);
                }
            }
            _ if outdated => {
                // A newer build took the database: stop sending, let it lead, and say so.
                (self.outdated, self.wanted, self.shown) = (true, false, None);
            }
            // It is there, and answers nobody: that is no reason to be alone. The leader says so.
            StoreEvent::OpenFailed(StoreError::Silent) if !self.election.no_locks() => self.store_waits(now),
            StoreEvent::OpenFailed(error) => {
                self.store_works = Some(false);
                if self.leader.is_none() {
                    self.store_refuses(now, error.clone());
                }
            }
            StoreEvent::Closed(error) if self.leader.is_none() => self.reopen(now, error.clone()),
            // Deleted from here; the leader counts them.
            StoreEvent::Unreadable(_) if self.leader.is_none() => self.say(LinkMessage::Poke),
            _ => {}
        }
        let for_nobody = self.election.no_locks() && matches!(event, StoreEvent::Opened(_));
        if !self.ended(now, &event)
            && !self.appended(now, &event)
            && !for_nobody
            && (self.alone == (self.role() == Role::Solo))
            && let Some(leader) = &mut self.leader
        {
            leader.store(now, event);
        }
        self.elect(now);
        self.settle(now);
        if outdated {
            self.resume(now);
            self.settle(now);
        }
    }

    /// The answer to [`NodeOutput::QueryTabs`].
    pub fn handle_tabs(&mut self, now: Now, alive: &[TabId]) {
        if self.suspends(now) {
            return;
        }
        if let Some(leader) = &mut self.leader {
            leader.alive(now, alive);
        }
        self.settle(now);
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.suspends(now) {
            self.suspended_too_long(now);
        } else {
            self.election.timeout(now);
            match &mut self.leader {
                Some(leader) => leader.timeout(now),
                None => {
                    self.sends.timeout(now);
                    self.doubt_store(now);
                    self.retry_store(now);
                }
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
        if let Some(suspense) = &self.suspense {
            // Its own sleep meanwhile is noticed by ticks that go on.
            return self.election.next_timeout().into_iter().chain([suspense.until]).min();
        }
        let inner = match &self.leader {
            Some(leader) => leader.next_timeout(),
            None => self.sends.next_timeout(),
        };
        self.election.next_timeout().into_iter().chain(inner).min()
    }

    /// What the page looks at now.
    pub(super) fn interest(&self) -> Interest {
        Interest {
            subjects: self.interest.iter().cloned().collect(),
            metrics: self.watch.0,
            outbox: self.watch.1,
            raw: self.watches_raw,
        }
    }

    /// A batch of this node's own for its page; number 0 needs no credit.
    pub(super) fn tell(&mut self, items: Vec<Delivery>) {
        self.deliver(Batch { number: 0, items });
    }

    pub(super) fn tell_update(&mut self, id: &str, durability: Durability, delivery: DeliveryState) {
        self.tell(vec![Delivery::Message(MessageUpdate { id: id.to_owned(), durability, delivery })]);
    }

    pub(super) fn deliver(&mut self, batch: Batch) {
        self.out.push_back(NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }));
    }

    pub(super) fn elect(&mut self, now: Now) {
        self.election.want(now, self.wanted && !self.away);
    }

    /// The next of this node's random numbers.
    pub(super) fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.seed ^ (self.seed >> 33)
    }
}
