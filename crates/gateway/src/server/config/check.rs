//! `gateway check-config`: whether it would start, without starting it.

use super::{ConfigErrors, KeyOptions, KeySource, Options, Settings};
use crate::server::access::Access;
use crate::server::site::Site;
use crate::server::token::Verifier;
use clap::{Args, Command};
use std::fmt::Write;
use std::path::Path;

/// What the settings amount to, in a few lines. Looks at every file they name; fetches nothing and locks nothing.
///
/// # Errors
/// Everything that is wrong: with the file of `--config`, with the settings together, and with the files they name.
pub fn check_config(flags: Settings) -> Result<String, ConfigErrors> {
    let (settings, mut errors) = flags.over_file();
    let site = settings.pages.serve.as_deref().map(Site::open);
    let data = settings.storage.data.as_deref().map(data_folder);
    let keys = settings.keys.clone();
    let has_key = keys.jwt_key.is_some() || keys.jwks_url.is_some();
    let options = match Options::new(settings) {
        Ok(options) => {
            errors.extend(Access::open(&options, None).err());
            Some(options)
        }
        Err(more) => {
            errors.extend(more.0);
            // What is wrong elsewhere hides nothing of the keys.
            if has_key && let Ok(keys) = KeyOptions::new(&keys) {
                errors.extend(Verifier::open(&keys, None).err());
            }
            None
        }
    };
    errors.extend(site.and_then(Result::err));
    errors.extend(data.and_then(Result::err));
    match options {
        Some(options) if errors.is_empty() => Ok(summary(&options)),
        _ => Err(ConfigErrors(errors)),
    }
}

fn data_folder(dir: &Path) -> Result<(), String> {
    match std::fs::metadata(dir) {
        Ok(found) if !found.is_dir() => {
            Err(format!("{} (--data) is no folder: name one, or a path where one can be made", dir.display()))
        }
        _ => Ok(()),
    }
}

fn summary(options: &Options) -> String {
    let mut out = String::from("the settings can be used\n");
    let mut line = |name: &str, what: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name:<11} {what}");
    };
    line("listens on", format!("{}, port {}", options.host, options.port));
    line(
        "tokens",
        match options.entry.keys() {
            None => "none are checked: for this machine only".to_owned(),
            Some(keys) => {
                let source = match &keys.source {
                    KeySource::File(path) => path.display().to_string(),
                    // Its query may be a secret.
                    KeySource::Url(url) => {
                        format!("{} (not fetched now)", url.split('?').next().unwrap_or_default())
                    }
                };
                format!("key {source}, audience {}, issuer {}", keys.audience.join(", "), keys.issuer)
            }
        },
    );
    let sources = options.ingest.iter().map(|ingest| ingest.source.name.to_string());
    let sources = sources.collect::<Vec<_>>().join(", ");
    line("alerts", if sources.is_empty() { "no source ([[ingest]])".to_owned() } else { sources });
    line(
        "requests",
        match options.limits.max_ingest {
            Some(most) => format!("with a body at most {most} of a kind at once (--max-ingest)"),
            None => "with a body as many at once as come (--max-ingest)".to_owned(),
        },
    );
    let listed = options.origins.listed.iter().map(ToString::to_string);
    let own = options.serve.as_ref().map(|dir| format!("its own ({})", dir.display()));
    let local = options.origins.loopback.then(|| "those of this machine".to_owned());
    line("pages", own.into_iter().chain(local).chain(listed).collect::<Vec<_>>().join(", "));
    line(
        "data",
        match (&options.storage.data, &options.nats) {
            (Some(dir), _) => format!("{}, {} h of history", dir.display(), options.storage.keep_history),
            (None, Some(nats)) => format!(
                "NATS at {}, namespace {}, {} h of history",
                nats.shown(),
                nats.namespace,
                options.storage.keep_history
            ),
            (None, None) => "in memory: lost when it ends (--data and --nats keep it)".to_owned(),
        },
    );
    line(
        "operations",
        match options.ops_addr {
            Some(address) => format!("http://{address}/metrics, /readyz, /healthz"),
            None => "/healthz on its own port, no metrics (--ops-addr)".to_owned(),
        },
    );
    for note in unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        line("note", note);
    }
    out
}

/// Variables that look like settings and are none. Other programs of this project may own them.
fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let command = Settings::augment_args(Command::new("settings"));
    let known: Vec<_> =
        command.get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned)).collect();
    let unknown = names.filter(|name| name.starts_with("SENTINELOPS_") && !known.contains(name));
    let with_nearest = unknown.map(|name| {
        let nearness = |known: &String| strsim::jaro_winkler(&name, known);
        let nearest = known.iter().max_by(|a, b| nearness(a).total_cmp(&nearness(b)));
        let nearest = nearest.map(|nearest| format!("; the nearest one is {nearest}"));
        format!("the environment variable {name} is no setting{}", nearest.unwrap_or_default())
    });
    with_nearest.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_named_with_the_nearest_setting() {
        let names = ["SENTINELOPS_ORIGINS", "SENTINELOPS_PORT", "PATH"].map(str::to_owned);
        assert_eq!(
            unknown_variables(names.into_iter()),
            [
                "the environment variable SENTINELOPS_ORIGINS is no setting; the nearest one is SENTINELOPS_ORIGIN"
            ]
        );
    }
}
