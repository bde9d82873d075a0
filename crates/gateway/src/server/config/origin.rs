//! Which pages may connect. Browsers send an `Origin` that pages cannot forge.

use super::net::Network;
use super::values::list;
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// Which pages may connect, and through which proxies.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct PageSettings {
    /// Take connections of pages of this origin, such as `https://ops.example.com`; may be repeated
    #[arg(long, env = "SENTINELOPS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[serde(default)]
    pub origin: Vec<String>,
    /// Serve the console from this folder, as `cargo xtask build` wrote it; its pages connect to this gateway and need
    /// no --origin
    #[arg(long, env = "SENTINELOPS_SERVE", value_name = "DIR")]
    pub serve: Option<PathBuf>,
    /// Believe `X-Forwarded-For`, `-Proto` and `-Host` of these addresses or networks (10.0.0.0/8); may be repeated
    #[arg(long, env = "SENTINELOPS_TRUSTED_PROXIES", value_name = "NET", value_delimiter = ',')]
    #[serde(default)]
    pub trusted_proxies: Vec<Network>,
}

impl PageSettings {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            origin: list(self.origin, below.origin),
            serve: self.serve.or(below.serve),
            trusted_proxies: list(self.trusted_proxies, below.trusted_proxies),
        }
    }
}

/// The pages that may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Those of `--origin`.
    pub listed: Vec<Origin>,
    /// Beside them pages of this machine, and clients that send no origin because they are no browsers.
    pub loopback: bool,
    /// Beside them the pages that the gateway itself serves (`--serve`).
    pub own: bool,
}

impl Origins {
    /// Whether a request with this `Origin` header may connect. `own` is the origin of the gateway's own pages as the
    /// request names it.
    ///
    /// # Errors
    /// A sentence for the close reason.
    pub(in crate::server) fn check(&self, origin: Option<&str>, own: Option<&Origin>) -> Result<(), String> {
        match origin {
            None if self.loopback => Ok(()),
            None => Err("no Origin header: send one that the gateway lists with --origin".to_owned()),
            Some(text) if self.listed.iter().any(|listed| listed.0 == text) => Ok(()),
            Some(text) if self.own && own.is_some_and(|own| own.0 == text) => Ok(()),
            Some(text) if self.loopback && Origin(text.to_owned()).is_loopback() => Ok(()),
            Some(text) => {
                let shown: String = text.chars().take(60).collect();
                Err(format!("pages of {shown} may not connect: see --origin of the gateway"))
            }
        }
    }
}

/// `scheme://host[:port]`, as browsers send it: lower case, without the port that is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin from the settings.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            Err(format!(
                "origin {text:?}: {why}; allowed is scheme://host or scheme://host:port, such as https://ops.example.com"
            ))
        };
        let Some((scheme, rest)) = text.split_once("://") else { return wrong("it has no scheme") };
        let scheme = scheme.to_ascii_lowercase();
        if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return wrong("it has no scheme");
        }
        if rest.contains('*') {
            return wrong("patterns are not supported, list each origin");
        }
        if rest.contains(['/', '?', '#', '@']) {
            return wrong("an origin has no path, query or user");
        }
        let (host, port) = split_port(rest);
        if host.is_empty() || host.contains(char::is_whitespace) || !host.is_ascii() {
            return wrong("the host is missing or not plain ASCII");
        }
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return wrong("the port is not a number");
        }
        let own = match scheme.as_str() {
            "https" => Some("443"),
            "http" => Some("80"),
            _ => None,
        };
        let host = host.to_ascii_lowercase();
        Ok(Self(match port.filter(|port| Some(*port) != own) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }

    /// Whether a page of this machine sent it.
    fn is_loopback(&self) -> bool {
        self.0.split_once("://").is_some_and(|(_, rest)| is_loopback_host(rest))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `host` or `host:port`: does the host name this machine, whatever a DNS server says?
pub fn is_loopback_host(authority: &str) -> bool {
    let (host, _) = split_port(authority);
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The port is behind the last colon, unless that is inside an IPv6 address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for (text, origin) in [
            ("https://Ops.Example.com", "https://ops.example.com"),
            ("https://ops.example.com:443", "https://ops.example.com"),
            ("http://ops.example.com:80", "http://ops.example.com"),
            ("http://ops.example.com:443", "http://ops.example.com:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(Origin::parse(text).expect("an origin").to_string(), origin);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_an_example() {
        for text in [
            "*",
            "https://*.example.com",
            "https://a.example/",
            "a.example",
            "https://",
            "https://a:x",
            "null",
        ] {
            let error = Origin::parse(text).expect_err(text);
            assert!(error.contains("https://ops.example.com"), "{error}");
        }
    }

    #[test]
    fn only_listed_origins_may_connect_and_on_a_development_machine_its_own() {
        let listed = vec![Origin::parse("https://ops.example").expect("an origin")];
        let strict = Origins { listed: listed.clone(), ..Origins::default() };
        assert_eq!(strict.check(Some("https://ops.example"), None), Ok(()));
        for foreign in [
            "https://ops.example.evil",
            "https://ops.example:444",
            "http://ops.example",
            "null",
            "http://localhost:1",
        ] {
            let reason = strict.check(Some(foreign), None).expect_err(foreign);
            assert!(reason.contains(foreign) && reason.len() <= 123, "{reason}");
        }
        assert!(strict.check(None, None).is_err());
        let lax = Origins { listed, loopback: true, own: false };
        for own in
            [None, Some("http://localhost:8080"), Some("http://127.0.0.1:1"), Some("https://ops.example")]
        {
            assert_eq!(lax.check(own, None), Ok(()));
        }
        assert!(lax.check(Some("https://evil.example"), None).is_err());
        assert!(lax.check(Some("null"), None).is_err());
        assert!(strict.check(Some(&"x".repeat(500)), None).expect_err("foreign").len() <= 123);
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost:8080", "app.localhost", "127.0.0.1", "127.9.9.9:1", "[::1]:80", "LOCALHOST"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "localhost.example.com",
            "127.0.0.1.example.com",
            "example.com:3001",
            "0.0.0.0",
            "",
            "xlocalhost",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
