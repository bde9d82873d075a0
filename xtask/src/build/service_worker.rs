//! Fills in the service worker: where the app is deployed, the script its pages start with, the files of this build, and
//! which of them are for one page only.

use super::PROGRAMS;
use super::graph::Files;
use crate::root;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;

/// Its name in the distribution. Not hashed: browsers ask for it again under the name they know.
pub const NAME: &str = "sw.js";

/// Its text for these files, from `assets/sw.js`.
pub fn file(public_url: &str, files: &Files, renamed: &BTreeMap<String, String>) -> Result<String> {
    let source = root::at("assets/sw.js");
    let text =
        std::fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let boot = renamed.get("boot.js").context("trunk built no boot.js")?;
    fill(&text, public_url, boot, files.keys().map(String::as_str), &later(public_url, renamed))
}

/// The files of the programs that are not the console, by the address of their page.
fn later(public_url: &str, renamed: &BTreeMap<String, String>) -> BTreeMap<&'static str, Vec<String>> {
    let files = |program: &str| {
        let own = [format!("{program}.js"), format!("{program}_bg.wasm")];
        own.iter().filter_map(|old| renamed.get(old)).map(|new| format!("{public_url}{new}")).collect()
    };
    let others = PROGRAMS.into_iter().filter(|(_, address)| !address.is_empty());
    others.map(|(program, address)| (address, files(program))).collect()
}

fn fill<'a>(
    text: &str,
    public_url: &str,
    boot: &str,
    files: impl Iterator<Item = &'a str>,
    later: &BTreeMap<&str, Vec<String>>,
) -> Result<String> {
    let files: Vec<String> = files.map(|path| format!("{public_url}{path}")).collect();
    let mut text = text.to_owned();
    for (line, value) in [
        ("const BASE = \"/\";", serde_json::to_string(public_url)?),
        ("const BOOT = \"\";", serde_json::to_string(&format!("{public_url}{boot}"))?),
        ("const FILES = [];", serde_json::to_string(&files)?),
        ("const LATER = {};", serde_json::to_string(later)?),
    ] {
        if !text.contains(line) {
            bail!("assets/sw.js has no line `{line}`: the build fills it in, put it back");
        }
        let name = line.split(" = ").next().unwrap_or(line);
        text = text.replacen(line, &format!("{name} = {value};"), 1);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_in_for_an_app_under_a_path_and_a_missing_one_is_an_error() {
        let text = std::fs::read_to_string(root::at("assets/sw.js")).expect("it is there");
        let files = ["assets/app-1.js", "assets/boot-2.js"];
        let names = [("demo.js", "assets/demo-3.js"), ("wall.js", "assets/wall-4.js")];
        let renamed = names.map(|(old, new)| (old.to_owned(), new.to_owned())).into();
        let later = later("/console/", &renamed);
        let filled =
            fill(&text, "/console/", files[1], files.into_iter(), &later).expect("all lines are there");
        for line in [
            "const BASE = \"/console/\";",
            "const BOOT = \"/console/assets/boot-2.js\";",
            "const FILES = [\"/console/assets/app-1.js\",\"/console/assets/boot-2.js\"];",
            "const LATER = {\"realtime-demo\":[\"/console/assets/demo-3.js\"],\"wall\":[\"/console/assets/wall-4.js\"]};",
        ] {
            assert!(filled.contains(line), "{line}");
        }
        assert!(fill("const BASE = \"/\";", "/", files[1], files.into_iter(), &later).is_err());
    }
}
