//! The faults that last: which are on in this worker.

use std::cell::RefCell;

/// What is wrong now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Active {
    /// The socket is open and nothing passes until it ends.
    pub zombie: bool,
    /// Ms that each frame takes longer, and up to how many more by chance.
    pub slow: Option<(u32, u32)>,
    /// No confirmation arrives. At its end the connection breaks: one that is in order loses nothing.
    pub lose_acks: bool,
    /// Events, confirmations and commands pass twice.
    pub duplicate: bool,
    /// Frames with events arrive in pairs, the later one first.
    pub reorder: bool,
    /// No connection can be opened.
    pub blocked: bool,
    /// The browser says that there is no network.
    pub offline: bool,
    /// Nothing can be written to the disk.
    pub full_disk: bool,
    /// The wall clock is so many ms ahead.
    pub clock_ms: i64,
}

impl Active {
    /// Switches a fault by its name; `false`: there is none of this name.
    pub(super) fn switch(&mut self, name: &str, numbers: &[i64], is_on: bool) -> bool {
        let number = |at: usize, default: i64| numbers.get(at).copied().unwrap_or(default);
        let ms = |at, default| u32::try_from(number(at, default)).unwrap_or(0);
        match name {
            "zombie" => self.zombie = is_on,
            "slow" => self.slow = is_on.then(|| (ms(0, 1_000), ms(1, 0))),
            "lose-acks" => self.lose_acks = is_on,
            "duplicate" => self.duplicate = is_on,
            "reorder" => self.reorder = is_on,
            "blocked" => self.blocked = is_on,
            "offline" => self.offline = is_on,
            "full-disk" => self.full_disk = is_on,
            "clock" => self.clock_ms = if is_on { number(0, 3_600_000) } else { 0 },
            _ => return false,
        }
        true
    }
}

thread_local! {
    static ACTIVE: RefCell<Active> = RefCell::default();
}

/// Reads or changes them. Not from inside `act`.
pub(super) fn with<T>(act: impl FnOnce(&mut Active) -> T) -> T {
    ACTIVE.with_borrow_mut(act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_switched_by_name() {
        let mut active = Active::default();
        assert!(active.switch("slow", &[800, 200], true) && active.switch("clock", &[-1], true));
        assert_eq!((active.slow, active.clock_ms), (Some((800, 200)), -1));
        for name in [
            "zombie",
            "lose-acks",
            "duplicate",
            "reorder",
            "blocked",
            "offline",
            "full-disk",
            "slow",
            "clock",
        ] {
            assert!(active.switch(name, &[], true), "{name}");
            assert_ne!(active, Active::default());
            assert!(active.switch(name, &[], false), "{name}");
        }
        assert_eq!(active, Active::default());
        assert!(!active.switch("nothing", &[], true));
    }
}
