//! A store of a gateway on a log that a test plays: what the gateway would publish lies here until the test takes it.

use sentinelops_gateway::{Notice, Proposal, Record, Store};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a gateway published and nobody took, the oldest first.
#[derive(Debug, Default)]
pub struct Published {
    pub proposals: VecDeque<Proposal>,
    pub notices: VecDeque<Notice>,
}

/// The test's end of a [`LogPort`].
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<Published>>);

impl Outbox {
    pub fn lock(&self) -> MutexGuard<'_, Published> {
        self.0.lock().expect("one thread")
    }
}

#[derive(Debug)]
pub struct LogPort {
    pub name: String,
    pub outbox: Outbox,
}

impl Store for LogPort {
    fn append(&mut self, _: Record) -> u64 {
        unreachable!("a log gives no seq")
    }

    fn committed(&self) -> u64 {
        u64::MAX
    }

    fn writer(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn propose(&mut self, proposal: Proposal) {
        self.outbox.lock().proposals.push_back(proposal);
    }

    fn tell(&mut self, notice: Notice) {
        self.outbox.lock().notices.push_back(notice);
    }
}
