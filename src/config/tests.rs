//! What is read from where, and what is reported about the rest.

use super::*;
use sentinelops_engine::{ModeOption, TokenIn};
use sentinelops_protocol::Channel;
use sentinelops_realtime::WebSocketProviderProps;

fn page(text: &str) -> (AppConfig, Vec<String>) {
    let (config, errors) = AppConfig::parse(Some(text), &BuildEnv::default());
    (config, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn page_over_build_over_default() {
    let build = BuildEnv {
        url: Some("wss://build.example/ws"),
        enable_websocket: Some("false"),
        enable_message_queue: Some("0"),
        ..BuildEnv::default()
    };
    let (config, errors) = AppConfig::parse(Some(r#"{"url": "/live", "enableWebsocket": true}"#), &build);
    assert_eq!(errors, []);
    assert_eq!((config.url.as_str(), config.options.url.as_str()), ("/live", "/live"));
    assert!(config.enable_websocket);
    assert!(!config.outbox.enabled);
    assert!(config.outbox.persist);
    for nothing in [None, Some(""), Some(" {} ")] {
        let (config, errors) = AppConfig::parse(nothing, &BuildEnv::default());
        assert_eq!((config, errors), (AppConfig::default(), vec![]));
    }
    let (config, errors) = AppConfig::parse(None, &build);
    assert_eq!((config.url.as_str(), errors.len()), ("wss://build.example/ws", 0));
}

#[test]
fn a_bad_value_names_key_value_and_what_is_allowed() {
    let build = BuildEnv { enable_offline_mode: Some("yes"), ..BuildEnv::default() };
    let (_, errors) = AppConfig::parse(None, &build);
    assert_eq!(
        errors[0].to_string(),
        "SENTINELOPS_ENABLE_OFFLINE_MODE is \"yes\" (build environment): true or false is allowed; using true"
    );
    let (config, errors) =
        page(r#"{"url": "ws://h:99999/x?token=s3cret", "options": {"timeout": -1, "mode": "both"}}"#);
    assert_eq!(config.url, "ws://localhost:3001");
    let errors = errors.join("\n");
    assert!(errors.contains("url is \"ws://h:99999/x\""), "{errors}");
    assert!(errors.contains("1 to 65535"), "{errors}");
    assert!(!errors.contains("s3cret"), "{errors}");
    assert!(errors.contains("options.timeout is -1"), "{errors}");
    assert!(errors.contains("one of auto, full, basic, raw is allowed"), "{errors}");
}

#[test]
fn what_is_no_object_and_what_is_unknown() {
    assert!(page("[1]").1[0].contains("a JSON object is allowed"));
    assert!(page("{oops").1[0].contains("not JSON"));
    assert!(page(r#"{"URL": 1}"#).1[0].contains("no such key"));
    assert!(page(r#"{"outbox": {"size": 1}}"#).1[0].starts_with("outbox.size is (not shown)"));
    assert!(page(r#"{"options": []}"#).1[0].starts_with("options is an array"));
}

#[test]
fn an_error_shows_no_secret() {
    for text in [
        r#"{"token": 47110815}"#,
        r#"{"Token": "47110815"}"#,
        r#"{"authToken": "47110815"}"#,
        r#"{"options": {"token": "47110815", "Url": "wss://h/?t=47110815"}}"#,
        r#"{"options": {"url": "ftp://h/?t=47110815"}, "outbox": "47110815"}"#,
        r#"{"url": "ws://me:47110815@h", "options": {"url": ["47110815"]}}"#,
        r#"["47110815"]"#,
    ] {
        let errors = page(text).1.join("\n");
        assert!(!errors.is_empty() && !errors.contains("47110815"), "{text}: {errors}");
    }
    // The one that is used instead is shown, without its query.
    let build = BuildEnv { url: Some("wss://build.example/ws?t=47110815"), ..BuildEnv::default() };
    let (_, errors) = AppConfig::parse(Some(r#"{"url": "ftp://h"}"#), &build);
    assert!(errors[0].to_string().ends_with("; using wss://build.example/ws"), "{}", errors[0]);
}

#[test]
fn the_documented_names_are_options_too_and_the_plain_ones_win() {
    let (config, errors) = page(r#"{"options": {"url": "/live", "debug": true}}"#);
    assert_eq!((config.url.as_str(), config.options.url.as_str(), errors.len()), ("/live", "/live", 0));
    assert!(config.debug && config.options.debug);
    let (config, _) =
        page(r#"{"debug": false, "url": "/first", "options": {"url": "/live", "debug": true}}"#);
    assert_eq!((config.url.as_str(), config.debug), ("/first", false));
}

#[test]
fn every_key_is_read() {
    let (config, errors) = page(
        r#"{"enableOfflineMode": false, "enableMessageQueue": "false", "autoConnect": false, "debug": true,
            "debugContents": true, "user": "ann", "token": "t", "workerUrl": "w.js",
            "tokenUrl": "/token", "signInUrl": "/oauth2/start",
            "linkTemplates": [{"label": "Runbook", "url": "https://runbooks.example/{alertname}"}],
            "options": {"reconnect": false, "reconnectInterval": 1, "maxReconnectInterval": 2,
              "reconnectDecay": 2.5, "maxReconnectAttempts": 3, "timeout": 400, "reconnectFloor": 0,
              "pingInterval": 500, "stableAfter": 6, "mode": "basic", "tokenIn": "frame"},
            "outbox": {"capacity": 7, "maxBytes": 70000, "window": 8, "criticalReserve": 1,
              "maxAttempts": 9, "maxAge": 10000}}"#,
    );
    assert_eq!(errors, [] as [String; 0]);
    assert!(!config.outbox.persist && !config.outbox.enabled && config.options.debug);
    assert_eq!((config.user.as_deref(), config.worker_url.as_deref()), (Some("ann"), Some("w.js")));
    assert_eq!((config.options.max_reconnect_attempts, config.options.timeout_ms), (Some(3), 400));
    assert_eq!((config.options.mode, config.options.token_in), (ModeOption::Basic, TokenIn::Frame));
    assert_eq!((config.outbox.capacity, config.outbox.max_age_ms), (7, 10_000));
    assert_eq!(config.token_url, TokenUrl::new("/token").ok());
    assert_eq!(config.sign_in_url.as_deref(), Some("/oauth2/start"));
    let runbook = LinkTemplate::new("Runbook", "https://runbooks.example/{alertname}");
    assert_eq!(Ok(config.link_templates), runbook.map(|link| vec![link]));
}

#[test]
fn every_field_arrives_at_the_provider() {
    let json = r#"{
        "url": "/live", "enableWebsocket": false, "enableOfflineMode": false, "enableMessageQueue": false,
        "autoConnect": false, "debug": true, "debugContents": true, "user": "ann", "token": "s3cret",
        "workerUrl": "w.js", "options": {"timeout": 7000}, "outbox": {"capacity": 3}
    }"#;
    let (config, errors) = AppConfig::parse(Some(json), &BuildEnv::default());
    assert_eq!(errors, []);
    let props = config.provider_props();
    assert_eq!((props.url.as_deref(), &*props.options.url), (Some("/live"), "/live"));
    assert!(!props.enabled && !props.outbox.persist && !props.outbox.enabled && !props.auto_connect);
    assert!(props.debug && props.options.debug && props.debug_contents);
    assert_eq!((props.user.as_deref(), props.worker_url.as_deref()), (Some("ann"), Some("w.js")));
    assert_eq!(props.token, "s3cret".into());
    assert_eq!((props.options.timeout_ms, props.outbox.capacity), (7_000, 3));
    // Nothing configured is the provider's own defaults.
    let nothing = WebSocketProviderProps {
        url: Some("ws://localhost:3001".into()),
        keep_state: vec![Channel::Incidents, Channel::Agents, Channel::Alerts],
        ..yew::props!(WebSocketProviderProps {})
    };
    assert_eq!(AppConfig::default().provider_props(), nothing);
}

#[test]
fn flags_set_in_code_are_no_less_heard() {
    let config =
        AppConfig { enable_offline_mode: false, enable_message_queue: false, ..AppConfig::default() };
    let props = config.provider_props();
    assert!(!props.outbox.persist && !props.outbox.enabled);
    assert_eq!(props.keep_state, [], "nothing is stored");
}

#[test]
fn token_and_sign_in_addresses_are_of_the_own_origin() {
    for key in ["tokenUrl", "signInUrl"] {
        for url in
            ["https://id.example/x?key=s3cret", "//id.example/x?key=s3cret", "x?key=s3cret", "javascript:x"]
        {
            let (config, errors) = page(&serde_json::json!({ key: url }).to_string());
            assert_eq!((&config.token_url, &config.sign_in_url), (&None, &None));
            let shown = url.split('?').next().unwrap();
            assert_eq!(errors.len(), 1);
            assert!(
                errors[0].starts_with(&format!("{key} is {shown:?} (page configuration): a path")),
                "{}",
                errors[0]
            );
            assert!(errors[0].contains("own origin") && !errors[0].contains("s3cret"), "{}", errors[0]);
        }
        assert!(page(&format!(r#"{{"{key}": 7}}"#)).1[0].contains("a text or null is allowed"));
        assert_eq!(page(&format!(r#"{{"{key}": null}}"#)), (AppConfig::default(), vec![]));
    }
}

#[test]
fn tokens_that_are_asked_for_stay_out_of_the_servers_address() {
    let token_in = |json: &str| page(json).0.provider_props().options.token_in;
    assert_eq!(token_in(r#"{"tokenUrl": "/token"}"#), TokenIn::Frame);
    assert_eq!(token_in(r#"{"tokenUrl": "/token", "options": {"tokenIn": "query"}}"#), TokenIn::Query);
    assert_eq!(token_in(r#"{"token": "t"}"#), TokenIn::Auto);
    let (config, _) = page(r#"{"tokenUrl": "/token", "token": "t"}"#);
    assert_ne!(config.provider_props().token, "t".into(), "the address goes before a fixed token");
}

#[test]
fn a_wrong_link_template_is_named_and_the_others_are_used() {
    let (config, errors) = page(
        r#"{"linkTemplates": [{"label": "A", "url": "https://a.example/{x}"},
            {"label": "B", "url": "javascript:x?key=s3cret"}, {"label": "C"}, "https://d.example",
            {"label": "E", "url": "https://{host}/", "more": 1}, {"label": "F", "url": "https://f.example"}]}"#,
    );
    let labels: Vec<_> = config.link_templates.iter().map(LinkTemplate::label).collect();
    assert_eq!(labels, ["A", "F"]);
    let places: Vec<_> = errors.iter().filter_map(|error| error.split(' ').next()).collect();
    assert_eq!(places, ["linkTemplates[1]", "linkTemplates[2]", "linkTemplates[3]", "linkTemplates[4]"]);
    assert!(errors[0].contains("http or https") && errors[0].ends_with("it is not used"), "{}", errors[0]);
    assert!(!errors.concat().contains("s3cret"), "{errors:?}");
    assert!(page(r#"{"linkTemplates": {}}"#).1[0].contains("an array of"));
    let many = serde_json::json!({ "linkTemplates": vec![serde_json::json!({"label": "A", "url": "https://a/"}); 11] });
    let (config, errors) = page(&many.to_string());
    assert_eq!((config.link_templates.len(), errors.len()), (10, 1));
    assert!(errors[0].contains("at most 10 are allowed"), "{}", errors[0]);
}
