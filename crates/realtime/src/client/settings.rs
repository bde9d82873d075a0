//! What a running client knows of its options: resolved and checked.

use super::ClientOptions;
use crate::bridge::{Init, PageId};
use crate::error::SetupError;
use crate::platform::Platform;
use crate::url::{ServerUrl, resolve};
use crate::{PortFactory, TokenSource};
use sentinelops_engine::{EngineOptions, Options};

/// The options of a running client, checked: the URL in them is absolute, an empty user is none, `debug` counts wherever
/// it was set. Token and port are left out: they are held elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub url: ServerUrl,
    pub options: ClientOptions,
}

/// Which client: one a page for each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub url: String,
    pub user: Option<String>,
    pub port: Option<PortFactory>,
}

impl Settings {
    /// Resolves the URL; everything else is taken as given. With the error come settings that show the URL that was
    /// refused.
    pub(crate) fn resolved(
        options: &ClientOptions,
        platform: &dyn Platform,
    ) -> Result<Self, (Box<Self>, SetupError)> {
        let mut settings = Self {
            url: ServerUrl { full: String::new(), shown: String::new() },
            options: ClientOptions {
                user: options.user().map(str::to_owned),
                debug: options.is_debug(),
                token: TokenSource::None,
                port: None,
                ..options.clone()
            },
        };
        match resolve(&server(options, || platform.server()), &platform.page_url()) {
            Ok(url) => settings.url = url,
            Err(error) => {
                if let SetupError::BadUrl { url, .. } | SetupError::Insecure { url } = &error {
                    settings.url.shown.clone_from(url);
                }
                return Err((Box::new(settings), error));
            }
        }
        let connection = &mut settings.options.options;
        connection.url.clone_from(&settings.url.full);
        connection.debug = settings.options.debug;
        Ok(settings)
    }

    /// The first message to the worker.
    pub(crate) fn init(&self, page: &PageId, platform: &dyn Platform, has_token: bool) -> Init {
        let scope = self.scope(&platform.base_path());
        Init {
            engine: EngineOptions {
                connection: self.options.options.clone(),
                outbox: self.options.outbox.clone(),
                user: self.options.user.clone(),
                session: platform.session(&scope),
                client: concat!("sentinelops/", env!("CARGO_PKG_VERSION")).to_owned(),
                tab: page.clone(),
                has_token_provider: has_token,
            },
            scope,
            page: page.clone(),
            auto_connect: self.options.auto_connect,
            visible: platform.visible(),
        }
    }

    /// Names database, lock and channels: app, server, user. The query is only hashed: it tells
    /// servers apart, and may hold secrets that no name should show.
    pub(super) fn scope(&self, base: &str) -> String {
        let query = self.url.full.split_once('?').map_or(0, |(_, query)| {
            query.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        });
        let user = self.options.user.as_deref().unwrap_or("anonymous");
        format!("{base}|{}|{query:x}|{user}", self.url.shown)
    }
}

/// The server: that of the options, else the one that the page names, else the default.
fn server(options: &ClientOptions, page: impl FnOnce() -> Option<String>) -> String {
    let connection = &options.options.url;
    match &options.url {
        Some(url) => url.clone(),
        None if *connection == Options::default().url => page().unwrap_or_else(|| connection.clone()),
        None => connection.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeConnection;

    fn settings(url: &str) -> Settings {
        Settings::resolved(&url.into(), &*FakeConnection::new().port().platform()).unwrap()
    }

    #[test]
    fn page_names_the_server_where_the_program_names_none() {
        let page = || Some("wss://page/ws".to_owned());
        let mut options = ClientOptions::default();
        assert_eq!(server(&options, || None), "ws://localhost:3001");
        assert_eq!(server(&options, page), "wss://page/ws");
        options.options.url = "ws://options".to_owned();
        assert_eq!(server(&options, page), "ws://options");
        options.url = Some("ws://prop".to_owned());
        assert_eq!(server(&options, page), "ws://prop");
    }

    #[test]
    fn scopes_differ_by_query_and_do_not_show_it() {
        let (a, b) = (settings("ws://h/x?tenant=a").scope("/"), settings("ws://h/x?tenant=b").scope("/"));
        assert_ne!(a, b);
        assert!(!a.contains("tenant"), "{a}");
        assert!(a.ends_with("|anonymous"));
    }
}
