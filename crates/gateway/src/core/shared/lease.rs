//! Agents of a gateway that died go offline.
//!
//! Every gateway reports that it is alive ([`Notice::Alive`]) and whose connections it has ([`Notice::Users`]). When nothing
//! came from one for [`LEASE_MS`], each of the others proposes to set offline those of its users who are connected nowhere
//! else; the log takes the first proposal, and the others find the agent offline when they judge again. Such an event keeps
//! `lastSeen`. By that a gateway that was cut off and still has the connection knows it from the user's own command, and
//! proposes to take it back.

use super::super::types::Now;
use super::super::{Gateway, State};
use super::Notice;
use sentinelops_protocol::Payload;
use sentinelops_protocol::domain::{AgentStatus, Presence};
use std::collections::{BTreeMap, BTreeSet};

/// How often a gateway reports that it is alive.
const REPORT_MS: u64 = 5_000;
/// After so much silence a gateway counts as dead.
const LEASE_MS: u64 = 15_000;
/// How often a gateway reports its users. In between [`Notice::Session`] names those who connect.
const USERS_MS: u64 = 60_000;
/// Users of one notice: it has to stay below the 1 MiB that NATS takes.
const USERS_OF_NOTICE: usize = 2_000;

/// What is known of another gateway.
#[derive(Debug, Default)]
struct Lease {
    /// Without a sign of life until then it counts as dead.
    until: u64,
    users: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(super) struct Leases {
    /// When this gateway reports next.
    report_due: u64,
    /// When it reports its users next.
    users_due: u64,
    others: BTreeMap<String, Lease>,
    /// Agents that were set offline while their users are connected here: as they were, and as they are.
    to_restore: Vec<(AgentStatus, AgentStatus)>,
}

impl Leases {
    /// Another gateway has sent something. One that was not known is sent the users of this one soon.
    fn renew(&mut self, now: Now, gateway: &str) -> &mut Lease {
        if !self.others.contains_key(gateway) {
            self.users_due = 0;
        }
        let lease = self.others.entry(gateway.to_owned()).or_default();
        lease.until = now.mono + LEASE_MS;
        lease
    }

    /// After a time without notices nobody is blamed for it.
    fn renew_all(&mut self, now: Now) {
        for lease in self.others.values_mut() {
            lease.until = now.mono + LEASE_MS;
        }
        self.report_due = now.mono;
    }
}

impl Gateway {
    /// When [`Gateway::keep_leases`] has something to do.
    pub(in crate::core) fn leases_due(&self) -> Option<u64> {
        let leases = &self.shared.as_ref()?.leases;
        let ends = leases.others.values().map(|lease| lease.until).min();
        [Some(leases.report_due), ends].into_iter().flatten().min().filter(|_| self.unavailable.is_none())
    }

    /// Reports what is due, and sets the agents of dead gateways offline.
    pub(in crate::core) fn keep_leases(&mut self, now: Now) {
        if self.leases_due().is_none_or(|due| due > now.mono) {
            return;
        }
        self.report_alive(now);
        let Some(shared) = &mut self.shared else { return };
        let leases = &mut shared.leases;
        for (status, instead_of) in std::mem::take(&mut leases.to_restore) {
            self.enqueue_agent(now, status, instead_of);
        }
        let Some(shared) = &mut self.shared else { return };
        let leases = &mut shared.leases;
        let is_over = |lease: &Lease| lease.until <= now.mono;
        let dead: Vec<_> = leases.others.extract_if(.., |_, lease| is_over(lease)).collect();
        let users: BTreeSet<String> = dead.into_iter().flat_map(|(_, lease)| lease.users).collect();
        for user in users {
            let others = self.shared.iter().flat_map(|shared| shared.leases.others.values());
            if self.index.of_user(&user) > 0 || others.into_iter().any(|lease| lease.users.contains(&user)) {
                continue;
            }
            if let Some(agent) =
                self.state.agent(&user).filter(|agent| agent.status != Presence::Offline).cloned()
            {
                let offline = AgentStatus { status: Presence::Offline, ..agent.clone() };
                self.enqueue_agent(now, offline, agent);
            }
        }
    }

    fn report_alive(&mut self, now: Now) {
        let Some(shared) = &mut self.shared else { return };
        let leases = &mut shared.leases;
        if leases.report_due > now.mono {
            return;
        }
        // This gateway itself did nothing for a while: what the others sent meanwhile is still waiting to be read.
        let slept = leases.report_due > 0 && now.mono > leases.report_due + REPORT_MS;
        if slept {
            leases.renew_all(now);
        }
        leases.report_due = now.mono + REPORT_MS;
        let lists = leases.users_due <= now.mono;
        if lists {
            leases.users_due = now.mono + USERS_MS;
        }
        let Some(gateway) = self.store.writer().map(str::to_owned) else { return };
        self.store.tell(Notice::Alive { gateway: gateway.clone() });
        if lists {
            let users: Vec<_> = self.index.users().map(str::to_owned).collect();
            let parts = users.chunks(USERS_OF_NOTICE).map(<[_]>::to_vec);
            // An empty list replaces the one before, too.
            let parts = if users.is_empty() { vec![Vec::new()] } else { parts.collect() };
            for (part, users) in parts.into_iter().enumerate() {
                self.store.tell(Notice::Users { gateway: gateway.clone(), users, first: part == 0 });
            }
        }
    }

    /// Another gateway is alive; `users` are connected to it.
    pub(super) fn is_alive(&mut self, now: Now, gateway: &str, users: Vec<String>, replaces: bool) {
        let Some(shared) = self.shared.as_mut().filter(|_| !gateway.is_empty()) else { return };
        let lease = shared.leases.renew(now, gateway);
        if replaces {
            lease.users.clear();
        }
        lease.users.extend(users);
    }

    /// The log can be written to again, or not.
    pub(super) fn leases_begin_again(&mut self, now: Now) {
        if let Some(shared) = &mut self.shared {
            shared.leases.renew_all(now);
        }
    }

    /// Before `payload` of a record is applied.
    pub(super) fn look_for_lost_agent(&mut self, payload: &Payload) {
        let Payload::Agent(after) = payload else { return };
        let Some(before) = of_lease(&self.state, after) else { return };
        let is_here = self.index.of_user(&after.agent_id) > 0;
        if let Some(shared) = self.shared.as_mut().filter(|_| is_here) {
            shared.leases.to_restore.push((before, after.clone()));
            shared.leases.report_due = 0;
        }
    }
}

/// The status before, when `after` is what a gateway makes of it for an agent of a dead one.
fn of_lease(state: &State, after: &AgentStatus) -> Option<AgentStatus> {
    let before = state.agent(&after.agent_id)?;
    let is_of_lease = before.status != Presence::Offline
        && *after == (AgentStatus { status: Presence::Offline, ..before.clone() });
    is_of_lease.then(|| before.clone())
}
