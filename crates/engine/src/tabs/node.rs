//! [`Node`]: the state of one tab, and where each input goes.

mod follower;
mod hand_on;
mod roles;
mod sends;
mod sign_in;
mod sign_out;
mod term_check;

use super::election::{Election, LockEvent, Role};
use super::leader::Leader;
use super::link::{LinkMessage, TabId};
use super::page_state::PageState;
use super::pending_commands::PendingCommands;
use super::types::{LOCAL, NodeOutput, PageCommand, SignOut};
use crate::engine::handover::Handover;
use crate::mutant::{self, Mutant};
use crate::{
    Batch, Delivery, DeliveryState, Durability, EngineOptions, Generation, Hint, MessageUpdate, Now, Output,
    SocketEvent, StorageState, StoreError, StoreEvent,
};
use follower::Attachment;
use sends::Sends;
use sign_in::SignIn;
use sign_out::Session;
use std::collections::{BTreeSet, VecDeque};
use term_check::{DeferredInput, TermCheck};

/// One tab of the browser's shared connection.
pub struct Node {
    options: EngineOptions,
    /// State of this node's random numbers.
    seed: u64,
    election: Election,
    leader: Option<Leader>,
    /// What the last engine of this tab knew.
    handover: Handover,
    page: PageState,
    sends: Sends,
    pending_commands: PendingCommands,
    store: StoreHistory,
    sign_in: SignIn,
    /// A newer build owns the store: reload to update.
    outdated: bool,
    /// Highest term received or held.
    term: u64,
    /// Since when (monotonic ms) only heartbeats of a lower term arrive, and how many.
    lower_term_heartbeats: Option<(u64, u32)>,
    /// Tabs that sent messages to a leader of this term. If this tab takes over, they must resend everything, because
    /// their earlier messages went to the other leader.
    unattached_senders: BTreeSet<TabId>,
    attachment: Attachment,
    term_check: Option<TermCheck>,
    /// Inputs deferred by the term check are being handled.
    resuming: bool,
    session: Session,
    reported: Reported,
    out: VecDeque<NodeOutput>,
}

/// What this tab has learned of the store.
#[derive(Default)]
pub(super) struct StoreHistory {
    /// Why this tab connects alone: the store cannot be opened.
    pub error: Option<StoreError>,
    /// It was open at least once since this tab began, here or at a leader.
    pub was_open: bool,
}

/// What the page was last given.
#[derive(Default)]
pub(super) struct Reported {
    pub role: Option<Role>,
    /// The term in its leave notice.
    pub leave_notice: Option<u64>,
}

impl Node {
    /// A new tab. It waits for its page.
    pub fn new(options: EngineOptions, seed: u64, now: Now) -> Self {
        Self {
            options,
            seed,
            election: Election::new(now, seed),
            leader: None,
            handover: Handover::default(),
            page: PageState::default(),
            sends: Sends::default(),
            pending_commands: PendingCommands::default(),
            store: StoreHistory::default(),
            sign_in: SignIn::default(),
            outdated: false,
            term: 0,
            lower_term_heartbeats: None,
            unattached_senders: BTreeSet::new(),
            attachment: Attachment::default(),
            term_check: None,
            resuming: false,
            session: Session::default(),
            reported: Reported::default(),
            out: VecDeque::new(),
        }
    }

    /// The present role of this tab.
    pub fn role(&self) -> Role {
        self.election.role()
    }

    /// The engine, while this tab leads or connects alone.
    pub fn engine(&self) -> Option<&crate::Engine> {
        self.leader.as_ref().map(|leader| &leader.engine)
    }

    /// Handles a command of the page.
    pub fn handle_page(&mut self, now: Now, command: PageCommand) {
        if self.must_check_term(now) {
            if command == PageCommand::PageHide {
                // Nothing may be held in the bfcache, and there is no time to wait for the term.
                self.hide(now);
                self.resume(now);
                // The deferred inputs arrived before it.
                return self.hide(now);
            }
            return self.defer_input(DeferredInput::Page(command));
        }
        let wanted_before = self.page.connects;
        match &command {
            PageCommand::Connect => self.page.connects = !self.outdated && !self.session.is_over(),
            PageCommand::Disconnect => self.page.connects = false,
            PageCommand::Subscribe(subject) => {
                self.page.subjects.insert(subject.clone());
            }
            PageCommand::Unsubscribe(subject) => {
                self.page.subjects.remove(subject);
            }
            PageCommand::WatchMetrics(on) => self.page.metrics = *on,
            PageCommand::WatchOutbox(on) => self.page.outbox = *on,
            PageCommand::WatchRaw(on) => self.page.raw = *on,
            PageCommand::Send(requests) => self.sends.add(requests),
            PageCommand::Inquire(about) => self.sends.track_inquiries(about),
            PageCommand::Discard { id } => self.sends.discard(id),
            PageCommand::PageHide => self.page.away = !mutant::active(Mutant::KeepLockOnPageHide),
            PageCommand::SignOut(how) => self.sign_out(now, *how),
            PageCommand::Hint(hint) => match hint {
                Hint::Visible | Hint::Focus => (self.page.visible, self.page.away) = (true, false),
                Hint::PageShow | Hint::Resume => self.page.away = false,
                Hint::Hidden => self.page.visible = false,
                Hint::Online | Hint::Offline | Hint::LateTick => {}
            },
            _ => {}
        }
        self.elect(now);
        self.pending_commands.keep(&command);
        match &mut self.leader {
            Some(leader) => leader.page(now, command),
            None => self.follow(now, command),
        }
        if self.page.connects != wanted_before && self.role() == Role::Follower {
            self.show_waiting();
            self.announce(true);
        }
        self.finish_input(now);
    }

    /// Updates this node's records with what is delivered to the page.
    fn on_deliveries(&mut self, items: &[Delivery]) {
        self.sends.note(items);
        self.pending_commands.answered(items);
        // A full one is open, too.
        let is_open = |item: &Delivery| match item {
            Delivery::Status(status) => {
                matches!(status.storage, StorageState::Durable | StorageState::MemoryOnly(StoreError::Quota))
            }
            _ => false,
        };
        self.store.was_open |= items.iter().any(is_open);
    }

    fn hide(&mut self, now: Now) {
        self.page.away = !mutant::active(Mutant::KeepLockOnPageHide);
        self.elect(now);
        self.finish_input(now);
    }

    /// Handles a message of another tab.
    pub fn handle_link(&mut self, now: Now, message: LinkMessage) {
        if self.must_check_term(now) {
            match message {
                // A higher term: another tab leads, so the check is over.
                LinkMessage::Heartbeat { term } | LinkMessage::RollCall { term } if term > self.term => {
                    self.term_read(now, Some(term));
                }
                message => return self.defer_input(DeferredInput::Link(message)),
            }
        }
        match &message {
            LinkMessage::Heartbeat { term } => self.on_leader(now, *term, false),
            LinkMessage::RollCall { term } => self.on_leader(now, *term, true),
            LinkMessage::Ask => self.election.asked(),
            // `lower_term_heartbeats`: a leader that waits for the store sends a lower term than the last one.
            LinkMessage::Leaving { term } if *term >= self.term || self.lower_term_heartbeats.is_some() => {
                self.election.left(now);
            }
            LinkMessage::Send { tab, .. } if self.leader.is_none() => {
                self.unattached_senders.insert(tab.clone());
            }
            LinkMessage::Detach { tab } => {
                self.unattached_senders.remove(tab);
            }
            LinkMessage::SignOut if self.leader.is_some() => self.sign_out(now, SignOut::SendFirst),
            LinkMessage::SignedOut => {
                self.signed_out();
                self.elect(now);
            }
            LinkMessage::Batch { term, attachment, from, batch }
                if *term >= self.term
                    && (*attachment == self.attachment.id
                        || mutant::active(Mutant::BatchesOfAnyAttachment))
                    && self.role() == Role::Follower =>
            {
                self.election.leader_seen(now);
                self.attachment.is_answered = true;
                self.sends.slept = false;
                self.credit_goes_to(from);
                let seen = self.page.view(batch.clone());
                self.on_deliveries(&seen.items);
                // The leader's own state, also where this page is shown that it has no connection.
                self.sign_in.note(&batch.items);
                self.deliver(seen);
            }
            _ => {}
        }
        if let Some(leader) = &mut self.leader
            && !leader.alone
        {
            leader.link(now, message);
        }
        self.finish_input(now);
    }

    /// Handles an event of the lock.
    pub fn handle_lock(&mut self, now: Now, event: &LockEvent) {
        self.election.lock(now, event);
        if *event == LockEvent::Lost {
            // The loss also ends a term check.
            self.finish_input(now);
            self.resume(now);
        }
        self.finish_input(now);
    }

    /// Handles an event of the engine's socket.
    pub fn handle_socket(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {
        if self.must_check_term(now) {
            return self.defer_input(DeferredInput::socket(generation, event));
        }
        if let Some(leader) = &mut self.leader {
            leader.engine.handle_socket(now, generation, event);
        }
        self.finish_input(now);
    }

    /// Handles an event of the store.
    pub fn handle_store(&mut self, now: Now, event: StoreEvent) {
        // Only if it was open: a newer build that wrote here once and no longer runs must not stop this tab.
        let outdated = match &event {
            StoreEvent::Closed(error) => *error == StoreError::NewerSchema,
            StoreEvent::OpenFailed(error) => *error == StoreError::NewerSchema && self.store.was_open,
            _ => false,
        };
        if outdated && mutant::active(Mutant::OldBuildGoesOn) {
            return;
        }
        // A closed store needs no term check: nothing can be written to it.
        if !outdated && self.must_check_term(now) {
            return self.defer_input(DeferredInput::Store(event));
        }
        match &event {
            StoreEvent::Opened(_) => {
                (self.store.error, self.store.was_open) = (None, true);
                if !mutant::active(Mutant::AloneWithTheStore) {
                    self.election.share(now);
                }
            }
            _ if outdated => {
                // A newer build upgraded the database: this tab stops and reports it.
                (self.outdated, self.page.connects, self.reported.role) = (true, false, None);
            }
            // Records were deleted from this tab; the leader counts them.
            StoreEvent::Unreadable(count) if self.leader.is_none() => {
                self.broadcast(LinkMessage::Unreadable { count: *count });
            }
            _ => {}
        }
        let taken_over = self.is_taken_over(&event);
        let alone = self.role() == Role::Solo;
        if !self.ended(&event)
            && let Some(leader) = &mut self.leader
            && leader.alone == alone
        {
            leader.store(now, event);
        }
        if taken_over {
            self.election.deposed(now);
        }
        self.elect(now);
        self.finish_input(now);
        if outdated {
            self.resume(now);
            self.finish_input(now);
        }
    }

    /// The answer to [`NodeOutput::QueryTabs`].
    pub fn handle_tabs(&mut self, now: Now, alive: &[TabId]) {
        if self.must_check_term(now) {
            return;
        }
        if let Some(leader) = &mut self.leader {
            leader.alive(now, alive);
        }
        self.finish_input(now);
    }

    /// Handles everything that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.must_check_term(now) {
            self.term_check_timed_out(now);
        } else {
            self.election.timeout(now);
            if let Some(leader) = &mut self.leader {
                leader.timeout(now);
            }
        }
        self.finish_input(now);
    }

    /// The next output to carry out. Drain it after every input.
    pub fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    /// Monotonic ms at which [`Node::handle_timeout`] must be called at the latest.
    pub fn poll_timeout(&self) -> Option<u64> {
        if let Some(term_check) = &self.term_check {
            // The election's ticks go on, so that another pause is detected.
            return self.election.next_timeout().into_iter().chain([term_check.until]).min();
        }
        let inner = self.leader.as_ref().and_then(Leader::next_timeout);
        self.election.next_timeout().into_iter().chain(inner).min()
    }

    /// Whether the store refuses what this leader writes, because another tab is its writer now.
    fn is_taken_over(&self, event: &StoreEvent) -> bool {
        let StoreEvent::Aborted { number, error: StoreError::TakenOver } = event else { return false };
        let group = self.leader.as_ref().and_then(|leader| leader.engine.outbox.group_under_way());
        group.is_some_and(|group| group.number == *number)
    }

    fn can_store(&self) -> bool {
        self.options.outbox.enabled && self.options.outbox.persist
    }

    /// Delivers a batch of this node itself to the page. Its number, 0, needs no credit.
    fn deliver_items(&mut self, items: Vec<Delivery>) {
        self.deliver(Batch { number: 0, items });
    }

    fn deliver_update(&mut self, id: &str, durability: Durability, delivery: DeliveryState) {
        self.deliver_items(vec![Delivery::Message(MessageUpdate {
            id: id.to_owned(),
            durability,
            delivery,
        })]);
    }

    fn deliver(&mut self, batch: Batch) {
        self.out.push_back(NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }));
    }

    /// Whether this tab leads or follows.
    fn takes_part(&self) -> bool {
        !self.page.away && !self.outdated && !self.session.is_over()
    }

    fn elect(&mut self, now: Now) {
        self.election.want(now, self.takes_part());
    }

    /// The next random number of this node.
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.seed ^ (self.seed >> 33)
    }
}

#[cfg(test)]
mod tests;
