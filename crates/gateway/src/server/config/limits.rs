//! How much one connection, one user and all together may do.

use super::Settings;
use super::options::within;

/// What the gateway takes on. Times a second are averages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitOptions {
    /// Messages a second of one connection; `None`: no limit.
    pub message_rate: Option<f64>,
    /// Messages a second of all connections of one user; `None`: no limit.
    pub user_message_rate: Option<f64>,
    /// Open connections; `None`: no limit.
    pub max_connections: Option<usize>,
    /// Open connections of one user; `None`: no limit.
    pub max_connections_per_user: Option<usize>,
    /// Requests with a body in progress at once, of each kind; `None`: no limit.
    pub max_ingest: Option<usize>,
    /// Bytes of answers and live events that may wait for a connection.
    pub send_buffer: usize,
}

/// How many times the rate of one connection all connections of a user may send together, unless set otherwise.
const USER_RATE: f64 = 4.0;

/// `open`: no tokens are checked, and everybody may be the same user.
pub(super) fn limits(settings: &Settings, open: bool, errors: &mut Vec<String>) -> LimitOptions {
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
        message_rate: (message_rate > 0.0).then_some(message_rate),
        user_message_rate: (user_message_rate > 0.0).then_some(user_message_rate),
        max_connections: most(settings.max_connections, 20_000),
        max_connections_per_user: most(settings.max_connections_per_user, of_user),
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

    fn found(settings: &Settings, open: bool) -> LimitOptions {
        let mut errors = Vec::new();
        let limits = limits(settings, open, &mut errors);
        assert_eq!(errors, Vec::<String>::new());
        limits
    }

    #[test]
    fn limits_have_defaults_and_0_is_none() {
        let limits = found(&Settings::default(), false);
        assert_eq!((limits.message_rate, limits.user_message_rate), (Some(1_000.0), Some(4_000.0)));
        assert_eq!((limits.max_connections, limits.max_connections_per_user), (Some(20_000), Some(200)));
        assert_eq!((limits.max_ingest, limits.send_buffer), (Some(32), 1_048_576));
        let none = Settings {
            max_ingest: Some(0),
            message_rate: Some(0.0),
            max_connections: Some(0),
            max_connections_per_user: Some(0),
            ..Settings::default()
        };
        let limits = found(&none, false);
        assert_eq!((limits.message_rate, limits.user_message_rate), (None, None));
        assert_eq!((limits.max_connections, limits.max_connections_per_user), (None, None));
        assert_eq!(limits.max_ingest, None);
        let limits = found(&Settings::default(), true);
        assert_eq!((limits.message_rate, limits.user_message_rate), (Some(1_000.0), None));
        let one = Settings { user_message_rate: Some(5.0), ..Settings::default() };
        assert_eq!(found(&one, false).user_message_rate, Some(5.0));
    }
}
