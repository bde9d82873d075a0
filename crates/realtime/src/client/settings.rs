//! What a client is made from: the provider's props, resolved and checked.

use crate::PortFactory;
use crate::bridge::{Init, PageId};
use crate::error::SetupError;
use crate::platform::Platform;
use crate::url::{ServerUrl, resolve};
use sentinelops_engine::{EngineOptions, Options, OutboxOptions};

/// Resolved props. Two providers of one page share a client when key and settings are equal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub url: ServerUrl,
    pub user: Option<String>,
    pub enabled: bool,
    pub auto_connect: bool,
    pub debug: bool,
    pub debug_contents: bool,
    pub options: Options,
    pub outbox: OutboxOptions,
    pub worker_url: Option<String>,
}

/// Which client: one a page for each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub url: String,
    pub user: Option<String>,
    pub port: Option<PortFactory>,
}

impl Settings {
    /// What a provider without props but this URL has.
    #[cfg(test)]
    pub(crate) fn defaults(url: ServerUrl) -> Self {
        Self {
            url,
            user: None,
            enabled: true,
            auto_connect: true,
            debug: false,
            debug_contents: false,
            options: Options::default(),
            outbox: OutboxOptions::default(),
            worker_url: None,
        }
    }

    /// Resolves the URL; everything else is taken as given.
    pub(crate) fn resolved(mut self, url: &str, platform: &dyn Platform) -> Result<Self, SetupError> {
        self.url = resolve(url, &platform.page_url())?;
        self.options.url.clone_from(&self.url.full);
        self.options.debug = self.debug;
        Ok(self)
    }

    /// What another provider of the same key says differently, in words.
    pub(crate) fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let mut found = Vec::new();
        let mut compare = |name, ours: String, theirs: String| {
            if ours != theirs {
                found.push((name, ours, theirs));
            }
        };
        macro_rules! fields {
            ($($name:literal: $($path:ident).+),+ $(,)?) => {
                $(compare($name, format!("{:?}", self.$($path).+), format!("{:?}", other.$($path).+));)+
            };
        }
        fields! {
            "enabled": enabled,
            "auto_connect": auto_connect,
            "debug": debug,
            "debug_contents": debug_contents,
            "worker_url": worker_url,
            "options.reconnect": options.reconnect,
            "options.reconnect_interval_ms": options.reconnect_interval_ms,
            "options.max_reconnect_interval_ms": options.max_reconnect_interval_ms,
            "options.reconnect_decay": options.reconnect_decay,
            "options.max_reconnect_attempts": options.max_reconnect_attempts,
            "options.timeout_ms": options.timeout_ms,
            "options.reconnect_floor_ms": options.reconnect_floor_ms,
            "options.mode": options.mode,
            "options.token_in": options.token_in,
            "options.ping_interval_ms": options.ping_interval_ms,
            "options.stable_after_ms": options.stable_after_ms,
            "outbox.enabled": outbox.enabled,
            "outbox.persist": outbox.persist,
            "outbox.capacity": outbox.capacity,
            "outbox.max_bytes": outbox.max_bytes,
            "outbox.window": outbox.window,
            "outbox.critical_reserve": outbox.critical_reserve,
            "outbox.max_attempts": outbox.max_attempts,
            "outbox.max_age_ms": outbox.max_age_ms,
        }
        found
    }

    /// What the worker is told first.
    pub(crate) fn init(&self, page: &PageId, platform: &dyn Platform, has_token: bool) -> Init {
        let scope = self.scope(&platform.base_path());
        Init {
            engine: EngineOptions {
                connection: self.options.clone(),
                outbox: self.outbox.clone(),
                user: self.user.clone(),
                session: platform.session(&scope),
                client: concat!("sentinelops/", env!("CARGO_PKG_VERSION")).to_owned(),
                tab: page.clone(),
                has_token_provider: has_token,
            },
            scope,
            page: page.clone(),
            auto_connect: self.auto_connect,
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
        let user = self.user.as_deref().unwrap_or("anonymous");
        format!("{base}|{}|{query:x}|{user}", self.url.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings::defaults(resolve(url, "").unwrap())
    }

    #[test]
    fn a_contradiction_names_each_option_with_both_values() {
        let one = settings("ws://h");
        let mut other = one.clone();
        assert!(one.differences(&other).is_empty());
        other.options.timeout_ms = 5;
        other.auto_connect = false;
        let error = SetupError::Contradiction { differences: one.differences(&other) }.to_string();
        assert!(error.contains("auto_connect is true there and false here"), "{error}");
        assert!(error.contains("options.timeout_ms is 10000 there and 5 here"), "{error}");
    }

    #[test]
    fn scopes_differ_by_query_and_do_not_show_it() {
        let (a, b) = (settings("ws://h/x?tenant=a").scope("/"), settings("ws://h/x?tenant=b").scope("/"));
        assert_ne!(a, b);
        assert!(!a.contains("tenant"), "{a}");
        assert!(a.ends_with("|anonymous"));
    }
}
