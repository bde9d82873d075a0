//! Names with a content hash for every file of a build, from the inside out: a file's hash covers the hashed
//! names of the files it refers to, so that no two builds share a name with different content.

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Files by their path in the distribution.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The folder of everything that is hashed, and so may be cached for ever by one rule.
pub const FOLDER: &str = "assets/";

/// Renames every file to `assets/NAME-HASH.EXT`, rewriting references in scripts and styles. Returns the files
/// under their new paths, and the new path of each old one.
pub fn hash_all(mut files: Files) -> Result<(Files, BTreeMap<String, String>)> {
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    let mut out = Files::new();
    while !files.is_empty() {
        // A file is ready once nothing it refers to is still waiting for its name.
        let waiting: Vec<&String> = files.keys().collect();
        let ready = files.iter().find(|(path, content)| {
            let others = || waiting.iter().filter(|other| **other != *path);
            !is_text(path) || !others().any(|other| mentions(content, other))
        });
        let Some((path, content)) = ready else {
            let names = files.keys().cloned().collect::<Vec<_>>().join(", ");
            bail!(
                "these files refer to each other in a circle, so none can be named by its content: {names}"
            );
        };
        let (path, mut content) = (path.clone(), content.clone());
        if is_text(&path) {
            let mut text = String::from_utf8_lossy(&content).into_owned();
            for (old, new) in &renamed {
                // All hashed files lie in one folder, so a reference needs the bare name only.
                text = replace(&text, old, new.strip_prefix(FOLDER).unwrap_or(new));
            }
            content = text.into_bytes();
        }
        let new = hashed_name(&path, &content);
        files.remove(&path);
        out.insert(new.clone(), content);
        renamed.insert(path, new);
    }
    Ok((out, renamed))
}

fn is_text(path: &str) -> bool {
    [".js", ".css", ".webmanifest"].iter().any(|end| path.ends_with(end))
}

fn hashed_name(path: &str, content: &[u8]) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, "bin"));
    let hash: String = Sha256::digest(content)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{FOLDER}{stem}-{hash}.{extension}")
}

fn mentions(content: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(content);
    positions(&text, name).next().is_some()
}

/// Where a name stands by itself: `worker.js` is no part of `my-worker.js` nor of `worker.json`.
fn positions<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

/// Replaces a name wherever it stands by itself.
pub fn replace(text: &str, name: &str, with: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for at in positions(text, name) {
        out.push_str(&text[done..at]);
        out.push_str(with);
        done = at + name.len();
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn names_are_rewritten_from_the_inside_out() {
        let built = |wasm: &str| {
            hash_all(files(&[
                ("worker_loader.js", "import init from './worker.js';await init();"),
                ("worker.js", "import x from './snippets/lib-1/inline0.js'; new URL('worker_bg.wasm', u)"),
                ("worker_bg.wasm", wasm),
                ("snippets/lib-1/inline0.js", "export default 1"),
            ]))
            .expect("no circle")
        };
        let (out, renamed) = built("one");
        let loader = std::str::from_utf8(&out[&renamed["worker_loader.js"]]).expect("text");
        assert!(loader.contains(&renamed["worker.js"]["assets/".len()..]), "{loader}");
        let glue = std::str::from_utf8(&out[&renamed["worker.js"]]).expect("text");
        assert!(glue.contains(&renamed["worker_bg.wasm"]["assets/".len()..]), "{glue}");
        assert!(glue.contains("'./inline0-"), "{glue}");

        let (_, other) = built("two");
        for path in ["worker_loader.js", "worker.js", "worker_bg.wasm"] {
            assert_ne!(renamed[path], other[path], "a changed wasm changes every name up to the loader");
        }
        assert_eq!(renamed["snippets/lib-1/inline0.js"], other["snippets/lib-1/inline0.js"]);
    }

    #[test]
    fn a_name_inside_another_name_is_left_alone() {
        assert_eq!(replace("my-app.js app.js app.json", "app.js", "x"), "my-app.js x app.json");
    }

    #[test]
    fn a_circle_is_an_error() {
        assert!(hash_all(files(&[("a.js", "'./b.js'"), ("b.js", "'./a.js'")])).is_err());
    }
}
