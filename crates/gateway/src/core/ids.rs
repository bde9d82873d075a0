//! Accepted ids: what makes a message that arrives twice take effect once.

use super::record::Accepted;
use super::types::Now;
use sentinelops_protocol::Command;
use std::collections::{HashMap, VecDeque};

/// What an id stands for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Never accepted.
    New,
    /// Accepted with this very content.
    Same,
    /// Accepted with other content.
    Other,
}

#[derive(Debug, Default)]
pub(super) struct Ids {
    /// user -> id -> hash
    by_user: HashMap<String, HashMap<String, u64>>,
    /// Oldest first: monotonic time of acceptance, and the entry.
    order: VecDeque<(u64, Accepted)>,
}

impl Ids {
    pub(super) fn known(&self, user: &str, id: &str, hash: u64) -> Known {
        match self.by_user.get(user).and_then(|ids| ids.get(id)) {
            None => Known::New,
            Some(found) if *found == hash => Known::Same,
            Some(_) => Known::Other,
        }
    }

    /// How many ids of a user are remembered.
    pub(super) fn count(&self, user: &str) -> usize {
        self.by_user.get(user).map_or(0, HashMap::len)
    }

    pub(super) fn insert(&mut self, at_mono: u64, accepted: Accepted) {
        let ids = self.by_user.entry(accepted.user.clone()).or_default();
        ids.insert(accepted.id.clone(), accepted.hash);
        self.order.push_back((at_mono, accepted));
    }

    /// Takes back what was remembered before a restart. Ages are counted on the wall clock there,
    /// on the monotonic clock from here on; an entry from the future counts as fresh.
    pub(super) fn restore(&mut self, accepted: Vec<Accepted>, now: Now, max_age: u64) {
        for entry in accepted {
            let age = now.wall.saturating_sub(entry.at);
            if age <= max_age {
                // The clock of this process may have started later than the entry: then it lives a
                // little longer, never shorter.
                self.insert(now.mono.saturating_sub(age), entry);
            }
        }
    }

    pub(super) fn forget_older(&mut self, now: u64, max_age: u64) {
        while let Some((at, _)) = self.order.front() {
            if now.saturating_sub(*at) <= max_age {
                return;
            }
            if let Some((_, entry)) = self.order.pop_front()
                && let Some(ids) = self.by_user.get_mut(&entry.user)
            {
                ids.remove(&entry.id);
                if ids.is_empty() {
                    self.by_user.remove(&entry.user);
                }
            }
        }
    }

    pub(super) fn list(&self) -> Vec<Accepted> {
        self.order.iter().map(|(_, entry)| entry.clone()).collect()
    }
}

/// FNV-1a over type, channel and payload. Written out because it is kept in journals: the standard
/// hasher may differ between releases. A collision harms only the user who made it.
pub(super) fn hash(command: &Command) -> u64 {
    let parts =
        [command.kind.as_bytes(), command.channel.as_str().as_bytes(), command.payload.as_str().as_bytes()];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().copied().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
