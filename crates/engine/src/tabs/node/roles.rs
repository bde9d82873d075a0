//! Changes of role and their consequences.

use super::Node;
use super::follower::Attachment;
use crate::mutant::{self, Mutant};
use crate::tabs::LOCAL;
use crate::tabs::election::{ElectionAction, Role, SILENCE_MS};
use crate::tabs::leader::Leader;
use crate::tabs::link::{LinkMessage, LinkTarget};
use crate::tabs::types::{LockRequest, NodeOutput};
use crate::{
    Cause, ConnectionState, Delivery, Now, Output, Status, StorageState, StoreError, StoreEvent, StoreGroup,
};

/// How long (ms) a superseded leader waits for the newer leader to show itself.
const SUPERSEDED_GRACE_MS: u64 = 5_000;

/// Heartbeats of a lower term, without one of the known term, that make a follower accept it (within [`SILENCE_MS`]).
const LOWER_TERM_HEARTBEATS: u32 = 4;

/// Shown to the user: why nothing is saved without locks.
const NO_LOCKS: &str = "this browser lets tabs take no locks: they would overwrite each other";

impl Node {
    /// Ends every input: applies the role, collects the engine's outputs, reports what changed.
    pub(super) fn finish_input(&mut self, now: Now) {
        self.election.need(self.page.visible || self.sends.wait() || self.is_closing());
        self.close_when_due(now);
        self.share_or_not();
        self.resolve_superseded(now);
        self.pass_the_lock(now);
        self.give_way(now);
        let owns = matches!(self.role(), Role::Leader | Role::Solo) && self.takes_part();
        let alone = self.role() == Role::Solo;
        if self.leader.as_ref().is_some_and(|leader| !owns || leader.alone != alone) {
            self.step_down(now);
        }
        self.broadcast_end();
        if owns && self.leader.is_none() {
            self.take_over(now, alone);
        }
        self.hand_over(now);
        self.ask_to_sign_out();
        self.drain(now);
        self.update_leave_notice();
        self.actions();
        if self.reported.role != Some(self.role()) {
            self.reported.role = Some(self.role());
            self.out.push_back(NodeOutput::Role(self.role()));
            if self.leader.is_none() {
                self.show_waiting();
                if self.role() == Role::Idle {
                    self.sends.new_leader();
                    self.hand_over(now);
                }
                if self.role() == Role::Follower && self.term > 0 {
                    // With term 0 the answer to `Ask` brings the term first.
                    self.sends.new_leader();
                    self.announce(true);
                    self.hand_over(now);
                }
            }
        }
        self.report_end();
    }

    /// The leader that this tab is for the others.
    pub(super) fn shared_leader(&self) -> Option<&Leader> {
        self.leader.as_ref().filter(|leader| !leader.alone)
    }

    /// Gives the page the notice it sends when it goes away.
    fn update_leave_notice(&mut self) {
        let term = self.shared_leader().map(|_| self.term);
        if self.reported.leave_notice != term {
            self.reported.leave_notice = term;
            self.out.push_back(NodeOutput::LeaveNotice(term.map(|term| LinkMessage::Leaving { term })));
        }
    }

    /// Without a store to share this tab connects alone. A store that exists and does not answer is shared all the same: it
    /// is silent for every tab. One that another tab writes now is no reason either: this tab follows it.
    fn share_or_not(&mut self) {
        if !matches!(self.role(), Role::Follower | Role::Leader) || self.outdated {
            return;
        }
        let leads = self.shared_leader().filter(|leader| leader.engine.outbox.store_is_away());
        if let Some(StorageState::MemoryOnly(error)) =
            leads.map(|leader| leader.engine.status().storage.clone())
            && error != StoreError::TakenOver
            && (error != StoreError::Silent || mutant::active(Mutant::AloneWhenSilent))
        {
            self.store.error = Some(error);
            self.election.go_solo();
        }
    }

    /// A leader whose page wants no connection leaves the lock to a tab that wants one.
    fn give_way(&mut self, now: Now) {
        let may = !self.page.connects && self.term_check.is_none();
        let leader = self.shared_leader().filter(|_| may && !mutant::active(Mutant::GiveWayToNobody));
        if leader.is_some_and(Leader::others_connect) {
            self.election.deposed(now);
        }
    }

    /// The server treats another connection as newer than this leader's. If such a tab exists, the lock is lost or its
    /// heartbeat arrives soon. Otherwise terms have gone back (the data was deleted) or the other connection is dead:
    /// this tab queues for the lock again, with a higher term.
    fn resolve_superseded(&mut self, now: Now) {
        let checks = self.term_check.is_some();
        let Some(leader) = self.leader.as_mut().filter(|leader| !leader.alone) else { return };
        match leader.superseded_until {
            _ if checks || !leader.engine.is_superseded() => leader.superseded_until = None,
            None => leader.superseded_until = Some(now.mono.saturating_add(SUPERSEDED_GRACE_MS)),
            Some(until) if now.mono >= until => {
                leader.superseded_until = None;
                self.election.deposed(now);
            }
            Some(_) => {}
        }
    }

    /// A message of a leader arrived. `new`: a roll call.
    pub(super) fn on_leader(&mut self, now: Now, term: u64, new: bool) {
        if self.leader.as_ref().is_some_and(|leader| leader.alone) {
            return;
        }
        // Its sender is alive, whatever the term.
        self.election.leader_seen(now);
        let forgotten = self.is_own_term_lost(now, term);
        let news = term > self.term || forgotten;
        if news || new {
            self.election.succeeded(now);
        }
        if term < self.term && !forgotten || !(news || new) {
            return;
        }
        self.term = term;
        if news {
            self.unattached_senders.clear();
            self.handover.others_led();
        }
        if news && self.leader.is_some() {
            self.election.deposed(now);
        } else if self.role() == Role::Follower && !mutant::active(Mutant::IgnoreRollCall) {
            self.sends.new_leader();
            self.announce(true);
        }
    }

    /// Whether the known term is no longer valid: a leader ended before it could store it, and the next one sends a lower
    /// one. A leader whose lock was stolen while it slept also sends a lower one, but only for a moment.
    fn is_own_term_lost(&mut self, now: Now, term: u64) -> bool {
        if term >= self.term || self.leader.is_some() {
            self.lower_term_heartbeats = None;
            return false;
        }
        let (since, beats) = self.lower_term_heartbeats.get_or_insert((now.mono, 0));
        *beats += 1;
        let forgotten = *beats >= LOWER_TERM_HEARTBEATS && now.mono.saturating_sub(*since) >= SILENCE_MS;
        self.lower_term_heartbeats.take_if(|_| forgotten);
        forgotten
    }

    fn actions(&mut self) {
        while let Some(action) = self.election.poll() {
            match action {
                ElectionAction::Request => self.out.push_back(NodeOutput::Lock(LockRequest::Request)),
                ElectionAction::Steal => self.out.push_back(NodeOutput::Lock(LockRequest::Steal)),
                ElectionAction::Release => self.out.push_back(NodeOutput::Lock(LockRequest::Release)),
                ElectionAction::Ask => self.broadcast(LinkMessage::Ask),
                ElectionAction::Recall => self.recall(),
                ElectionAction::Heartbeat if self.term_check.is_none() => {
                    self.broadcast(LinkMessage::Heartbeat { term: self.term })
                }
                ElectionAction::Heartbeat => {}
            }
        }
    }

    fn take_over(&mut self, now: Now, alone: bool) {
        let seed = self.random();
        let mut options = self.options.clone();
        if alone {
            // Another tab may lead with a term unknown here; under one session the server would close one connection.
            options.session = format!("{}/{}", options.session, self.options.tab);
        }
        let mut leader =
            Leader::new(options, seed, now, self.options.tab.clone(), &self.handover, self.term, alone);
        leader.missing_of(std::mem::take(&mut self.unattached_senders));
        // A tab alone opens the store again.
        let had_store = self.store.was_open && !alone;
        leader.share(now, had_store, self.sends.store_may_be_silent(), self.sends.saved_in_order());
        if self.page.connects {
            // Not before: where nothing is stored, it dials at once.
            leader.engine.connect(now);
        }
        leader.local(now, &self.page.interest());
        if !mutant::active(Mutant::NoInquiry) {
            leader.engine.inquire(now, LOCAL, self.sends.in_doubt());
        }
        if let Some(token) = self.sign_in.take() {
            leader.engine.handle_token(now, token);
        }
        let stored_nothing = !self.store.was_open && self.sends.in_doubt().is_empty();
        if let Some(error) = self.store.error.clone().filter(|_| alone && stored_nothing) {
            // The store is known to fail, so it is not waited for. Where messages of this tab may lie in it, it is,
            // because those go first.
            leader.store(now, StoreEvent::OpenFailed(error));
        }
        self.pending_commands.carry_out(now, &mut leader);
        self.sends.new_engine();
        self.leader = Some(leader);
    }

    /// Drops the engine. Everything it decided is stored, unless another tab is the writer of the store by now: then it is
    /// refused as a whole, and the rows belong to that tab.
    fn step_down(&mut self, now: Now) {
        let Some(mut leader) = self.leader.take() else { return };
        self.handover = leader.engine.handover();
        let mut under_way = leader.engine.outbox.group_under_way().cloned();
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
        // Includes what was decided in this input.
        groups.extend(leader.engine.outbox.last_group().or(decided));
        let endings: Vec<_> = groups.iter().map(|g| (g.number, leader.engine.outbox.endings_in(g))).collect();
        let to_write = groups.into_iter().skip(written);
        self.out.extend(to_write.map(|group| NodeOutput::Engine(Output::Store(group))));
        for message in leader.pending_reports() {
            match message {
                NodeOutput::Engine(Output::Deliver { batch, .. }) => {
                    self.on_deliveries(&batch.items);
                    self.deliver(batch);
                }
                other => self.out.push_back(other),
            }
        }
        self.sends.engine_gone(mutant::active(Mutant::ForgetAtDeposition));
        for (number, updates) in endings {
            self.sends.ends_with(number, updates);
        }
    }

    fn drain(&mut self, now: Now) {
        if self.term_check.is_some() {
            return;
        }
        let Some(mut leader) = self.leader.take() else { return };
        if let Some(term) = leader.take_announcement()
            && !leader.alone
        {
            self.term = self.term.max(term);
            self.broadcast(LinkMessage::RollCall { term });
        }
        while let Some(output) = leader.poll() {
            match output {
                NodeOutput::Engine(Output::Deliver { consumer: LOCAL, batch }) => {
                    self.on_deliveries(&batch.items);
                    self.deliver(batch);
                }
                NodeOutput::Engine(Output::OpenStore) if self.election.no_locks() => {
                    let error = StoreError::Unavailable(NO_LOCKS.to_owned());
                    leader.store(now, StoreEvent::OpenFailed(error));
                }
                // A tab alone must not become the writer of a store that others may share.
                NodeOutput::Engine(Output::OpenStore) if leader.alone => {
                    self.out.push_back(NodeOutput::ProbeStore);
                }
                other => self.out.push_back(other),
            }
        }
        self.leader = Some(leader);
    }

    /// Sends the leader what this page watches. `fresh`: as a new attachment.
    pub(super) fn announce(&mut self, fresh: bool) {
        if self.role() != Role::Follower {
            return;
        }
        if fresh {
            self.attachment = Attachment { id: self.random(), ..Attachment::default() };
        }
        let (tab, attachment) = (self.options.tab.clone(), self.attachment.id);
        let interest = self.page.interest_elsewhere();
        self.broadcast(LinkMessage::Attach { tab: tab.clone(), attachment, interest });
        if !fresh {
            return;
        }
        let about = self.sends.in_doubt();
        if !about.is_empty() && !mutant::active(Mutant::NoInquiry) {
            self.broadcast(LinkMessage::Inquire { tab: tab.clone(), about });
        }
        for message in self.pending_commands.messages(&tab) {
            self.broadcast(message);
        }
    }

    /// A tab that slept may have been taken for dead, where its lock is a lease. A leader that does not know it calls it
    /// when it inquires.
    fn recall(&mut self) {
        self.sends.slept = true;
        let about = self.sends.in_doubt();
        self.broadcast(LinkMessage::Inquire { tab: self.options.tab.clone(), about });
    }

    pub(super) fn broadcast(&mut self, message: LinkMessage) {
        self.out.push_back(NodeOutput::Link(LinkTarget::All, message));
    }

    /// Shows the page the status of a tab without an engine, until a leader sends one.
    pub(super) fn show_waiting(&mut self) {
        if self.leader.is_none() {
            self.deliver_items(vec![Delivery::Status(Box::new(self.waiting_status()))]);
        }
    }

    fn waiting_status(&self) -> Status {
        let (state, cause) = match self.role() {
            _ if self.outdated => (ConnectionState::Error, Cause::Outdated),
            Role::Follower if self.page.connects => (ConnectionState::Connecting, Cause::None),
            _ => (ConnectionState::Disconnected, Cause::NotAsked),
        };
        let storage = match self.can_store() {
            _ if self.outdated => StorageState::MemoryOnly(StoreError::NewerSchema),
            true => StorageState::Opening,
            false => StorageState::Off,
        };
        Status { state, cause, storage, ..Status::default() }
    }
}
