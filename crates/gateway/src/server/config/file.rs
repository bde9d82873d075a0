//! The TOML file.

use super::Settings;
use clap::{Args, Command};
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

/// Reads the settings of a file: what can be used of it, and what is wrong with the rest, each a sentence with the file,
/// the line, what was found and what is allowed.
pub(super) fn read(path: &Path) -> (Settings, Vec<String>) {
    let name = path.display();
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let (settings, errors) = parse(&text);
            (settings, errors.into_iter().map(|error| format!("{name}: {error}")).collect())
        }
        Err(error) => {
            let error = format!("cannot read {name} (--config): {error}; it must be a readable TOML file");
            (Settings::default(), vec![error])
        }
    }
}

fn parse(text: &str) -> (Settings, Vec<String>) {
    let line = |span: Option<Range<usize>>| {
        let end = span.map_or(0, |span| span.start.min(text.len()));
        1 + text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count()
    };
    let mut table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            return (Settings::default(), vec![format!("line {}: {}", line(error.span()), error.message())]);
        }
    };
    let mut errors = Vec::new();
    let known = known_keys();
    let is_known = |key: &str| known.iter().any(|known| known == key);
    let unknown: Vec<_> = table.get_ref().keys().filter(|key| !is_known(key.get_ref())).cloned().collect();
    for key in unknown {
        let text = no_such_key(key.get_ref(), known.iter().map(String::as_str));
        errors.push((line(Some(key.span())), text));
        table.get_mut().remove(key.get_ref().as_ref());
    }
    let mut reader = Reader { table, line, errors };
    let settings = Settings {
        keys: reader.part(),
        pages: reader.part(),
        scenario: reader.part(),
        limits: reader.part(),
        storage: reader.part(),
        nats: reader.part(),
        ..reader.part()
    };
    let mut errors = reader.errors;
    errors.sort();
    (settings, errors.into_iter().map(|(line, error)| format!("line {line}: {error}")).collect())
}

/// The keys that a file may have: those of the settings that an environment variable can give as well, but the file itself.
fn known_keys() -> Vec<String> {
    let command = Settings::augment_args(Command::new("settings"));
    let names = command.get_arguments().filter(|arg| arg.get_env().is_some() && arg.get_id() != "config");
    names.map(|arg| arg.get_id().to_string()).chain(["ingest".to_owned()]).collect()
}

struct Reader<'a, L> {
    table: Spanned<DeTable<'a>>,
    line: L,
    errors: Vec<(usize, String)>,
}

impl<L: Fn(Option<Range<usize>>) -> usize> Reader<'_, L> {
    /// The settings of one group. Serde reports the first error only: what is wrong is taken out until the rest is right.
    fn part<T: DeserializeOwned + Default>(&mut self) -> T {
        loop {
            let error = match T::deserialize(Deserializer::from(self.table.clone())) {
                Ok(settings) => return settings,
                Err(error) => error,
            };
            let unknown = unknown_key(error.message());
            let text = unknown.clone().unwrap_or_else(|| error.message().to_owned());
            self.errors.push(((self.line)(error.span()), text));
            let removed = error.span().is_some_and(|at| remove(self.table.get_mut(), &at, unknown.is_some()));
            if !removed {
                return T::default();
            }
        }
    }
}

/// Takes the key out whose name or value stands at `at`. Inside tables of a list an unknown key goes alone; with any
/// other error the table goes.
fn remove(table: &mut DeTable<'_>, at: &Range<usize>, is_unknown: bool) -> bool {
    let found = table
        .iter()
        .find(|(key, value)| meets(&key.span(), at) || holds(value.get_ref(), &value.span(), at))
        .map(|(key, _)| (key.get_ref().to_string(), meets(&key.span(), at)));
    let Some((key, is_key)) = found else { return false };
    if !is_key
        && let Some(DeValue::Array(list)) = table.get_mut(key.as_str()).map(|value| value.get_mut())
        && let Some(place) = list.iter().position(|one| holds(one.get_ref(), &one.span(), at))
        && let Some(one) = list.get_mut(place)
        && let DeValue::Table(inner) = one.get_mut()
    {
        if is_unknown {
            return remove(inner, at, true);
        }
        let all = std::mem::replace(list, DeArray::new()).into_iter().enumerate();
        *list = all.filter(|(index, _)| *index != place).map(|(_, one)| one).collect();
        return true;
    }
    table.remove(key.as_str()).is_some()
}

fn holds(value: &DeValue<'_>, span: &Range<usize>, at: &Range<usize>) -> bool {
    meets(span, at)
        || match value {
            DeValue::Array(all) => all.iter().any(|one| holds(one.get_ref(), &one.span(), at)),
            DeValue::Table(all) => {
                all.iter().any(|(key, one)| meets(&key.span(), at) || holds(one.get_ref(), &one.span(), at))
            }
            _ => false,
        }
}

fn meets(span: &Range<usize>, at: &Range<usize>) -> bool {
    span.start <= at.start && at.start < span.end.max(span.start + 1)
}

/// serde names the unknown key and then all known ones, each in backticks. People want the nearest.
fn unknown_key(message: &str) -> Option<String> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let found = names.next()?;
    Some(no_such_key(found, names))
}

fn no_such_key<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearness = |known: &str| strsim::jaro_winkler(found, known);
    match known.max_by(|a, b| nearness(a).total_cmp(&nearness(b))) {
        Some(nearest) => format!("there is no key {found}; the nearest one is {nearest}"),
        None => format!("there is no key {found}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
        let (settings, errors) = parse("port = 3001\njwt-key = \"key\"\norigins = [\"https://a.example\"]\n");
        assert_eq!(settings.port, Some(3001), "the rest counts");
        assert_eq!(
            errors,
            [
                "line 2: there is no key jwt-key; the nearest one is jwt_key",
                "line 3: there is no key origins; the nearest one is origin"
            ]
        );
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_line() {
        let (_, errors) = parse("\nport = \"x\"\ntrusted_proxies = [\"10.0.0.0/99\"]\nseed = -1");
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors[0].starts_with("line 2: invalid type: string \"x\", expected u16"), "{errors:?}");
        assert!(errors[1].starts_with("line 3: ") && errors[1].contains("10.0.0.0/99"), "{errors:?}");
        assert!(errors[2].starts_with("line 4: "), "{errors:?}");
    }

    #[test]
    fn every_setting_but_the_file_itself_may_stand_in_the_file() {
        let text = "host = \"::1\"\nport = 1\ndev = true\nmock = false\njwt_key = \"k\"\njwt_alg = \"HS256\"\n\
            jwks_url = \"u\"\naudience = [\"a\"]\nissuer = \"i\"\nrevoked = \"r\"\norigin = [\"o\"]\nserve = \"d\"\n\
            trusted_proxies = [\"::1\"]\nscenario = true\nrate = 1.5\nseed = 2\ndrain_window_ms = 3\nreconnect_window_ms = 4\n\
            message_rate = 5\nuser_message_rate = 6\nmax_connections = 6\nmax_connections_per_user = 7\nmax_ingest = 8\nsend_buffer = 8\nops_addr = \"[::1]:9\"\n\
            log_format = \"json\"\nlog = \"warn\"\ntrust_user = true\ntest_admin = true\ndata = \"d\"\nkeep_history = 1\n\
            keep_finished = 2\nimport_journal = \"j\"\nnats = [\"n\"]\nnats_namespace = \"s\"\nnats_replicas = 3\n\
            nats_record_layout = 1\nnats_ca = \"a\"\nnats_cert = \"c\"\nnats_key = \"k\"\nnats_creds = \"f\"\n\
            nats_user = \"u\"\nnats_password = \"p\"\nnats_token = \"t\"\n";
        let (settings, errors) = parse(text);
        assert_eq!(errors, Vec::<String>::new());
        // One of each group.
        let Settings { keys, pages, scenario, limits, storage, nats, port, .. } = settings;
        assert_eq!((port, keys.jwt_key, pages.origin), (Some(1), Some("k".into()), vec!["o".to_owned()]));
        assert_eq!((scenario.seed, limits.max_ingest, storage.keep_history), (Some(2), Some(8), Some(1)));
        assert_eq!(nats.nats_replicas, Some(3));
        assert!(!parse("config = \"other\"").1.is_empty());
    }

    #[test]
    fn what_is_no_toml_is_named_with_its_line() {
        let (settings, errors) = parse("port = 1\nhost = \n");
        assert_eq!(settings, Settings::default());
        assert!(errors.len() == 1 && errors[0].starts_with("line 2: "), "{errors:?}");
    }
}
