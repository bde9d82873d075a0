//! Basic or v1: how the first answers of a server tell, and what is pinned.

use crate::mutant::{self, Mutant};
use crate::{Mode, ModeOption};

/// What a fresh socket showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The handshake succeeded.
    Opened,
    /// `welcome`.
    Welcome,
    /// A pong, or an event: a v1 server says neither before `welcome`.
    Ordinary,
    /// A system message only v1 servers say (an `error` ahead of a close): it proves no basic server.
    SystemTalk,
    /// Nothing for the connect timeout.
    Silence,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Not known yet.
    Wait,
    /// Known.
    Is(Mode),
    /// The attempt failed: this URL must welcome.
    NoWelcome,
}

/// Whether this URL must welcome. `welcomed`: it did once.
pub(crate) fn pinned(option: ModeOption, welcomed: bool) -> bool {
    match option {
        ModeOption::Full => true,
        ModeOption::Auto => welcomed && !mutant::active(Mutant::DowngradePinnedUrl),
        ModeOption::Basic | ModeOption::Raw => false,
    }
}

/// Decides while the mode is unknown, and on a `welcome` that comes later.
pub(crate) fn decide(option: ModeOption, welcomed: bool, sign: Sign) -> Decision {
    let pinned = pinned(option, welcomed);
    match (option, sign) {
        (ModeOption::Auto, Sign::Opened) if !pinned && mutant::active(Mutant::SendUnknown) => {
            Decision::Is(Mode::Basic)
        }
        (ModeOption::Basic | ModeOption::Raw, Sign::Opened) => Decision::Is(Mode::Basic),
        (ModeOption::Basic | ModeOption::Raw, _) | (_, Sign::Opened | Sign::SystemTalk) => Decision::Wait,
        (_, Sign::Welcome) => Decision::Is(Mode::V1),
        (_, Sign::Ordinary) if pinned => Decision::Wait,
        (_, Sign::Silence) if pinned => Decision::NoWelcome,
        (_, Sign::Ordinary | Sign::Silence) => Decision::Is(Mode::Basic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_finds_out() {
        let auto = |sign| decide(ModeOption::Auto, false, sign);
        assert_eq!(auto(Sign::Opened), Decision::Wait);
        assert_eq!(auto(Sign::Welcome), Decision::Is(Mode::V1));
        assert_eq!(auto(Sign::Ordinary), Decision::Is(Mode::Basic));
        assert_eq!(auto(Sign::Silence), Decision::Is(Mode::Basic));
        assert_eq!(auto(Sign::SystemTalk), Decision::Wait);
    }

    #[test]
    fn a_welcomed_url_is_never_basic_again() {
        for (option, welcomed) in
            [(ModeOption::Auto, true), (ModeOption::Full, false), (ModeOption::Full, true)]
        {
            for sign in [Sign::Opened, Sign::Welcome, Sign::Ordinary, Sign::SystemTalk, Sign::Silence] {
                assert_ne!(decide(option, welcomed, sign), Decision::Is(Mode::Basic));
            }
            assert_eq!(decide(option, welcomed, Sign::Silence), Decision::NoWelcome);
        }
    }

    #[test]
    fn basic_is_basic_at_once_and_for_good() {
        assert_eq!(decide(ModeOption::Basic, true, Sign::Opened), Decision::Is(Mode::Basic));
        assert_eq!(decide(ModeOption::Basic, true, Sign::Welcome), Decision::Wait);
    }
}
