//! How much one connection, one user and all together may do.

use super::values::within;
use crate::TrafficLimits;
use serde::Deserialize;

/// What the gateway takes on.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct LimitSettings {
    /// Messages a second that one connection may send on average; beyond that its commands are refused for now, ten
    /// times beyond it is closed with 4429; 0 for no limit [default: 1000]
    #[arg(long, env = "SENTINELOPS_MESSAGE_RATE", value_name = "N")]
    pub message_rate: Option<f64>,
    /// Messages a second that all connections of one user may send on average; beyond that its commands are refused for
    /// now; 0 for no limit [default: four times --message-rate, with --dev none]
    #[arg(long, env = "SENTINELOPS_USER_MESSAGE_RATE", value_name = "N")]
    pub user_message_rate: Option<f64>,
    /// Open connections; one more is closed with 4429; 0 for no limit [default: 20000]
    #[arg(long, env = "SENTINELOPS_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Open connections of one user, likewise; 0 for no limit [default: 200, with --dev none]
    #[arg(long, env = "SENTINELOPS_MAX_CONNECTIONS_PER_USER", value_name = "N")]
    pub max_connections_per_user: Option<usize>,
    /// Requests with a body (alerts of sources, events of PagerDuty's format, commands of backends) in progress at once, of
    /// each kind; one more is answered 503 and comes again; 0 for no limit [default: 32]
    #[arg(long, env = "SENTINELOPS_MAX_INGEST", value_name = "N")]
    pub max_ingest: Option<usize>,
    /// Bytes of answers and live events that may wait for a connection; with more it is closed with 4408 and resumes
    /// [default: 1048576]
    #[arg(long, env = "SENTINELOPS_SEND_BUFFER", value_name = "BYTES")]
    pub send_buffer: Option<usize>,
}

impl LimitSettings {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            message_rate: self.message_rate.or(below.message_rate),
            user_message_rate: self.user_message_rate.or(below.user_message_rate),
            max_connections: self.max_connections.or(below.max_connections),
            max_connections_per_user: self.max_connections_per_user.or(below.max_connections_per_user),
            max_ingest: self.max_ingest.or(below.max_ingest),
            send_buffer: self.send_buffer.or(below.send_buffer),
        }
    }
}

/// What the gateway takes on. Times a second are averages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitOptions {
    /// What may be sent and opened.
    pub traffic: TrafficLimits,
    /// Requests with a body in progress at once, of each kind; `None`: no limit.
    pub max_ingest: Option<usize>,
    /// Bytes of answers and live events that may wait for a connection.
    pub send_buffer: usize,
}

/// How many times the rate of one connection all connections of a user may send together, unless set otherwise.
const USER_RATE: f64 = 4.0;

/// `open`: no tokens are checked, and everybody may be the same user.
pub(super) fn limits(settings: &LimitSettings, open: bool, errors: &mut Vec<String>) -> LimitOptions {
    let message_rate =
        within("message_rate", settings.message_rate.unwrap_or(1_000.0), &(0.0..=1_000_000.0), errors);
    let of_user = if open { 0.0 } else { USER_RATE * message_rate };
    let user_message_rate = within(
        "user_message_rate",
        settings.user_message_rate.unwrap_or(of_user),
        &(0.0..=USER_RATE * 1_000_000.0),
        errors,
    );
    let send_buffer = within(
        "send_buffer",
        settings.send_buffer.unwrap_or(1024 * 1024),
        &(64 * 1024..=1024 * 1024 * 1024),
        errors,
    );
    let of_user = if open { 0 } else { 200 };
    LimitOptions {
        traffic: TrafficLimits {
            rate: (message_rate > 0.0).then_some(message_rate),
            user_rate: (user_message_rate > 0.0).then_some(user_message_rate),
            max_connections: most(settings.max_connections, 20_000),
            max_connections_per_user: most(settings.max_connections_per_user, of_user),
        },
        max_ingest: most(settings.max_ingest, 32),
        send_buffer,
    }
}

/// 0 is no limit.
fn most(value: Option<usize>, default: usize) -> Option<usize> {
    Some(value.unwrap_or(default)).filter(|most| *most > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(settings: &LimitSettings, open: bool) -> LimitOptions {
        let mut errors = Vec::new();
        let limits = limits(settings, open, &mut errors);
        assert_eq!(errors, Vec::<String>::new());
        limits
    }

    #[test]
    fn limits_have_defaults_and_0_is_none() {
        let limits = found(&LimitSettings::default(), false);
        assert_eq!((limits.traffic.rate, limits.traffic.user_rate), (Some(1_000.0), Some(4_000.0)));
        assert_eq!(
            (limits.traffic.max_connections, limits.traffic.max_connections_per_user),
            (Some(20_000), Some(200))
        );
        assert_eq!((limits.max_ingest, limits.send_buffer), (Some(32), 1_048_576));
        let none = LimitSettings {
            max_ingest: Some(0),
            message_rate: Some(0.0),
            max_connections: Some(0),
            max_connections_per_user: Some(0),
            ..LimitSettings::default()
        };
        let limits = found(&none, false);
        assert_eq!((limits.traffic.rate, limits.traffic.user_rate), (None, None));
        assert_eq!((limits.traffic.max_connections, limits.traffic.max_connections_per_user), (None, None));
        assert_eq!(limits.max_ingest, None);
        let limits = found(&LimitSettings::default(), true);
        assert_eq!((limits.traffic.rate, limits.traffic.user_rate), (Some(1_000.0), None));
        let one = LimitSettings { user_message_rate: Some(5.0), ..LimitSettings::default() };
        assert_eq!(found(&one, false).traffic.user_rate, Some(5.0));
    }
}
