//! The versions the project wants: `[workspace.metadata.tools]` of the root Cargo.toml, and Cargo.lock.

use crate::root;
use anyhow::{Context, Result};

/// The pinned version of a tool, as written in the root Cargo.toml.
pub fn tool(name: &str) -> Result<String> {
    let text = std::fs::read_to_string(root::at("Cargo.toml")).context("cannot read the root Cargo.toml")?;
    let mut inside = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[workspace.metadata.tools]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == name
        {
            return Ok(value.trim().trim_matches('"').to_owned());
        }
    }
    anyhow::bail!("Cargo.toml names no version for `{name}`: add it under [workspace.metadata.tools]")
}

/// The version of a package in Cargo.lock.
pub fn locked(package: &str) -> Option<String> {
    let lock = root::read_or_empty(root::at("Cargo.lock"));
    let mut lines = lock.lines();
    let wanted = format!("name = \"{package}\"");
    lines.by_ref().find(|line| *line == wanted)?;
    Some(lines.next()?.strip_prefix("version = ")?.trim_matches('"').to_owned())
}

/// The first word that looks like a version in what `--version` printed.
pub fn of_output(text: &str) -> Option<String> {
    let numeric = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    text.split_whitespace().map(|word| word.trim_start_matches('v')).find(numeric).map(str::to_owned)
}

/// The numbers of a version, for comparing.
pub fn numbers(version: &str) -> Vec<u64> {
    let core = version.split(['-', '+', '~']).next().unwrap_or_default();
    core.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_and_compared_as_numbers() {
        assert_eq!(of_output("trunk 0.21.14").as_deref(), Some("0.21.14"));
        assert_eq!(of_output("wasm-opt version 132 (version_132)"), None);
        assert_eq!(of_output("v20.11.1").as_deref(), Some("20.11.1"));
        assert!(numbers("0.21.14") > numbers("0.21.9"));
        assert_eq!(numbers("1.96.0-nightly"), [1, 96, 0]);
    }

    #[test]
    fn pins_are_read_from_the_manifest_and_the_bindgen_tool_equals_the_lock() {
        assert_eq!(tool("wasm-bindgen-cli").ok(), locked("wasm-bindgen"));
        assert!(tool("no-such-tool").is_err());
    }
}
