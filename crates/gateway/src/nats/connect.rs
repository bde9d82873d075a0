//! To the server, and whether it will do.

use super::{NatsOptions, Trouble};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use std::time::Duration;
use tokio::sync::watch;

/// The oldest server that has what is needed: last record of a subject, and consumers with names.
const OLDEST: (u64, u64) = (2, 9);
/// How soon a server that does not answer counts as gone.
const PING: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that is used until it breaks: another one takes its place then, so that nothing it still holds is sent
/// after a break.
pub(super) struct Connection {
    pub client: Client,
    /// Set when it has broken.
    pub broken: watch::Receiver<bool>,
}

pub(super) async fn connect(options: &NatsOptions) -> Result<Connection, Trouble> {
    let (breaks, broken) = watch::channel(false);
    let mut connect = ConnectOptions::new()
        .name("sentinelops-gateway")
        .connection_timeout(TIMEOUT)
        .request_timeout(Some(TIMEOUT))
        .ping_interval(PING)
        .no_echo()
        .max_reconnects(1)
        .event_callback(move |event| {
            if matches!(event, Event::Disconnected | Event::Closed | Event::LameDuckMode) {
                breaks.send_replace(true);
            }
            async {}
        });
    if let Some(path) = &options.ca {
        connect = connect.add_root_certificates(path.clone());
    }
    if let (Some(certificate), Some(key)) = (&options.certificate, &options.key) {
        connect = connect.add_client_certificate(certificate.clone(), key.clone());
    }
    if options.wants_tls() {
        connect = connect.require_tls(true);
    }
    if let Some(path) = &options.credentials {
        connect = connect.credentials_file(path).await.map_err(|error| {
            Trouble::Unusable(format!(
                "cannot read the credentials {} (--nats-creds): {error}; it must be a file as `nsc generate creds` writes it",
                path.display()
            ))
        })?;
    }
    if let (Some(user), Some(password)) = (&options.user, &options.password) {
        connect = connect.user_and_password(user.clone(), password.clone());
    }
    if let Some(token) = &options.token {
        connect = connect.token(token.clone());
    }
    let client = connect.connect(options.urls.clone()).await.map_err(|error| {
        let text = format!("NATS at {}: {}", options.shown(), chain(&error));
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => Trouble::Unusable(
                format!("{text}: give --nats-creds, --nats-user with --nats-password, or --nats-token"),
            ),
            _ if is_certificate_refused(&text) => Trouble::Unusable(format!(
                "{text}: the server wants a certificate of this gateway that it knows; give --nats-cert and --nats-key"
            )),
            kind if kind == ConnectErrorKind::Tls || text.contains("certificate") => Trouble::Unusable(
                format!("{text}: --nats-ca names the authority that signed its certificate"),
            ),
            ConnectErrorKind::ServerParse => Trouble::Unusable(text),
            _ => Trouble::Gone(text),
        }
    })?;
    let info = client.server_info();
    if !is_new_enough(&info.version) {
        return Err(Trouble::Unusable(format!(
            "NATS at {} is version {}: at least {}.{} is needed",
            options.shown(),
            info.version,
            OLDEST.0,
            OLDEST.1
        )));
    }
    Ok(Connection { client, broken })
}

/// Whether the server, not this gateway, found a certificate missing or wrong: it sends a TLS alert then.
fn is_certificate_refused(text: &str) -> bool {
    text.split_once("received fatal alert: ")
        .is_some_and(|(_, alert)| alert.contains("Certificate") || alert.starts_with("UnknownCA"))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.trim_start_matches('v').split(['.', '-']).map_while(|part| part.parse().ok());
    let major: u64 = parts.next().unwrap_or(0);
    (major, parts.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn servers_from_2_9_on_will_do() {
        for version in ["2.9.10", "2.10.0-beta.1", "2.15.1", "v2.9.0", "3.0.0"] {
            assert!(is_new_enough(version), "{version}");
        }
        for version in ["2.8.4", "1.4.1", "", "new"] {
            assert!(!is_new_enough(version), "{version}");
        }
    }
}
