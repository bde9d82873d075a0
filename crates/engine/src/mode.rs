//! Basic or v1: how the first answers of a server tell, and what is pinned.

use crate::mutant::{self, Mutant};
use crate::{Mode, ModeOption};

/// What a fresh socket showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModeEvidence {
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
pub(crate) fn decide(option: ModeOption, welcomed: bool, evidence: ModeEvidence) -> Decision {
    let pinned = pinned(option, welcomed);
    match (option, evidence) {
        (ModeOption::Auto, ModeEvidence::Opened) if !pinned && mutant::active(Mutant::SendUnknown) => {
            Decision::Is(Mode::Basic)
        }
        (ModeOption::Basic | ModeOption::Raw, ModeEvidence::Opened) => Decision::Is(Mode::Basic),
        (ModeOption::Basic | ModeOption::Raw, _) | (_, ModeEvidence::Opened | ModeEvidence::SystemTalk) => {
            Decision::Wait
        }
        (_, ModeEvidence::Welcome) => Decision::Is(Mode::V1),
        (_, ModeEvidence::Ordinary) if pinned => Decision::Wait,
        (_, ModeEvidence::Silence) if pinned => Decision::NoWelcome,
        (_, ModeEvidence::Ordinary | ModeEvidence::Silence) => Decision::Is(Mode::Basic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_finds_out() {
        let auto = |evidence| decide(ModeOption::Auto, false, evidence);
        assert_eq!(auto(ModeEvidence::Opened), Decision::Wait);
        assert_eq!(auto(ModeEvidence::Welcome), Decision::Is(Mode::V1));
        assert_eq!(auto(ModeEvidence::Ordinary), Decision::Is(Mode::Basic));
        assert_eq!(auto(ModeEvidence::Silence), Decision::Is(Mode::Basic));
        assert_eq!(auto(ModeEvidence::SystemTalk), Decision::Wait);
    }

    #[test]
    fn a_welcomed_url_is_never_basic_again() {
        for (option, welcomed) in
            [(ModeOption::Auto, true), (ModeOption::Full, false), (ModeOption::Full, true)]
        {
            for evidence in [
                ModeEvidence::Opened,
                ModeEvidence::Welcome,
                ModeEvidence::Ordinary,
                ModeEvidence::SystemTalk,
                ModeEvidence::Silence,
            ] {
                assert_ne!(decide(option, welcomed, evidence), Decision::Is(Mode::Basic));
            }
            assert_eq!(decide(option, welcomed, ModeEvidence::Silence), Decision::NoWelcome);
        }
    }

    #[test]
    fn basic_is_basic_at_once_and_for_good() {
        assert_eq!(decide(ModeOption::Basic, true, ModeEvidence::Opened), Decision::Is(Mode::Basic));
        assert_eq!(decide(ModeOption::Basic, true, ModeEvidence::Welcome), Decision::Wait);
    }
}
