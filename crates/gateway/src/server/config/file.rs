//! The TOML file.

use super::Settings;
use std::path::Path;

/// Reads the settings of a file.
///
/// # Errors
/// A sentence with the file, the line, what was found and what is allowed.
pub(super) fn read(path: &Path) -> Result<Settings, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        format!("cannot read {name} (--config): {error}; it must be a readable TOML file")
    })?;
    parse(&text).map_err(|error| format!("{name}: {error}"))
}

fn parse(text: &str) -> Result<Settings, String> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        let message = unknown_key(error.message()).unwrap_or_else(|| error.message().to_owned());
        format!("line {line}: {message}")
    })
}

/// serde names the unknown key and then all known ones, each in backticks. People want the nearest.
fn unknown_key(message: &str) -> Option<String> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let found = names.next()?;
    let known: Vec<_> = names.collect();
    let nearest =
        known.iter().max_by(|a, b| strsim::jaro_winkler(found, a).total_cmp(&strsim::jaro_winkler(found, b)));
    Some(match nearest {
        Some(nearest) => format!("there is no key {found}; the nearest one is {nearest}"),
        None => format!("there is no key {found}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
        let error = parse("port = 3001\njwt-key = \"key\"\n").expect_err("refused");
        assert_eq!(error, "line 2: there is no key jwt-key; the nearest one is jwt_key");
        let error = parse("origins = [\"https://a.example\"]").expect_err("refused");
        assert_eq!(error, "line 1: there is no key origins; the nearest one is origin");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_line() {
        let error = parse("\nport = \"x\"").expect_err("refused");
        assert!(error.starts_with("line 2: invalid type: string \"x\", expected u16"), "{error}");
        let error = parse("trusted_proxies = [\"10.0.0.0/99\"]").expect_err("refused");
        assert!(error.contains("10.0.0.0/99"), "{error}");
    }

    #[test]
    fn every_setting_but_the_file_itself_may_stand_in_the_file() {
        let text = "host = \"::1\"\nport = 1\ndev = true\nmock = false\njwt_key = \"k\"\njwt_alg = \"HS256\"\n\
            jwks_url = \"u\"\naudience = [\"a\"]\nissuer = \"i\"\nrevoked = \"r\"\norigin = [\"o\"]\nserve = \"d\"\n\
            trusted_proxies = [\"::1\"]\nscenario = true\nrate = 1.5\nseed = 2\ndrain_window_ms = 3\nreconnect_window_ms = 4\n\
            message_rate = 5\nuser_message_rate = 6\nmax_connections = 6\nmax_connections_per_user = 7\nsend_buffer = 8\ntrust_user = true\ntest_admin = true\n";
        let settings = parse(text).expect("readable");
        assert_eq!(settings.origin, ["o"]);
        assert!(parse("config = \"other\"").is_err());
    }
}
