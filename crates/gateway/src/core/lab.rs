//! A fault for tests.

use super::Gateway;

impl Gateway {
    /// Forgets which commands took effect, so that one that is sent again takes effect again.
    pub fn forget_ids(&mut self) {
        self.ids.forget_older(u64::MAX, 0);
    }
}
