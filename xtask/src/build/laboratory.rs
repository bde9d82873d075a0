//! The laboratory (feature `lab`) is in no release of the console.

use super::{MODULES, names};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// How its functions look in a name section, demangled or not.
const FUNCTIONS: [&str; 4] = ["worker::faults", "6worker6faults", "client::lab", "6client3lab"];
/// What its messages are called; inlined functions leave these behind.
const TEXTS: [&str; 4] = ["lab-count-", "lab.effects", "lab.gap", "sentinelops lab "];

/// Looked at before wasm-opt strips the names.
pub fn check_absent(stage: &Path) -> Result<()> {
    for module in MODULES {
        let file = format!("{module}_bg.wasm");
        let wasm = fs::read(stage.join(&file)).with_context(|| format!("trunk built no {file}"))?;
        if let Some(found) = found_in(&wasm)? {
            bail!(
                "{file} contains {found}, which is of the laboratory: build it with `--lab`, or without the feature `lab`"
            );
        }
    }
    Ok(())
}

fn found_in(wasm: &[u8]) -> Result<Option<String>> {
    let functions = names::containing(wasm, &FUNCTIONS)?;
    let text = || TEXTS.into_iter().find(|text| wasm.windows(text.len()).any(|part| part == text.as_bytes()));
    Ok(functions
        .into_iter()
        .next()
        .map(|name| format!("the function {name}"))
        .or_else(|| text().map(|text| format!("the text {text}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with one function of this name, and a text in a custom section.
    fn module(name: &str, text: &str) -> Vec<u8> {
        let byte = |length: usize| u8::try_from(length).unwrap();
        let mut section = vec![4];
        section.extend(b"name");
        section.extend([1, byte(name.len()) + 3, 1, 0, byte(name.len())]);
        section.extend(name.as_bytes());
        let mut wasm = names::MAGIC.to_vec();
        wasm.extend([0, byte(section.len())]);
        wasm.extend(section);
        let other = [&[4], b"data".as_slice(), text.as_bytes()].concat();
        wasm.extend([0, byte(other.len())]);
        wasm.extend(other);
        wasm
    }

    #[test]
    fn functions_and_texts_of_the_laboratory_are_found() {
        assert_eq!(found_in(&module("sentinelops_realtime::client::send", "ack")).unwrap(), None);
        let function = found_in(&module("sentinelops_realtime::worker::faults::take", "")).unwrap();
        assert!(function.is_some_and(|text| text.ends_with("sentinelops_realtime::worker::faults::take")));
        assert_eq!(found_in(&module("a", "x lab.gap y")).unwrap().as_deref(), Some("the text lab.gap"));
    }
}
