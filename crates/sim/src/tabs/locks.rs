//! A Web Lock as the browser keeps it, and each worker's shell round it.

use sentinelops_engine::tabs::LockEvent;
use std::collections::VecDeque;

/// Which worker asked, and the number of its turn: what belongs to an earlier turn is not reported.
pub type Turn = (u32, u64);

/// One named lock.
#[derive(Debug, Default)]
pub struct Lock {
    holder: Option<Turn>,
    queue: VecDeque<Turn>,
    turns: u64,
    /// What is on its way to whom.
    pub soon: Vec<(Turn, LockEvent)>,
}

impl Lock {
    /// A worker queues for it, giving up what it had or waited for.
    pub fn request(&mut self, worker: u32) -> Turn {
        self.release(worker);
        self.turns += 1;
        let turn = (worker, self.turns);
        self.queue.push_back(turn);
        self.grant();
        turn
    }

    /// A worker takes it from who has it.
    pub fn steal(&mut self, worker: u32) -> Turn {
        self.release(worker);
        self.turns += 1;
        let turn = (worker, self.turns);
        if let Some(robbed) = self.holder.replace(turn) {
            self.soon.push((robbed, LockEvent::Lost));
        }
        self.soon.push((turn, LockEvent::Granted));
        turn
    }

    /// A worker gives it back or leaves the queue; also when it dies.
    pub fn release(&mut self, worker: u32) {
        self.queue.retain(|turn| turn.0 != worker);
        if self.holder.is_some_and(|turn| turn.0 == worker) {
            self.holder = None;
            self.grant();
        }
    }

    /// A holder did not renew it: the next in line has it, and the holder receives that when it runs again.
    pub fn expire(&mut self, worker: u32) {
        if self.queue.is_empty() {
            return;
        }
        if let Some(lost) = self.holder.take_if(|turn| turn.0 == worker) {
            self.soon.push((lost, LockEvent::Lost));
            self.grant();
        }
    }

    /// Who has it.
    pub fn holder(&self) -> Option<u32> {
        self.holder.map(|turn| turn.0)
    }

    /// Whether this turn still counts.
    pub fn holds(&self, turn: Turn) -> bool {
        self.holder == Some(turn)
    }

    fn grant(&mut self) {
        if self.holder.is_none()
            && let Some(turn) = self.queue.pop_front()
        {
            self.holder = Some(turn);
            self.soon.push((turn, LockEvent::Granted));
        }
    }
}
