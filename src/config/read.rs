//! Key by key, from text to values.

use super::{AppConfig, BuildEnv, CONFIG_ELEMENT, ConfigError, ConfigSource, LinkTemplate};

use super::value::Value;
use sentinelops_engine::{ModeOption, OutboxOptions, TokenIn};
use sentinelops_protocol::Json;
use sentinelops_realtime::url::{check_own_path, check_server_url, without_query};
use sentinelops_realtime::{SetupError, TokenUrl};
use std::fmt;

/// Takes what it can use and notes the rest.
pub(super) struct Reader {
    pub config: AppConfig,
    pub errors: Vec<ConfigError>,
}

impl Reader {
    pub(super) fn build(&mut self, build: &BuildEnv) {
        let set = |value: Option<&'static str>| value.map(str::trim).filter(|value| !value.is_empty());
        if let Some(url) = set(build.url) {
            self.url(ConfigSource::Build, "SENTINELOPS_WEBSOCKET_URL", url);
        }
        let flags = [
            ("SENTINELOPS_ENABLE_WEBSOCKET", build.enable_websocket, 0),
            ("SENTINELOPS_ENABLE_OFFLINE_MODE", build.enable_offline_mode, 1),
            ("SENTINELOPS_ENABLE_MESSAGE_QUEUE", build.enable_message_queue, 2),
        ];
        for (key, value, which) in flags {
            let Some(value) = set(value) else { continue };
            let field = match which {
                0 => &mut self.config.enable_websocket,
                1 => &mut self.config.enable_offline_mode,
                _ => &mut self.config.enable_message_queue,
            };
            match value {
                "true" | "1" => *field = true,
                "false" | "0" => *field = false,
                _ => {
                    let allowed = format!("true or false is allowed; using {field}");
                    self.error(ConfigSource::Build, key, format!("{value:?}"), allowed);
                }
            }
        }
    }

    pub(super) fn page(&mut self, text: &str) {
        let json = match Json::parse(text) {
            Ok(json) => json,
            Err(error) => {
                let allowed = format!("a JSON object is allowed ({error}); nothing of it is used");
                return self.error(ConfigSource::Page, CONFIG_ELEMENT, "not JSON".to_owned(), allowed);
            }
        };
        let Value::Object(values) = Value::of(&json) else {
            let allowed = "a JSON object is allowed; nothing of it is used".to_owned();
            return self.error(ConfigSource::Page, CONFIG_ELEMENT, kind(&Value::of(&json)), allowed);
        };
        // First, so that what stands beside `options` wins over what it says of the same thing.
        let (options, others): (Vec<_>, Vec<_>) = values.iter().partition(|(key, _)| *key == "options");
        for (key, value) in options.into_iter().chain(others) {
            self.key(key, value);
        }
    }

    fn key(&mut self, key: &str, value: &Value) {
        let config = &mut self.config;
        let result = match key {
            "url" => return self.url_value(key, value),
            "enableWebsocket" => flag(&mut config.enable_websocket, value),
            "enableOfflineMode" => flag(&mut config.enable_offline_mode, value),
            "enableMessageQueue" => flag(&mut config.enable_message_queue, value),
            "autoConnect" => flag(&mut config.auto_connect, value),
            "debug" => flag(&mut config.debug, value),
            "debugContents" => flag(&mut config.debug_contents, value),
            "user" => text(&mut config.user, value),
            "token" => text(&mut config.token, value),
            "tokenUrl" | "signInUrl" => return self.path(key, value),
            "linkTemplates" => return self.link_templates(key, value),
            "workerUrl" => text(&mut config.worker_url, value),
            "options" => return self.group(key, value, OPTIONS, option),
            "outbox" => return self.group(key, value, OUTBOX, outbox),
            _ => {
                let known = "url, enableWebsocket, enableOfflineMode, enableMessageQueue, autoConnect, debug, \
                             debugContents, user, token, tokenUrl, signInUrl, linkTemplates, workerUrl, options \
                             or outbox is allowed";
                return self.unknown(key, known);
            }
        };
        if let Err(allowed) = result {
            // A token is shown nowhere, not even a wrong one.
            let shown = if key == "token" { NOT_SHOWN.to_owned() } else { short(value) };
            self.error(ConfigSource::Page, key, shown, allowed);
        }
    }

    fn group(
        &mut self,
        name: &str,
        value: &Value,
        known: &str,
        read: fn(&mut AppConfig, &str, &Value) -> Option<Checked>,
    ) {
        let Value::Object(values) = value else {
            let allowed = "a JSON object is allowed; nothing of it is used".to_owned();
            return self.error(ConfigSource::Page, name, kind(value), allowed);
        };
        for (key, value) in values {
            let path = format!("{name}.{key}");
            if path == "options.url" {
                self.url_value(&path, value);
                continue;
            }
            match read(&mut self.config, key, value) {
                Some(Ok(())) => {}
                Some(Err(allowed)) => self.error(ConfigSource::Page, &path, short(value), allowed),
                None => self.unknown(&path, known),
            }
        }
    }

    fn url_value(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(url) => self.url(ConfigSource::Page, key, url),
            _ => {
                let allowed = "a text is allowed, for example wss://ops.example.com/ws".to_owned();
                self.error(ConfigSource::Page, key, kind(value), allowed);
            }
        }
    }

    /// An address of the page's own origin, or `null`. Its query is not shown.
    fn path(&mut self, key: &str, value: &Value) {
        let path = match value {
            Value::Null => None,
            Value::String(path) => Some(path.as_str()),
            _ => {
                let allowed = "a text or null is allowed".to_owned();
                return self.error(ConfigSource::Page, key, kind(value), allowed);
            }
        };
        let set = match key {
            "tokenUrl" => {
                let url = path.map(TokenUrl::new).transpose().map_err(|error| error.to_string());
                url.map(|url| self.config.token_url = url)
            }
            _ => {
                let checked =
                    path.map(|path| check_own_path(path, "/oauth2/start").map(|()| path.to_owned()));
                let checked = checked.transpose().map_err(|error| error.to_string());
                checked.map(|url| self.config.sign_in_url = url)
            }
        };
        if let Err(allowed) = set {
            let shown = format!("{:?}", without_query(path.unwrap_or_default()));
            self.error(ConfigSource::Page, key, shown, format!("{allowed}; it is not used"));
        }
    }

    /// Each by itself: a wrong one takes none of the others away. Queries are not shown.
    fn link_templates(&mut self, key: &str, value: &Value) {
        let Value::Array(templates) = value else {
            let allowed = format!("an array of {TEMPLATE} is allowed; there are no links");
            return self.error(ConfigSource::Page, key, kind(value), allowed);
        };
        for (at, value) in templates.iter().enumerate() {
            let text = |name| value.get(name).and_then(Value::as_str);
            let url = text("url");
            let read = match (value.len(), text("label"), url) {
                _ if at >= MOST_TEMPLATES => Err(format!("at most {MOST_TEMPLATES} are allowed")),
                (Some(2), Some(label), Some(url)) => LinkTemplate::new(label, url),
                _ => Err(format!("{TEMPLATE} is allowed")),
            };
            match read {
                Ok(template) => self.config.link_templates.push(template),
                Err(allowed) => {
                    let shown = url.map_or_else(|| kind(value), |url| format!("{:?}", without_query(url)));
                    let allowed = format!("{allowed}; it is not used");
                    self.error(ConfigSource::Page, &format!("{key}[{at}]"), shown, allowed);
                }
            }
        }
    }

    /// Its value is not shown: it may be a token under a misspelt name.
    fn unknown(&mut self, key: &str, known: &str) {
        let allowed = format!("no such key; {known}");
        self.error(ConfigSource::Page, key, NOT_SHOWN.to_owned(), allowed);
    }

    fn url(&mut self, source: ConfigSource, key: &str, url: &str) {
        if let Err(SetupError::BadUrl { url: shown, why }) = check_server_url(url) {
            let allowed = format!("{why}; using {}", without_query(&self.config.url));
            return self.error(source, key, format!("{shown:?}"), allowed);
        }
        self.config.url = url.to_owned();
    }

    fn error(&mut self, source: ConfigSource, key: &str, value: String, allowed: String) {
        self.errors.push(ConfigError { key: key.to_owned(), value, source, allowed });
    }
}

/// What is allowed, when the value is not.
type Checked = Result<(), String>;

const TEMPLATE: &str = r#"{"label": "Runbook", "url": "https://runbooks.example/{alertname}"}"#;

/// More links on each alert would not be read.
const MOST_TEMPLATES: usize = 10;

/// Stands where a value may be a secret.
const NOT_SHOWN: &str = "(not shown)";

const OPTIONS: &str = "url, reconnect, reconnectInterval, maxReconnectInterval, reconnectDecay, \
                       maxReconnectAttempts, timeout, debug, reconnectFloor, pingInterval, stableAfter, mode or \
                       tokenIn is allowed";
const OUTBOX: &str = "capacity, maxBytes, window, criticalReserve, maxAttempts or maxAge is allowed \
                      (enableMessageQueue and enableOfflineMode switch it)";

/// `None`: there is no such key.
fn option(config: &mut AppConfig, key: &str, value: &Value) -> Option<Checked> {
    if key == "debug" {
        return Some(flag(&mut config.debug, value));
    }
    let options = &mut config.options;
    Some(match key {
        "reconnect" => flag(&mut options.reconnect, value),
        "reconnectInterval" => number(&mut options.reconnect_interval_ms, value, 0..=3_600_000),
        "maxReconnectInterval" => number(&mut options.max_reconnect_interval_ms, value, 0..=3_600_000),
        "reconnectDecay" => match value.as_f64() {
            Some(decay) if (1.0..=10.0).contains(&decay) => {
                options.reconnect_decay = decay;
                Ok(())
            }
            _ => Err(format!("a number from 1 to 10 is allowed; using {}", options.reconnect_decay)),
        },
        "maxReconnectAttempts" if *value == Value::Null => {
            options.max_reconnect_attempts = None;
            Ok(())
        }
        "maxReconnectAttempts" => match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) => {
                options.max_reconnect_attempts = Some(n);
                Ok(())
            }
            None => Err("a whole number, or null for no limit, is allowed; using no limit".to_owned()),
        },
        "timeout" => number(&mut options.timeout_ms, value, 100..=600_000),
        "reconnectFloor" => number(&mut options.reconnect_floor_ms, value, 0..=3_600_000),
        "pingInterval" => number(&mut options.ping_interval_ms, value, 100..=3_600_000),
        "stableAfter" => number(&mut options.stable_after_ms, value, 0..=3_600_000),
        "mode" => choice(
            &mut options.mode,
            value,
            &[
                ("auto", ModeOption::Auto),
                ("full", ModeOption::Full),
                ("basic", ModeOption::Basic),
                ("raw", ModeOption::Raw),
            ],
        ),
        "tokenIn" => choice(
            &mut options.token_in,
            value,
            &[("auto", TokenIn::Auto), ("query", TokenIn::Query), ("frame", TokenIn::Frame)],
        ),
        _ => return None,
    })
}

/// `None`: there is no such key.
fn outbox(config: &mut AppConfig, key: &str, value: &Value) -> Option<Checked> {
    let outbox = &mut config.outbox;
    Some(match key {
        "capacity" => number(&mut outbox.capacity, value, 1..=100_000),
        "maxBytes" => number(&mut outbox.max_bytes, value, 65_536..=1_073_741_824),
        "window" => number(&mut outbox.window, value, 1..=1_024),
        "criticalReserve" => number(&mut outbox.critical_reserve, value, 0..=1_023),
        "maxAttempts" => number(&mut outbox.max_attempts, value, 1..=1_000),
        "maxAge" => number(&mut outbox.max_age_ms, value, 1_000..=OutboxOptions::MOST_AGE_MS),
        _ => return None,
    })
}

fn flag(field: &mut bool, value: &Value) -> Checked {
    match value {
        Value::Bool(value) => *field = *value,
        Value::String(text) if text == "true" => *field = true,
        Value::String(text) if text == "false" => *field = false,
        _ => return Err(format!("true or false is allowed; using {field}")),
    }
    Ok(())
}

fn text(field: &mut Option<String>, value: &Value) -> Checked {
    match value {
        Value::Null => *field = None,
        Value::String(text) => *field = Some(text.clone()).filter(|text| !text.is_empty()),
        _ => return Err("a text or null is allowed".to_owned()),
    }
    Ok(())
}

fn number<T>(field: &mut T, value: &Value, range: std::ops::RangeInclusive<u64>) -> Checked
where
    T: TryFrom<u64> + fmt::Display,
{
    let found = value.as_u64().filter(|number| range.contains(number)).and_then(|n| T::try_from(n).ok());
    match found {
        Some(number) => {
            *field = number;
            Ok(())
        }
        None => {
            Err(format!("a whole number from {} to {} is allowed; using {field}", range.start(), range.end()))
        }
    }
}

fn choice<T: Copy + PartialEq>(field: &mut T, value: &Value, known: &[(&str, T)]) -> Checked {
    match known.iter().find(|(name, _)| value.as_str() == Some(name)) {
        Some((_, choice)) => {
            *field = *choice;
            Ok(())
        }
        None => {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            Err(format!("one of {} is allowed", names.join(", ")))
        }
    }
}

/// What stands where an object or a text belongs. Not the value: it may hold a token.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
    .to_owned()
}

/// A value as it was written, cut.
fn short(value: &Value) -> String {
    let text = value.written();
    match text.char_indices().nth(80) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
