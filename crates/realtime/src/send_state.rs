//! What is known of a message after it was sent, and its labels.

use sentinelops_engine::{DeliveryState, Durability, FailReason};
use sentinelops_protocol::Code;

/// What is known of a message this page sent: whether it survives a reload, and how far it got.
///
/// ```
/// use sentinelops_realtime::engine::{DeliveryState, Durability};
/// use sentinelops_realtime::SendState;
///
/// let state = SendState { durability: Durability::Durable, delivery: DeliveryState::Queued };
/// assert!(state.is_saved() && !state.is_final());
/// assert_eq!(state.label(), "saved");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendState {
    /// Whether it survives a reload.
    pub durability: Durability,
    /// How far it got.
    pub delivery: DeliveryState,
}

impl Default for SendState {
    fn default() -> Self {
        Self { durability: Durability::Pending, delivery: DeliveryState::Queued }
    }
}

impl SendState {
    /// Kept on this device and waiting.
    ///
    /// ```
    /// use sentinelops_realtime::SendState;
    ///
    /// assert!(!SendState::default().is_saved(), "just sent: the store has not answered yet");
    /// ```
    pub fn is_saved(&self) -> bool {
        self.durability == Durability::Durable && self.delivery == DeliveryState::Queued
    }

    /// Nothing more will happen to it.
    ///
    /// ```
    /// use sentinelops_realtime::SendState;
    ///
    /// /// The spinner beside a button.
    /// fn busy(state: Option<&SendState>) -> bool {
    ///     state.is_some_and(|state| !state.is_final())
    /// }
    /// ```
    pub fn is_final(&self) -> bool {
        self.delivery.is_final()
    }

    /// The server has it (a basic server: it was handed over).
    ///
    /// ```
    /// use sentinelops_realtime::engine::{DeliveryState, Durability};
    /// use sentinelops_realtime::SendState;
    ///
    /// let state = SendState { durability: Durability::Durable, delivery: DeliveryState::HandedOver };
    /// assert!(state.is_delivered());
    /// ```
    pub fn is_delivered(&self) -> bool {
        matches!(self.delivery, DeliveryState::Delivered | DeliveryState::HandedOver)
    }

    /// It ended, and not by arriving.
    ///
    /// ```
    /// use sentinelops_realtime::engine::{DeliveryState, Durability};
    /// use sentinelops_realtime::SendState;
    ///
    /// let state = SendState { durability: Durability::Durable, delivery: DeliveryState::Evicted };
    /// assert!(state.is_failed(), "it never left: offer to send it again");
    /// ```
    pub fn is_failed(&self) -> bool {
        self.is_final() && !self.is_delivered()
    }

    /// A word or two for people. [`SendState::explanation`] says why.
    ///
    /// ```
    /// use sentinelops_realtime::SendState;
    ///
    /// assert_eq!(SendState::default().label(), "saving");
    /// ```
    pub fn label(&self) -> &'static str {
        match (&self.delivery, self.durability) {
            (DeliveryState::Queued, Durability::Durable) => "saved",
            (DeliveryState::Queued, Durability::Pending) => "saving",
            (DeliveryState::Queued, Durability::MemoryOnly) => "waiting, not saved",
            (DeliveryState::Sent, _) => "sent",
            (DeliveryState::Unconfirmed, _) => "unconfirmed",
            (DeliveryState::Delivered, _) => "delivered",
            (DeliveryState::HandedOver, _) => "handed over",
            (DeliveryState::Failed(_), _) => "failed",
            (DeliveryState::Expired { .. }, _) => "expired",
            (DeliveryState::Evicted, _) => "dropped",
            (DeliveryState::Superseded, _) => "replaced",
            _ => "unknown",
        }
    }

    /// A sentence for people where the label alone does not explain itself.
    ///
    /// ```
    /// use sentinelops_realtime::engine::{DeliveryState, Durability};
    /// use sentinelops_realtime::SendState;
    ///
    /// let state = SendState { durability: Durability::MemoryOnly, delivery: DeliveryState::Queued };
    /// let why = state.explanation().unwrap_or_default();
    /// assert_eq!(why, "Kept in memory only: it is lost if this page is closed.");
    /// ```
    pub fn explanation(&self) -> Option<String> {
        Some(match &self.delivery {
            DeliveryState::Queued if self.durability == Durability::MemoryOnly => {
                "Kept in memory only: it is lost if this page is closed.".to_owned()
            }
            DeliveryState::Unconfirmed => {
                "The connection broke before an answer came. It is sent again; the server takes it once."
                    .to_owned()
            }
            DeliveryState::Failed(reason) => explain(reason),
            DeliveryState::Expired { may_have_arrived: true } => {
                "Too old to send again. It may have arrived: check before you repeat it.".to_owned()
            }
            DeliveryState::Expired { may_have_arrived: false } => {
                "Too old to send; it never left.".to_owned()
            }
            DeliveryState::Evicted => {
                "The queue was full and something more urgent came; it never left.".to_owned()
            }
            DeliveryState::Superseded => "Another one took its place before it left.".to_owned(),
            _ => return None,
        })
    }
}

fn explain(reason: &FailReason) -> String {
    match reason {
        FailReason::Refused { code, message } => {
            let message = message.trim_end_matches('.');
            format!("The server refused it ({code}): {message}. {}", after_refusal(code))
        }
        FailReason::TooManyAttempts { attempts, code, message } => {
            let message = message.trim_end_matches('.');
            format!("The server put it off {attempts} times ({code}): {message}. Try it again later.")
        }
        FailReason::TooBig { found, allowed } => {
            format!("It has {found} bytes; the server takes {allowed} at most. Shorten it.")
        }
        FailReason::Poison { code, reason } => {
            format!("The server closed the connection over it (code {code}: {reason}).")
        }
        FailReason::QueueFull { capacity } => {
            format!("{capacity} messages at least as urgent are waiting already; it was not taken.")
        }
        FailReason::NotConnected => "There is no connection, and it was not to be queued.".to_owned(),
        FailReason::Invalid { detail } => format!("It cannot be sent: {detail}"),
        FailReason::Unreadable => {
            "It was saved, and may be among the saved records that could not be read: see the outbox. It may have \
             arrived."
                .to_owned()
        }
        FailReason::Discarded => "It was discarded before it left.".to_owned(),
        FailReason::SignedOut => "The session was signed out before it was delivered.".to_owned(),
        other => format!("It failed: {other:?}."),
    }
}

/// What to do about a message that was refused for good.
fn after_refusal(code: &Code) -> &'static str {
    match code {
        Code::Forbidden => "Ask an administrator for it.",
        Code::Unauthenticated => "Sign in, then send it again.",
        Code::Conflict => "Look at what stands there now, then decide again.",
        Code::TooBig => "Shorten it.",
        Code::RateLimited | Code::Unavailable => "Send it again later.",
        Code::DuplicateId => "Something else was sent under its id: write it again.",
        Code::UnknownType => "The server does not know such messages: it may be older than this page.",
        Code::BadFrame | Code::Invalid | Code::Other(_) => {
            "Reload the page: it may be of another version than the server."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_refusal_is_a_sentence_that_says_what_to_do() {
        for (code, message, advice) in [
            ("bad_frame", "payload: an object is expected, a text was found", "Reload the page"),
            ("too_big", "inc-7 would have 17000 bytes, 16384 are allowed", "Shorten it."),
            ("unauthenticated", "sign in first", "Sign in"),
            ("forbidden", "the right to write incidents is needed", "Ask"),
            ("unknown_type", "no such command: incident.explode", "does not know"),
            ("invalid", "no such incident", "Reload"),
            ("conflict", "the alert is cleared", "Look at what stands there"),
            ("rate_limited", "100000 ids are remembered of this user", "later"),
            ("unavailable", "10000 incidents are open", "later"),
            ("duplicate_id", "the id was used before with other content", "write it again"),
            ("of_the_future", "no", "Reload"),
        ] {
            let refused = FailReason::Refused { code: Code::parse(code), message: message.to_owned() };
            let state =
                SendState { durability: Durability::Durable, delivery: DeliveryState::Failed(refused) };
            let words = state.explanation().unwrap_or_default();
            assert!(words.contains(code) && words.contains(message) && words.contains(advice), "{words}");
            assert!(words.ends_with('.') && !words.contains(".."), "{words}");
        }
    }

    #[test]
    fn message_put_off_too_often_says_why() {
        let (code, message) =
            (Code::RateLimited, "more than the 10 messages a second allowed: send fewer".to_owned());
        let reason = FailReason::TooManyAttempts { attempts: 3, code, message };
        let state = SendState { durability: Durability::Durable, delivery: DeliveryState::Failed(reason) };
        assert_eq!(
            state.explanation().as_deref(),
            Some(
                "The server put it off 3 times (rate_limited): more than the 10 messages a second allowed: send fewer. \
                 Try it again later."
            )
        );
    }

    #[test]
    fn people_read_a_state() {
        let mut state = SendState::default();
        assert_eq!(state.label(), "saving");
        state.durability = Durability::Durable;
        assert!(state.is_saved());
        state.delivery = DeliveryState::Failed(FailReason::TooBig { found: 70_000, allowed: 65_536 });
        assert!(state.is_failed());
        assert!(state.explanation().unwrap().contains("70000 bytes"));
    }
}
