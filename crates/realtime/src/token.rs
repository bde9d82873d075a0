//! Where the provider gets its token from.

use crate::TokenError;
use futures::future::LocalBoxFuture;
use sentinelops_engine::TokenReason;
use std::{fmt, future::Future, rc::Rc};
use yew::html::IntoPropValue;

type Ask = Rc<dyn Fn(TokenReason) -> LocalBoxFuture<'static, Result<Option<String>, TokenError>>>;

/// The `token` prop of the provider: nothing, a string, or a callback that may be async.
///
/// A callback is asked before each dial, at 80 % of the token's life, and when the server refused
/// the last one. It answers within 10 s, or the dial counts as failed. `Ok(None)` is "nobody is
/// signed in". Tokens appear in no log, diagnostic, export or storage.
///
/// ```
/// use sentinelops_realtime::TokenSource;
///
/// let fixed = TokenSource::from("secret");
/// let sync = TokenSource::sync(|_reason| Ok(Some("from memory".to_owned())));
/// let fetched = TokenSource::asynchronous(|_reason| async {
///     // fetch("/token").await …
///     Ok(Some("fetched".to_owned()))
/// });
/// # let _ = (fixed, sync, fetched);
/// ```
#[derive(Clone, Default)]
pub enum TokenSource {
    /// No token.
    #[default]
    None,
    /// Always the same one.
    Fixed(Rc<str>),
    /// A callback that is called for it.
    Callback(TokenCallback),
}

/// A token callback. Made by [`TokenSource::sync`] and [`TokenSource::asynchronous`].
///
/// ```
/// use sentinelops_realtime::TokenSource;
///
/// let source = TokenSource::sync(|_reason| Ok(Some("from memory".to_owned())));
/// let TokenSource::Callback(ask) = &source else { panic!("a callback") };
/// // Cloning keeps the same callback.
/// let same = TokenSource::Callback(ask.clone());
/// # let _ = same;
/// ```
#[derive(Clone)]
pub struct TokenCallback(Ask);

impl TokenSource {
    /// A callback that knows the token at once.
    ///
    /// ```
    /// use sentinelops_realtime::engine::TokenReason;
    /// use sentinelops_realtime::TokenSource;
    ///
    /// let source = TokenSource::sync(|reason| match reason {
    ///     // The server did not take the last one: this session is over.
    ///     TokenReason::Rejected => Ok(None),
    ///     _ => Ok(Some("the session's token".to_owned())),
    /// });
    /// # let _ = source;
    /// ```
    pub fn sync(ask: impl Fn(TokenReason) -> Result<Option<String>, TokenError> + 'static) -> Self {
        Self::Callback(TokenCallback(Rc::new(move |reason| {
            let answer = ask(reason);
            Box::pin(async move { answer })
        })))
    }

    /// A callback that has to fetch it.
    ///
    /// ```
    /// use sentinelops_realtime::TokenSource;
    ///
    /// # async fn fetch(_: &str) -> Result<String, String> { Ok(String::new()) }
    /// let source = TokenSource::asynchronous(|_reason| async {
    ///     // An `Err` is written to the log and counts as a failed dial; it is tried again.
    ///     Ok(Some(fetch("/api/token").await?))
    /// });
    /// # let _ = source;
    /// ```
    pub fn asynchronous<F>(ask: impl Fn(TokenReason) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Option<String>, TokenError>> + 'static,
    {
        Self::Callback(TokenCallback(Rc::new(move |reason| Box::pin(ask(reason)))))
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn ask(
        &self,
        reason: TokenReason,
    ) -> LocalBoxFuture<'static, Result<Option<String>, TokenError>> {
        match self {
            Self::None => Box::pin(async { Ok(None) }),
            Self::Fixed(token) => {
                let token = token.to_string();
                Box::pin(async move { Ok(Some(token)) })
            }
            Self::Callback(ask) => (ask.0)(reason),
        }
    }
}

impl PartialEq for TokenSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Fixed(a), Self::Fixed(b)) => a == b,
            (Self::Callback(a), Self::Callback(b)) => Rc::ptr_eq(&a.0, &b.0),
            _ => false,
        }
    }
}

impl fmt::Debug for TokenSource {
    // A token is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Fixed(_) => "Fixed(…)",
            Self::Callback(_) => "Callback(…)",
        })
    }
}

impl From<&str> for TokenSource {
    fn from(token: &str) -> Self {
        Self::Fixed(token.into())
    }
}

impl From<String> for TokenSource {
    fn from(token: String) -> Self {
        Self::Fixed(token.into())
    }
}

impl IntoPropValue<TokenSource> for &str {
    fn into_prop_value(self) -> TokenSource {
        self.into()
    }
}

impl IntoPropValue<TokenSource> for String {
    fn into_prop_value(self) -> TokenSource {
        self.into()
    }
}
