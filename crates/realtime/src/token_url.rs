//! Tokens from an address of the page's own origin, asked for with the browser's cookies.

use super::url::{check_own_path, without_query};
use super::{TokenError, TokenSource};
use sentinelops_engine::TokenReason;
use sentinelops_protocol::{Fields, Json};
use std::fmt;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, RequestCache, RequestCredentials, RequestInit, RequestRedirect, Response,
};

/// Longest wait for an answer, ms. The worker waits 10 s for a token.
const PATIENCE_MS: u32 = 9_000;

/// An address that answers `{"token": "…"}`: a path of the page's own origin, such as `/token`.
///
/// It is asked by GET with the page's cookies, follows no redirect and is never cached. An answer of 401 or 403 and any
/// redirect mean that nobody is signed in. As the provider's token it is asked before each dial, at 80 % of the token's
/// life, and when the server refused the last token.
///
/// ```
/// use sentinelops_realtime::{TokenSource, TokenUrl, WebSocketProvider};
/// use yew::prelude::*;
///
/// #[component]
/// fn App() -> Html {
///     let token = use_memo((), |()| TokenUrl::new("/token").map(TokenSource::from).unwrap_or_default());
///     html! { <WebSocketProvider url="/ws" token={(*token).clone()}>{ "…" }</WebSocketProvider> }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUrl(Rc<str>);

/// What a [`TokenUrl`] answers.
///
/// ```
/// use sentinelops_realtime::{TokenResponse, TokenUrl};
///
/// async fn line(url: TokenUrl) -> String {
///     match url.fetch().await {
///         Ok(TokenResponse::Token { user, .. }) => format!("Signed in as {}", user.unwrap_or_default()),
///         Ok(TokenResponse::SignIn) => "Nobody is signed in".to_owned(),
///         Err(why) => why.to_string(),
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum TokenResponse {
    /// A token.
    Token {
        /// The token. It appears in no log, diagnostic, export or storage.
        token: String,
        /// Whose it is: `user` of the answer, else the token's own `sub`. A hint, under which name messages wait on
        /// this device: the server decides, in its `welcome`.
        user: Option<String>,
    },
    /// Nobody is signed in, or no longer.
    SignIn,
}

impl fmt::Debug for TokenResponse {
    // A token is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token { user, .. } => f.debug_struct("Token").field("user", user).finish_non_exhaustive(),
            Self::SignIn => f.write_str("SignIn"),
        }
    }
}

impl TokenUrl {
    /// Takes a path of the page's own origin.
    ///
    /// ```
    /// use sentinelops_realtime::TokenUrl;
    ///
    /// assert!(TokenUrl::new("/token").is_ok());
    /// assert!(TokenUrl::new("https://id.example/token").is_err(), "cookies and tokens stay within the origin");
    /// ```
    ///
    /// # Errors
    /// [`TokenError::BadPath`], which says what is allowed.
    pub fn new(path: &str) -> Result<Self, TokenError> {
        check_own_path(path, "/token").map(|()| Self(path.into())).map_err(TokenError::BadPath)
    }

    /// Asks for a token.
    ///
    /// ```
    /// use sentinelops_realtime::{TokenResponse, TokenUrl};
    ///
    /// async fn is_signed_in(url: &TokenUrl) -> bool {
    ///     matches!(url.fetch().await, Ok(TokenResponse::Token { .. }))
    /// }
    /// ```
    ///
    /// # Errors
    /// What was answered instead, and what to do. Asking again later may help.
    pub async fn fetch(&self) -> Result<TokenResponse, TokenError> {
        let shown = without_query(&self.0);
        let answered = fetch(&self.0).await.map_err(|_| TokenError::NoAnswer { url: shown.to_owned() })?;
        judge(shown, answered.status, &answered.body, decode)
    }
}

impl From<TokenUrl> for TokenSource {
    fn from(url: TokenUrl) -> Self {
        Self::asynchronous(move |_: TokenReason| {
            let url = url.clone();
            async move {
                Ok(match url.fetch().await? {
                    TokenResponse::Token { token, .. } => Some(token),
                    TokenResponse::SignIn => None,
                })
            }
        })
    }
}

/// What was answered.
struct Answered {
    /// 0: a redirect that was not followed.
    status: u16,
    body: String,
}

async fn fetch(url: &str) -> Result<Answered, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MS)));
    let response: Response = JsFuture::from(window.fetch_with_str_and_init(url, &init)).await?.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Answered { status: response.status(), body })
}

/// base64url of UTF-8.
fn decode(text: &str) -> Option<String> {
    let bytes = web_sys::window()?.atob(&text.replace('-', "+").replace('_', "/")).ok()?;
    // The browser gives a character for each byte.
    String::from_utf8(bytes.chars().map(|c| c as u8).collect()).ok()
}

/// What an answer means. `decode` reads base64url.
fn judge(
    url: &str,
    status: u16,
    body: &str,
    decode: impl Fn(&str) -> Option<String>,
) -> Result<TokenResponse, TokenError> {
    match status {
        0 | 300..=399 | 401 | 403 => return Ok(TokenResponse::SignIn),
        200..=299 => {}
        _ => return Err(TokenError::Status { url: url.to_owned(), status }),
    }
    let expected = || {
        let found = if body.trim_start().starts_with('<') { "a page" } else { "something else" };
        TokenError::NoToken { url: url.to_owned(), found }
    };
    let json = Json::parse(body).map_err(|_| expected())?;
    let mut fields = Fields::of("token", &json).map_err(|_| expected())?;
    let token = fields.text("token").map_err(|_| expected())?;
    let user = fields.optional_text("user").map_err(|_| expected())?;
    if token.is_empty() {
        return Err(expected());
    }
    let subject = || {
        let claims = Json::parse(&decode(token.split('.').nth(1)?)?).ok()?;
        Fields::of("claims", &claims).ok()?.optional_text("sub").ok()?
    };
    let user = user.or_else(subject).filter(|user| !user.is_empty());
    Ok(TokenResponse::Token { token, user })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Instead of base64url: the text itself.
    fn plain(text: &str) -> Option<String> {
        text.starts_with('{').then(|| text.to_owned())
    }

    fn answer(status: u16, body: &str) -> Result<TokenResponse, TokenError> {
        judge("/token", status, body, plain)
    }

    fn token(token: &str, user: Option<&str>) -> Result<TokenResponse, TokenError> {
        Ok(TokenResponse::Token { token: token.to_owned(), user: user.map(str::to_owned) })
    }

    #[test]
    fn only_paths_of_the_own_origin_are_token_urls() {
        for path in ["/token", "/", "/a/b?c=d", "/token?for=console"] {
            assert!(TokenUrl::new(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "token",
            "https://ops.example/token",
            "//evil.example/token",
            "/\\evil.example",
            "/\t/evil.example",
            "/a b",
            "/token#x",
            "javascript:alert(1)",
        ] {
            let error = TokenUrl::new(path).expect_err(path).to_string();
            assert!(error.contains("own origin") && error.contains("/token"), "{error}");
        }
    }

    #[test]
    fn refusals_and_redirects_ask_for_a_sign_in() {
        for status in [401, 403, 0, 302, 303, 307] {
            assert_eq!(answer(status, "<html>"), Ok(TokenResponse::SignIn), "{status}");
        }
    }

    #[test]
    fn user_is_that_of_the_answer_or_the_tokens_subject() {
        assert_eq!(answer(200, r#"{"token": "opaque"}"#), token("opaque", None));
        assert_eq!(answer(200, r#"{"token": "h.no json.s"}"#), token("h.no json.s", None));
        let body = r#"{"token": "h.{\"sub\": \"ann\", \"exp\": 1}.s"}"#;
        let jwt = r#"h.{"sub": "ann", "exp": 1}.s"#;
        assert_eq!(answer(200, body), token(jwt, Some("ann")));
        let named = body.replace('}', "").replace(".s\"", "}.s\", \"user\": \"bob\"}");
        assert_eq!(answer(200, &named), token(jwt, Some("bob")));
        assert_eq!(answer(200, r#"{"token": "t", "user": ""}"#), token("t", None));
    }

    #[test]
    fn other_answers_are_named_with_what_is_expected_and_quoted_by_none() {
        for (status, body, words) in [
            (404, "s3cret", "404"),
            (500, "s3cret", "500"),
            (502, "s3cret", "502"),
            (429, "s3cret", "429"),
            (200, "<!doctype html>s3cret", "a page"),
            (200, "s3cret", "{\"token\": \"…\"} is expected"),
            (200, r#"{"access_token": "s3cret"}"#, "check the address"),
            (200, r#"{"token": 471108}"#, "expected"),
            (200, r#"{"token": ""}"#, "expected"),
            (204, "", "expected"),
        ] {
            let error = answer(status, body).expect_err(body).to_string();
            assert!(error.starts_with("/token answers") && error.contains(words), "{error}");
            assert!(!error.contains("s3cret") && !error.contains("471108"), "{error}");
        }
    }

    #[test]
    fn an_answer_is_printed_without_its_token() {
        let shown = format!("{:?}", token("s3cret", Some("ann")));
        assert!(shown.contains("ann") && !shown.contains("s3cret"), "{shown}");
    }
}
