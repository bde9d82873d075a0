//! Keys from a URL: fetched when they are needed, at most every 30 s, one request at a time.

use super::Refusal;
use super::claims::{Claims, Rules};
use super::keys::Keys;
use crate::server::fetch::fetch;
use crate::server::log;
use jsonwebtoken::Algorithm;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Least time between two requests. A `kid` that was not there is unknown for this long.
const GAP: Duration = Duration::from_secs(30);
/// Keys older than this are fetched again at the next token; until that succeeds they count.
const FRESH: Duration = Duration::from_secs(600);
/// Most time for a request.
const PATIENCE: Duration = Duration::from_secs(4);
/// Longest answer, in bytes.
const MOST: u64 = 256 * 1024;

#[derive(Debug)]
pub(super) struct Jwks {
    url: String,
    only: Option<Algorithm>,
    state: Mutex<State>,
    /// Held while a request is under way.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    keys: Arc<Keys>,
    tried_at: Option<Instant>,
    fetched_at: Option<Instant>,
    /// Of the last request.
    failure: Option<String>,
}

impl Jwks {
    pub(super) fn new(url: &str, only: Option<Algorithm>) -> Self {
        Self { url: url.to_owned(), only, state: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    pub(super) fn is(&self, url: &str, only: Option<Algorithm>) -> bool {
        self.url == url && self.only == only
    }

    pub(super) async fn check(&self, rules: &Rules, token: &str) -> Result<Claims, Refusal> {
        if self.with(|state| state.fetched_at.is_none_or(|at| at.elapsed() > FRESH)) {
            self.fetch().await;
        }
        let check = || self.with(|state| state.keys.clone()).check(rules, token);
        let refusal = match check() {
            Err(Refusal::UnknownKey) => {
                self.fetch().await;
                check()
            }
            result => return result,
        };
        match refusal {
            // Nobody knows: the key may be a new one.
            Err(Refusal::UnknownKey) if self.with(|state| state.failure.is_some()) => Err(Refusal::NoKeys),
            result => result,
        }
    }

    pub(super) async fn warm_up(&self) -> Result<(), String> {
        self.fetch().await;
        self.with(|state| state.failure.clone()).map_or(Ok(()), Err)
    }

    /// Fetches the keys, unless that was tried within [`GAP`]. Waits for a request that is under way.
    async fn fetch(&self) {
        let _one = self.fetching.lock().await;
        let due = self.with(|state| {
            let due = state.tried_at.is_none_or(|at| at.elapsed() >= GAP);
            if due {
                state.tried_at = Some(Instant::now());
            }
            due
        });
        if !due {
            return;
        }
        let (url, only) = (self.url.clone(), self.only);
        let fetched = tokio::task::spawn_blocking(move || get(&url, only)).await;
        match fetched.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(keys) => self.with(|state| {
                state.keys = Arc::new(keys);
                state.fetched_at = Some(Instant::now());
                state.failure = None;
            }),
            Err(error) => {
                tracing::warn!("the keys for tokens cannot be fetched (--jwks-url): {}", log::clean(&error));
                self.with(|state| state.failure = Some(error));
            }
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn get(url: &str, only: Option<Algorithm>) -> Result<Keys, String> {
    let body = fetch(url, PATIENCE, MOST)?;
    match body.trim_start().starts_with('{') {
        true => Keys::parse(&body, only),
        false => Err("the answer is not a JWKS: {\"keys\": [..]} is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers each request with an empty set of keys, and counts them.
    fn serve() -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                counter.fetch_add(1, Ordering::SeqCst);
                // The head of a request for keys fits.
                let _ = stream.read(&mut [0; 2048]);
                let body = r#"{"keys": [{"kty": "oct", "kid": "a", "k": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"}]}"#;
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length";
                let _ = write!(stream, "{head}: {}\r\n\r\n{body}", body.len());
            }
        });
        (url, count)
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_fetched_30_s_apart_however_many_kids_are_unknown() {
        let (url, count) = serve();
        let jwks = Jwks::new(&url, None);
        let rules = Rules::new(&["sentinelops".to_owned()], "https://id.example");
        // {"alg":"HS256","kid":"made up"}
        let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6Im1hZGUgdXAifQ.e30.e30";
        let mut counts = Vec::new();
        for wait_ms in [0, 0, 29_900, 200, 29_700, 400] {
            tokio::time::advance(Duration::from_millis(wait_ms)).await;
            assert_eq!(jwks.check(&rules, token).await.err(), Some(Refusal::UnknownKey));
            counts.push(count.load(Ordering::SeqCst));
        }
        assert_eq!(counts, [1, 1, 1, 2, 2, 3]);
    }
}
