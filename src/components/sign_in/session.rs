//! Who is signed in, as far as the address for tokens says.

use sentinelops_realtime::{TokenError, TokenResponse};
use std::rc::Rc;
use yew::prelude::*;

/// Longest wait before a first token is asked for again, ms.
const WAIT_MS_MAX: u32 = 30_000;

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// Nothing was answered yet.
    Opening {
        /// Why not, in a sentence.
        trouble: Option<AttrValue>,
        /// How often it was asked in vain.
        failures: u32,
    },
    /// Nobody, from the beginning: nothing of a user is shown.
    Absent,
    /// This user.
    Open {
        /// `None`: the answers name none.
        user: Option<AttrValue>,
        /// Nobody is signed in any more; what is shown stays.
        ended: bool,
        /// Tokens that came because the page asked, not the connection.
        given: u32,
    },
}

/// The answer of the address for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A token of this user. `asked`: by the page, not by the connection.
    Token { user: Option<AttrValue>, asked: bool },
    /// Nobody is signed in.
    SignIn,
    /// Neither, in a sentence.
    Trouble(AttrValue),
}

impl News {
    pub(super) fn of(answer: &Result<TokenResponse, TokenError>, asked: bool) -> Self {
        match answer {
            Ok(TokenResponse::Token { user, .. }) => {
                Self::Token { user: user.clone().map(AttrValue::from), asked }
            }
            Ok(TokenResponse::SignIn) => Self::SignIn,
            Err(why) => Self::Trouble(why.to_string().into()),
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::Opening { trouble: None, failures: 0 }
    }
}

impl Session {
    fn after(&self, news: News) -> Self {
        match (self, news) {
            (Self::Open { given, .. }, News::Token { user, asked }) => {
                Self::Open { user, ended: false, given: given + u32::from(asked) }
            }
            (_, News::Token { user, .. }) => Self::Open { user, ended: false, given: 0 },
            (Self::Open { user, given, .. }, News::SignIn) => {
                Self::Open { user: user.clone(), ended: true, given: *given }
            }
            (_, News::SignIn) => Self::Absent,
            (Self::Opening { failures, .. }, News::Trouble(why)) => {
                Self::Opening { trouble: Some(why), failures: failures.saturating_add(1) }
            }
            // What is known holds: the connection says what it lacks.
            (known, News::Trouble(_)) => known.clone(),
        }
    }

    /// When the page asks again by itself, ms. `None`: not before the connection lacks a token.
    pub(super) fn asks_in(&self) -> Option<u32> {
        match self {
            Self::Opening { failures: 0, .. } => Some(0),
            Self::Opening { failures, .. } => {
                Some((500_u32.saturating_mul(1 << (*failures).min(10))).min(WAIT_MS_MAX))
            }
            // Somebody may sign in in another tab.
            Self::Absent => Some(WAIT_MS_MAX),
            Self::Open { .. } => None,
        }
    }
}

impl Reducible for Session {
    type Action = News;

    fn reduce(self: Rc<Self>, news: News) -> Rc<Self> {
        Rc::new(self.after(news))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(user: &'static str, asked: bool) -> News {
        News::Token { user: Some(user.into()), asked }
    }

    fn open(user: &'static str, ended: bool, given: u32) -> Session {
        Session::Open { user: Some(user.into()), ended, given }
    }

    #[test]
    fn first_answer_decides_what_is_shown() {
        let opening = Session::default();
        assert_eq!(opening.after(token("ann", true)), open("ann", false, 0));
        assert_eq!(opening.after(News::SignIn), Session::Absent);
        assert_eq!(Session::Absent.after(token("ann", true)), open("ann", false, 0), "signed in elsewhere");
        let news = News::of(&Ok(TokenResponse::Token { token: "t".into(), user: None }), true);
        assert_eq!(opening.after(news), Session::Open { user: None, ended: false, given: 0 });
    }

    #[test]
    fn end_of_a_session_takes_nothing_off_the_page() {
        let ended = open("ann", false, 0).after(News::SignIn);
        assert_eq!(ended, open("ann", true, 0));
        assert_eq!(ended.after(token("ann", true)), open("ann", false, 1));
        assert_eq!(ended.after(token("ann", false)), open("ann", false, 0));
    }

    #[test]
    fn another_user_takes_the_place_of_the_first() {
        assert_eq!(open("ann", true, 0).after(token("bob", false)), open("bob", false, 0));
    }

    #[test]
    fn trouble_ends_no_session_and_is_tried_again_ever_more_slowly() {
        let trouble = || News::of(&Err("/token answers 502".into()), true);
        assert_eq!(open("ann", false, 0).after(trouble()), open("ann", false, 0));
        assert_eq!(Session::Absent.after(trouble()), Session::Absent);
        let mut session = Session::default();
        let mut waits = Vec::new();
        for _ in 0..40 {
            waits.push(session.asks_in());
            session = session.after(trouble());
        }
        assert_eq!(waits[..4], [Some(0), Some(1_000), Some(2_000), Some(4_000)]);
        assert!(waits[7..].iter().all(|wait| *wait == Some(30_000)), "{waits:?}");
        assert_eq!(session.after(News::SignIn), Session::Absent);
        assert_eq!(open("ann", true, 0).asks_in(), None, "what watches the connection asks");
    }
}
