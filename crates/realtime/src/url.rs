//! Addresses as they are configured: which can be used, and what of them may be shown.

use super::error::SetupError;
use thiserror::Error;

/// A URL that can be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    /// Absolute, `ws:` or `wss:`, as given otherwise.
    pub full: String,
    /// Without its query, which may hold secrets.
    pub shown: String,
}

/// Resolves and checks. `page` is the page's own address; empty in tests without one.
pub(crate) fn resolve(url: &str, page: &str) -> Result<ServerUrl, SetupError> {
    let url = url.trim();
    let absolute = absolute(url, page)?;
    let shown = without_query(&absolute).to_owned();
    let bad = |why: String| SetupError::BadUrl { url: shown.clone(), why };
    let (scheme, rest) = absolute.split_once("://").unwrap_or(("", &absolute));
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "ws" => false,
        "wss" => true,
        other => {
            return Err(bad(format!(
                "the scheme is \"{other}\"; ws: or wss: is needed, for example ws://localhost:3001"
            )));
        }
    };
    if absolute.contains('#') {
        return Err(bad("a WebSocket URL may not have a fragment (#…): remove it".to_owned()));
    }
    if let Some(found) = absolute.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad(format!(
            "it holds a blank or control character (U+{:04X}): remove it",
            found as u32
        )));
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(SetupError::BadUrl {
            // What stands before the @ is a password.
            url: format!("{scheme}://…@…"),
            why: "user and password in a WebSocket URL are refused by browsers: use a token".to_owned(),
        });
    }
    let host = host_of(authority).map_err(bad)?;
    if !secure && page.starts_with("https:") && !is_loopback(host) {
        return Err(SetupError::Insecure { url: shown });
    }
    Ok(ServerUrl { full: absolute.clone(), shown })
}

/// Checks a server's URL as far as that is possible without the page that will use it; the provider's `url`.
///
/// ```
/// use sentinelops_realtime::url::check_server_url;
///
/// assert!(check_server_url("wss://ops.example.com/ws").is_ok());
/// assert!(check_server_url("/ws").is_ok(), "relative to the page");
/// let error = check_server_url("ftp://ops.example.com").unwrap_err();
/// assert!(error.to_string().contains("ws: or wss: is needed"));
/// ```
///
/// # Errors
/// [`SetupError::BadUrl`]: the URL without its query, and what is wrong with it.
pub fn check_server_url(url: &str) -> Result<(), SetupError> {
    resolve(url, "http://page.invalid/").map(drop)
}

/// Checks that this is a path of the page's own origin, whatever a browser makes of it.
///
/// ```
/// use sentinelops_realtime::url::check_own_path;
///
/// assert!(check_own_path("/oauth2/start", "/sign-in").is_ok());
/// assert!(check_own_path("//evil.example", "/sign-in").unwrap_err().to_string().ends_with("for example /sign-in"));
/// ```
///
/// # Errors
/// [`PathError`], which says what is allowed.
pub fn check_own_path(path: &str, example: &'static str) -> Result<(), PathError> {
    // A browser reads `\` as `/`, and passes over tabs and line breaks: both would lead to another host.
    let bad = |c: char| c == '\\' || c == '#' || c.is_whitespace() || c.is_control();
    match path.starts_with('/') && !path.starts_with("//") && !path.contains(bad) {
        true => Ok(()),
        false => Err(PathError { example }),
    }
}

/// A path leads out of the page's own origin, or is none.
///
/// ```
/// use sentinelops_realtime::url::check_own_path;
///
/// let error = check_own_path("//evil.example", "/sign-in").unwrap_err();
/// assert_eq!(error.to_string(), "a path of the page's own origin is allowed, for example /sign-in");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a path of the page's own origin is allowed, for example {example}")]
#[non_exhaustive]
pub struct PathError {
    /// A path that is allowed.
    pub example: &'static str,
}

/// Relative URLs hang on the page; `http:` and `https:` become `ws:` and `wss:`, as in browsers.
fn absolute(url: &str, page: &str) -> Result<String, SetupError> {
    let lower = url.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("http://").map(|_| &url[7..]) {
        return Ok(format!("ws://{rest}"));
    }
    if let Some(rest) = lower.strip_prefix("https://").map(|_| &url[8..]) {
        return Ok(format!("wss://{rest}"));
    }
    // A colon before any slash is a scheme, not a relative path.
    let has_scheme = url.find(':').is_some_and(|colon| !url[..colon].contains(['/', '?', '#', '[']));
    if has_scheme {
        return Ok(url.to_owned());
    }
    let why = |why: &str| SetupError::BadUrl { url: without_query(url).to_owned(), why: why.to_owned() };
    if url.is_empty() {
        return Err(why("it is empty; ws://host:port is needed, for example ws://localhost:3001"));
    }
    let scheme = match page.split_once("://") {
        Some(("http", _)) => "ws",
        Some(("https", _)) => "wss",
        _ => return Err(why("it is relative and the page has no http address: give a whole URL")),
    };
    let rest = page.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok(match url {
        _ if url.starts_with("//") => format!("{scheme}:{url}"),
        _ if url.starts_with('/') => format!("{scheme}://{host}{url}"),
        _ => {
            let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            format!("{scheme}://{host}/{folder}{url}")
        }
    })
}

fn host_of(authority: &str) -> Result<&str, String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) =
                rest.split_once(']').ok_or("the IPv6 address has no closing bracket".to_owned())?;
            (inner, after.strip_prefix(':'))
        }
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err("it names no host; ws://host:port is needed, for example ws://localhost:3001".to_owned());
    }
    if let Some(port) = port
        && !port.parse::<u16>().is_ok_and(|port| port > 0)
    {
        return Err(format!("the port is \"{port}\"; a number from 1 to 65535 is allowed"));
    }
    Ok(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host == "::1"
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A URL as it may be shown: without query and fragment, which may hold secrets.
///
/// ```
/// use sentinelops_realtime::url::without_query;
///
/// assert_eq!(without_query("wss://ops.example.com/ws?token=secret"), "wss://ops.example.com/ws");
/// ```
pub fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(url: &str, page: &str) -> String {
        resolve(url, page).unwrap().full
    }

    fn error(url: &str, page: &str) -> String {
        resolve(url, page).unwrap_err().to_string()
    }

    #[test]
    fn relative_urls_hang_on_the_page() {
        assert_eq!(ok("/ws?a=1", "https://x.example/app/index.html?q#h"), "wss://x.example/ws?a=1");
        assert_eq!(ok("ws", "http://x.example:8080/app/index.html"), "ws://x.example:8080/app/ws");
        assert_eq!(ok("live", "http://x.example"), "ws://x.example/live");
        assert_eq!(ok("//y.example/ws", "https://x.example/"), "wss://y.example/ws");
        assert_eq!(ok("http://y.example/ws", "http://x.example/"), "ws://y.example/ws");
        assert_eq!(ok("ws://localhost:3001", ""), "ws://localhost:3001");
    }

    #[test]
    fn bad_ones_are_named_without_their_query() {
        assert!(
            error("ws://h:99999/x?token=s3cret", "").contains("\"ws://h:99999/x\": the port is \"99999\"")
        );
        assert!(!error("ws://h:99999/x?token=s3cret", "").contains("s3cret"));
        assert!(error("ftp://h", "").contains("the scheme is \"ftp\""));
        assert!(error("", "http://h/").contains("it is empty"));
        assert!(error("ws://", "").contains("no host"));
        assert!(error("ws://h:0", "").contains("1 to 65535"));
        assert!(error("ws://h:abc", "").contains("\"abc\""));
        assert!(error("ws://[::1", "").contains("bracket"));
        assert!(error("/ws", "").contains("relative"));
        assert!(error("ws://me:pass@h", "").contains("token"));
        assert!(!error("ws://me:pass@h", "").contains("pass@"));
        assert!(error("ws://h/#x", "").contains("fragment"));
        assert!(error("ws://h h", "").contains("blank"));
    }

    #[test]
    fn insecure_from_https_only_to_loopback() {
        let page = "https://x.example/";
        assert!(error("ws://y.example", page).contains("Use wss:"));
        for url in ["ws://localhost:3001", "ws://127.0.0.1:3001", "ws://[::1]:3001", "wss://y.example"] {
            assert!(resolve(url, page).is_ok(), "{url}");
        }
        assert!(resolve("ws://y.example", "http://x.example/").is_ok());
    }
}
