//! What follows from a change of role.

use super::election::{Ballot, Role, SILENCE_MS};
use super::leader::Leader;
use super::link::{LinkMessage, LinkTarget};
use super::node::{LOCAL, Node};
use super::types::{LockRequest, NodeOutput};
use crate::mutant::{self, Mutant};
use crate::{
    Cause, ConnectionState, Delivery, Now, Output, Status, StorageState, StoreError, StoreEvent, StoreGroup,
};

/// Another connection that counts as newer may be right for so long, ms.
const RIVAL_MS: u64 = 5_000;

/// So many beats of a lower term, and none of our own meanwhile, over [`SILENCE_MS`].
const LESSER_BEATS: u32 = 4;

/// Why nothing is saved without locks.
const NO_LOCKS: &str = "this browser lets tabs take no locks: they would overwrite each other";

impl Node {
    /// After every input: make the role true, carry the engine's outputs out, say what changed.
    pub(super) fn settle(&mut self, now: Now) {
        self.election.need(self.visible || self.sends.wait() || self.is_closing());
        self.close_when_due(now);
        self.share_or_not(now);
        self.outlive_rival(now);
        self.pass_the_lock(now);
        let owns = matches!(self.role(), Role::Leader | Role::Solo) && self.wanted && !self.away;
        let alone = self.role() == Role::Solo;
        if self.leader.is_some() && (!owns || self.alone != alone) {
            self.step_down(now);
        }
        self.tell_of_end();
        if owns && self.leader.is_none() {
            self.alone = alone;
            self.take_over(now);
        }
        self.hand_over(now);
        self.ask_to_sign_out();
        self.drain(now);
        self.take_leave();
        self.ballots();
        if self.shown != Some(self.role()) {
            self.shown = Some(self.role());
            self.out.push_back(NodeOutput::Role(self.role()));
            if self.leader.is_none() {
                self.show_waiting();
                if self.role() == Role::Idle {
                    self.sends.nobody_leads();
                    self.hand_over(now);
                    self.look_at_stored();
                }
                if self.role() == Role::Follower && self.term > 0 {
                    // Else the answer to our question brings the term first.
                    self.sends.new_leader();
                    self.announce(true);
                    self.hand_over(now);
                }
            }
        }
        self.out.extend(self.ended.take());
    }

    /// What the page says when it goes away is known beforehand.
    fn take_leave(&mut self) {
        let term = (self.leader.is_some() && !self.alone).then_some(self.term);
        if self.leave_notice != term {
            self.leave_notice = term;
            self.out.push_back(NodeOutput::LeaveNotice(term.map(|term| LinkMessage::Leaving { term })));
        }
    }

    /// Without a store to share this tab neither leads nor follows. One that is there and does not answer is
    /// shared all the same: it is silent for everybody.
    fn share_or_not(&mut self, now: Now) {
        if !matches!(self.role(), Role::Follower | Role::Leader) || self.outdated {
            return;
        }
        let leads = self.leader.as_ref().filter(|leader| !self.alone && leader.engine.store_is_away());
        if let Some(StorageState::MemoryOnly(error)) =
            leads.map(|leader| leader.engine.status().storage.clone())
            && (error != StoreError::Silent || mutant::active(Mutant::AloneWhenSilent))
        {
            self.store_works = Some(false);
            self.store_refuses(now, error);
        }
        if self.store_works == Some(false) {
            self.election.go_solo();
        }
    }

    /// The server takes a connection for newer than this leader's. If there is such a tab, the lock is
    /// lost or its beat is heard soon; else terms have gone back (the data was deleted) or the other
    /// connection is a dead one: stand in line again, with a higher term.
    fn outlive_rival(&mut self, now: Now) {
        let leader = self.leader.as_ref().filter(|_| !self.alone && self.suspense.is_none());
        let superseded = leader.is_some_and(|leader| leader.engine.is_superseded());
        match self.rival_until {
            _ if !superseded => self.rival_until = None,
            None => self.rival_until = Some(now.mono.saturating_add(RIVAL_MS)),
            Some(until) if now.mono >= until => {
                self.rival_until = None;
                self.election.deposed(now);
            }
            Some(_) => {}
        }
    }

    /// A leader was heard; `new`: it asks who is there.
    pub(super) fn heard_leader(&mut self, now: Now, term: u64, new: bool) {
        if self.alone && self.leader.is_some() {
            return;
        }
        // Who beats is alive, whatever it leads.
        self.election.heard(now);
        let forgotten = self.is_forgotten(now, term);
        let news = term > self.term || forgotten;
        if news || new {
            self.election.succeeded(now);
        }
        if term < self.term && !forgotten || !(news || new) {
            return;
        }
        self.term = term;
        if news {
            self.overheard.clear();
            self.legacy.others_led();
        }
        if news && self.leader.is_some() {
            self.election.deposed(now);
        } else if self.role() == Role::Follower && !mutant::active(Mutant::IgnoreRollCall) {
            self.sends.new_leader();
            self.announce(true);
        }
    }

    /// Whether our own term counts no more: a leader could not store it and is gone, and the next one, which had
    /// not heard of it, beats with a lower one. So does for a moment a leader that was robbed while it slept.
    fn is_forgotten(&mut self, now: Now, term: u64) -> bool {
        if term >= self.term || self.leader.is_some() {
            self.lesser = None;
            return false;
        }
        let (since, beats) = self.lesser.get_or_insert((now.mono, 0));
        *beats += 1;
        let forgotten = *beats >= LESSER_BEATS && now.mono.saturating_sub(*since) >= SILENCE_MS;
        self.lesser.take_if(|_| forgotten);
        forgotten
    }

    fn ballots(&mut self) {
        while let Some(ballot) = self.election.poll() {
            match ballot {
                Ballot::Request => self.out.push_back(NodeOutput::Lock(LockRequest::Request)),
                Ballot::Steal => self.out.push_back(NodeOutput::Lock(LockRequest::Steal)),
                Ballot::Release => self.out.push_back(NodeOutput::Lock(LockRequest::Release)),
                Ballot::Ask => self.say(LinkMessage::Ask),
                Ballot::Recall => self.recall(),
                Ballot::Beat if self.suspense.is_none() => self.say(LinkMessage::Beat { term: self.term }),
                Ballot::Beat => {}
            }
        }
    }

    fn take_over(&mut self, now: Now) {
        let seed = self.random();
        let mut options = self.options.clone();
        if self.alone {
            // Beside it another may lead, of whose term it knows nothing: the server would close one of them.
            options.session = format!("{}/{}", options.session, self.tab);
        }
        let mut leader =
            Leader::new(options, seed, now, self.tab.clone(), &self.legacy, (self.sockets, self.term));
        leader.missing_of(std::mem::take(&mut self.overheard));
        // A tab alone opens it anew.
        let had_store = self.had_store && !self.alone;
        leader.share(now, had_store, self.sends.perhaps_silent(), self.sends.vouched());
        leader.connect(now);
        leader.local(now, &self.interest());
        if !mutant::active(Mutant::NoInquiry) {
            leader.inquire(now, LOCAL, self.sends.followed());
        }
        if let Some(token) = self.sign_in.take() {
            leader.engine.handle_token(now, token);
        }
        let stored_nothing = !self.had_store && self.sends.followed().is_empty();
        if let Some(error) = self.sends.appends.refused.clone()
            && self.store_works == Some(false)
            && stored_nothing
        {
            // The browser has answered already; it answers once more when the store opens. Where messages of
            // this tab may lie in it, those go first: it is waited for.
            leader.store(now, StoreEvent::OpenFailed(error));
        }
        self.orders.carry_out(now, &mut leader);
        self.sends.new_engine();
        self.leader = Some(leader);
    }

    /// The engine goes. While the lock is still ours everything it decided is stored; afterwards the
    /// rows are another's, and what was not stored is found out anew.
    fn step_down(&mut self, now: Now) {
        let Some(mut leader) = self.leader.take() else { return };
        let certain = self.suspense.is_none() && now.mono >= self.unsure_until;
        let ours = self.role() == Role::Idle && !self.alone && certain
            || mutant::active(Mutant::DeposedLeaderWrites);
        self.sockets = leader.engine.sockets();
        self.legacy = leader.engine.legacy();
        let mut under_way = leader.engine.group_under_way().cloned();
        let mut decided = None;
        leader.engine.disconnect(now);
        while let Some(output) = leader.engine.poll_output() {
            match output {
                Output::Abandon { .. } | Output::Trace(_) => self.out.push_back(NodeOutput::Engine(output)),
                Output::Store(group) => {
                    under_way.take_if(|known| known.number == group.number);
                    decided = Some(group);
                }
                _ => {}
            }
        }
        let written = usize::from(under_way.is_some());
        let mut groups: Vec<StoreGroup> = under_way.into_iter().collect();
        if ours {
            // With what was decided in this very input.
            groups.extend(leader.engine.last_group().or(decided));
        }
        let endings: Vec<_> = groups.iter().map(|g| (g.number, leader.engine.endings_in(g))).collect();
        let to_write = groups.into_iter().skip(written);
        self.out.extend(to_write.map(|group| NodeOutput::Engine(Output::Store(group))));
        for message in leader.last_news() {
            match message {
                NodeOutput::Engine(Output::Deliver { batch, .. }) => {
                    self.hear(&batch.items);
                    self.deliver(batch);
                }
                other => self.out.push_back(other),
            }
        }
        self.sends.engine_gone(mutant::active(Mutant::ForgetAtDeposition));
        for (number, updates) in endings {
            self.sends.ends_with(number, updates, ours);
        }
    }

    fn drain(&mut self, now: Now) {
        if self.suspense.is_some() {
            return;
        }
        let Some(mut leader) = self.leader.take() else { return };
        if let Some(term) = leader.take_news()
            && !self.alone
        {
            self.term = self.term.max(term);
            self.say(LinkMessage::RollCall { term });
        }
        while let Some(output) = leader.poll() {
            match output {
                NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }) => {
                    self.hear(&batch.items);
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

    /// Says to the leader what this page looks at; `fresh`: it has nothing of it yet.
    pub(super) fn announce(&mut self, fresh: bool) {
        if self.role() != Role::Follower {
            return;
        }
        if fresh {
            self.turn = self.random();
            self.credits_to = None;
            self.asked_to_close = false;
        }
        let (tab, turn) = (self.tab.clone(), self.turn);
        let interest = self.interest();
        self.say(LinkMessage::Attach { tab: tab.clone(), turn, interest });
        if !fresh {
            return;
        }
        let about = self.sends.followed();
        if !about.is_empty() && !mutant::active(Mutant::NoInquiry) {
            self.say(LinkMessage::Inquire { tab: tab.clone(), about });
        }
        for order in self.orders.say_again(&tab) {
            self.say(order);
        }
    }

    /// A tab that slept may have been taken for dead, where its lock is a lease: who does not know the
    /// tab that asks calls it.
    fn recall(&mut self) {
        self.sends.slept = true;
        let about = self.sends.followed();
        self.say(LinkMessage::Inquire { tab: self.tab.clone(), about });
    }

    pub(super) fn say(&mut self, message: LinkMessage) {
        self.out.push_back(NodeOutput::Link(LinkTarget::All, message));
    }

    /// What a tab without an engine shows until a leader says more.
    pub(super) fn show_waiting(&mut self) {
        if self.leader.is_none() {
            self.tell(vec![Delivery::Status(Box::new(self.waiting_status()))]);
        }
    }

    fn waiting_status(&self) -> Status {
        let (state, cause) = match self.role() {
            _ if self.outdated => (ConnectionState::Error, Cause::Outdated),
            Role::Follower => (ConnectionState::Connecting, Cause::None),
            _ => (ConnectionState::Disconnected, Cause::NotAsked),
        };
        let storage = match (&self.sends.appends.refused, self.store_works) {
            _ if self.outdated => StorageState::MemoryOnly(StoreError::NewerSchema),
            _ if !self.can_store() => StorageState::Off,
            (Some(error), _) => StorageState::MemoryOnly(error.clone()),
            (None, Some(true)) => StorageState::Durable,
            (None, _) => StorageState::Opening,
        };
        let queued = if self.role() == Role::Idle { self.stored } else { [0; 4] };
        Status { state, cause, queued, storage, ..Status::default() }
    }
}
