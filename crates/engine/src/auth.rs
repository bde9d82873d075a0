//! Tokens: who is asked for one, where it travels, and that it shows up nowhere else.

use crate::mutant::{self, Mutant};
use crate::{EngineOptions, ModeOption, TokenIn, TokenReason};
use sentinelops_protocol::Code;

/// How long (ms) the provider may take to answer.
pub(crate) const PROVIDER_MS: u64 = 10_000;
/// After 4401 a different token is dialled with at once only so often.
const REDIAL_EVERY_MS: u64 = 60_000;
/// Shortest time between two requests for a token in place, whatever the server says of its life.
pub(crate) const TOKEN_LIFE_MIN_MS: u64 = 5_000;

fn token_pace_ms() -> u64 {
    if mutant::active(Mutant::TokenStorm) { 0 } else { TOKEN_LIFE_MIN_MS }
}

/// What is known of the token. Has no `Debug` on purpose.
#[derive(Default)]
pub(crate) struct Auth {
    has_provider: bool,
    in_query: bool,
    token: Option<String>,
    /// The token before it: a server may still speak of it.
    previous: Option<String>,
    /// The token of the last 4401.
    rejected: Option<Option<String>>,
    /// The token was given since the last dial: the provider need not be asked again.
    fresh: bool,
    asked: Option<TokenReason>,
    /// The provider failed, or did not answer, when it was asked last.
    failed: bool,
    redialled_at: Option<u64>,
    expires_at: Option<u64>,
}

impl Auth {
    pub(crate) fn new(options: &EngineOptions) -> Self {
        let in_query = match options.connection.token_in {
            TokenIn::Query => true,
            TokenIn::Frame => false,
            TokenIn::Auto => options.connection.mode != ModeOption::Full,
        };
        Self { has_provider: options.has_token_provider, in_query, ..Self::default() }
    }

    pub(crate) fn has_provider(&self) -> bool {
        self.has_provider
    }

    /// Whether the provider must be asked before the next dial.
    pub(crate) fn must_ask(&self) -> bool {
        self.has_provider && !self.fresh
    }

    pub(crate) fn ask(&mut self, reason: TokenReason) {
        self.asked = Some(reason);
    }

    /// What the provider was asked for, once.
    pub(crate) fn answered(&mut self) -> Option<TokenReason> {
        self.asked.take()
    }

    /// The provider gave none.
    pub(crate) fn provider_failed(&mut self) {
        self.failed = true;
    }

    /// The provider gave none, and nobody else has since.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Takes a token; whether it differs from the present one.
    pub(crate) fn set(&mut self, token: Option<String>) -> bool {
        let changed = self.token != token;
        let before = std::mem::replace(&mut self.token, token);
        if changed && before.is_some() {
            self.previous = before;
        }
        self.fresh = true;
        self.failed = false;
        changed
    }

    /// The server closed with 4401.
    pub(crate) fn rejected(&mut self) {
        self.rejected = Some(self.token.clone());
        self.fresh = false;
    }

    /// Whether the present token is worth a dial after a 4401.
    pub(crate) fn differs_from_rejected(&self) -> bool {
        self.token.is_some() && self.rejected.as_ref().is_none_or(|rejected| *rejected != self.token)
    }

    /// Whether a dial at once is allowed after a 4401; uses it up.
    pub(crate) fn redial_at_once(&mut self, now: u64) -> bool {
        let allowed = self.redialled_at.is_none_or(|at| now.saturating_sub(at) >= REDIAL_EVERY_MS);
        if allowed {
            self.redialled_at = Some(now);
        }
        allowed
    }

    /// The URL to dial.
    pub(crate) fn url(&mut self, base: &str) -> String {
        self.fresh = false;
        match &self.token {
            Some(token) if self.in_query => {
                // A fragment is not allowed on a WebSocket URL and would swallow the query.
                let base = base.split('#').next().unwrap_or(base);
                let joint = if base.contains('?') { '&' } else { '?' };
                format!("{base}{joint}token={}", percent(token))
            }
            _ => base.to_owned(),
        }
    }

    /// The token for an `auth` frame of the first flight.
    pub(crate) fn for_first_flight(&self) -> Option<String> {
        if self.in_query { None } else { self.token.clone() }
    }

    /// The token for a refresh in place.
    pub(crate) fn for_refresh(&self) -> Option<String> {
        self.token.clone()
    }

    /// The server reported the token's life: when (monotonic ms) to refresh it.
    pub(crate) fn lives(&mut self, now: u64, expires_in_ms: Option<u64>) -> Option<u64> {
        self.expires_at = expires_in_ms.map(|ms| now.saturating_add(ms));
        // Divided first: no overflow for any number a server may say.
        expires_in_ms.map(|ms| now.saturating_add((ms / 5 * 4 + ms % 5 * 4 / 5).max(token_pace_ms())))
    }

    /// The refresh failed: when to try it again, while the token lives.
    pub(crate) fn refresh_again(&self, now: u64) -> Option<u64> {
        let left = self.expires_at?.checked_sub(now)?;
        Some(now + (left / 2).max(token_pace_ms()))
    }

    /// Foreign text without the token in it, in either spelling, and without any `token=…`.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for token in self.token.iter().chain(&self.previous).filter(|token| !token.is_empty()) {
            text = text.replace(token, "…").replace(&percent(token), "…");
        }
        redact_queries(&text)
    }

    /// The same for a code: one that this version does not know is text like any other.
    pub(crate) fn redact_code(&self, code: Code) -> Code {
        match code {
            Code::Other(name) => Code::Other(self.redact(&name)),
            known => known,
        }
    }
}

/// Everything a URL's query says after `token=` is replaced.
pub(crate) fn redact_queries(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("token=") {
        let (before, after) = rest.split_at(at + "token=".len());
        clean.push_str(before);
        clean.push('…');
        let end = after.find(|c: char| c == '&' || c == '\'' || c == '"' || c.is_whitespace());
        rest = &after[end.unwrap_or(after.len())..];
    }
    clean.push_str(rest);
    clean
}

fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn auth(token_in: TokenIn, mode: ModeOption) -> Auth {
        let connection = Options { token_in, mode, ..Options::default() };
        let mut auth = Auth::new(&EngineOptions { connection, ..EngineOptions::default() });
        auth.set(Some("a b+c/ü".to_owned()));
        auth
    }

    #[test]
    fn the_query_is_percent_encoded() {
        let mut auth = auth(TokenIn::Auto, ModeOption::Auto);
        assert_eq!(auth.url("ws://h/p"), "ws://h/p?token=a%20b%2Bc%2F%C3%BC");
        assert_eq!(auth.url("ws://h/p?x=1#f"), "ws://h/p?x=1&token=a%20b%2Bc%2F%C3%BC");
        assert_eq!(auth.for_first_flight(), None);
    }

    #[test]
    fn full_mode_keeps_it_out_of_the_url() {
        let mut auth = auth(TokenIn::Auto, ModeOption::Full);
        assert_eq!(auth.url("ws://h/p"), "ws://h/p");
        assert!(auth.for_first_flight().is_some());
        assert_eq!(self::auth(TokenIn::Query, ModeOption::Full).for_first_flight(), None);
    }

    #[test]
    fn nothing_foreign_shows_it() {
        let auth = auth(TokenIn::Auto, ModeOption::Auto);
        assert_eq!(
            auth.redact("The URL 'ws://h?token=other&x=1' is bad"),
            "The URL 'ws://h?token=…&x=1' is bad"
        );
        assert_eq!(auth.redact("bad a b+c/ü or a%20b%2Bc%2F%C3%BC"), "bad … or …");
        assert_eq!(auth.redact_code(Code::parse("no_a b+c/ü")), Code::parse("no_…"));
    }

    #[test]
    fn nor_the_one_before() {
        let mut auth = auth(TokenIn::Auto, ModeOption::Auto);
        auth.set(Some("new".to_owned()));
        auth.set(Some("new".to_owned()));
        assert_eq!(auth.redact("neither new nor a b+c/ü"), "neither … nor …");
    }

    #[test]
    fn refresh_at_80_percent() {
        let mut auth = auth(TokenIn::Auto, ModeOption::Auto);
        assert_eq!(auth.lives(100, Some(10_000)), Some(8_100));
        assert_eq!(auth.refresh_again(8_100), Some(13_100));
        assert_eq!(auth.refresh_again(11_000), None);
        assert_eq!(auth.lives(100, Some(1_000)), Some(5_100), "one request in 5 s at most");
        assert!(auth.lives(100, Some(u64::MAX)).is_some());
        assert_eq!(auth.lives(100, None), None);
    }

    #[test]
    fn one_redial_a_minute() {
        let mut auth = auth(TokenIn::Auto, ModeOption::Auto);
        auth.rejected();
        assert!(!auth.differs_from_rejected());
        auth.set(Some("new".to_owned()));
        assert!(auth.differs_from_rejected());
        assert!(auth.redial_at_once(0));
        assert!(!auth.redial_at_once(59_999));
        assert!(auth.redial_at_once(60_000));
    }
}
