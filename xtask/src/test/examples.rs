//! Every public item has documentation, and an example where rustdoc's own count wants one: types, traits, functions
//! and methods. Fields, variants, constants and modules need words only.
//!
//! rustdoc's `--show-coverage` leaves out the methods of types that are re-exported from private modules, which here
//! are most of them. So this walks rustdoc's JSON from the crate's root, as a reader of the pages would. That examples
//! compile and hold is what `cargo test --doc` says.

use crate::{root, run};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::HashSet;
use std::path::PathBuf;

/// Crates that are complete and stay so. Gateway, simulator and tasks are programs, not libraries.
const COMPLETE: [&str; 3] = ["sentinelops", "sentinelops-protocol", "sentinelops-engine"];

pub fn check() -> Result<()> {
    let rustdoc = rustdoc()?;
    let mut lacking = Vec::new();
    for name in COMPLETE {
        let mut doc = run::cargo();
        doc.args(["rustdoc", "--quiet", "--lib", "-p", name, "--", "-Z", "unstable-options"]);
        run::visible(doc.args(["--output-format", "json"]).env("RUSTDOC", &rustdoc))?;
        let file = root::target().join("doc").join(format!("{}.json", name.replace('-', "_")));
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("rustdoc wrote no {}", file.display()))?;
        let items = public(&serde_json::from_str(&text)?);
        let documented = items.iter().filter(|item| item.documented).count();
        let wanting: Vec<_> = items.iter().filter(|item| item.wants_example).collect();
        let shown = wanting.iter().filter(|item| item.example).count();
        println!(
            "{name}: {documented} of {} items documented, {shown} of {} with an example",
            items.len(),
            wanting.len()
        );
        if wanting.is_empty() {
            bail!("{name}: no public item was found in {}", file.display());
        }
        for item in items.iter().filter(|item| !item.documented || item.wants_example && !item.example) {
            let what = if item.documented { "has no example that compiles" } else { "is not documented" };
            lacking.push(format!("{}: {} {what}", item.place, item.name));
        }
    }
    lacking.iter().for_each(|line| println!("{line}"));
    if !lacking.is_empty() {
        bail!("{} public item(s) without documentation or example", lacking.len());
    }
    Ok(())
}

/// rustdoc with its unstable formats, which a stable one has too. The variable is for rustdoc alone: build scripts that
/// look at it would have everything compiled anew.
fn rustdoc() -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let script = root::target().join("rustdoc-json.sh");
    std::fs::create_dir_all(root::target())?;
    std::fs::write(&script, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    Ok(script)
}

#[derive(Debug, PartialEq)]
struct Item {
    name: String,
    /// File and line.
    place: String,
    documented: bool,
    wants_example: bool,
    example: bool,
}

/// Everything of a crate that its pages show, hidden items left out.
fn public(doc: &Value) -> Vec<Item> {
    let mut walk = Walk { index: &doc["index"], seen: HashSet::new(), items: Vec::new() };
    walk.visit(&doc["root"], "");
    walk.items
}

struct Walk<'a> {
    index: &'a Value,
    seen: HashSet<String>,
    items: Vec<Item>,
}

impl<'a> Walk<'a> {
    fn get(&self, id: &Value) -> Option<&'a Value> {
        self.index.get(key(id))
    }

    fn visit(&mut self, id: &Value, path: &str) {
        let Some(item) = self.get(id) else { return };
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next()) else {
            return;
        };
        if kind == "use" {
            // A glob shows what is in the module, under its own path.
            match self.get(&inner["id"]).filter(|_| inner["is_glob"] == true) {
                Some(module) => self.all(&module["inner"]["module"]["items"], path),
                None => self.visit(&inner["id"], path),
            }
            return;
        }
        if !self.seen.insert(key(id)) {
            return;
        }
        let own = item["name"].as_str().unwrap_or_default();
        let name = if path.is_empty() { own.to_owned() } else { format!("{path}::{own}") };
        let wants = matches!(
            kind.as_str(),
            "struct" | "enum" | "union" | "trait" | "function" | "macro" | "proc_macro" | "proc_derive"
        );
        self.note(item, &name, wants);
        match kind.as_str() {
            "module" => self.all(&inner["items"], &name),
            "struct" | "enum" | "union" => {
                self.members(&inner["variants"], &name);
                // Of a struct with named fields; a tuple's fields have no documentation of their own.
                self.members(&inner["kind"]["plain"]["fields"], &name);
                for of_type in inner["impls"].as_array().into_iter().flatten() {
                    if let Some(of_type) =
                        self.get(of_type).filter(|found| found["inner"]["impl"]["trait"].is_null())
                    {
                        self.members(&of_type["inner"]["impl"]["items"], &name);
                    }
                }
            }
            "trait" => self.members(&inner["items"], &name),
            _ => {}
        }
    }

    fn all(&mut self, ids: &Value, path: &str) {
        ids.as_array().into_iter().flatten().for_each(|id| self.visit(id, path));
    }

    /// Fields, variants and methods.
    fn members(&mut self, ids: &Value, of: &str) {
        for id in ids.as_array().into_iter().flatten() {
            let Some(item) = self.get(id).filter(|item| item["visibility"] != "crate") else { continue };
            // What an implementor has to write is shown by the trait's own example.
            let wants = item["inner"]["function"]["has_body"] == true;
            self.note(item, &format!("{of}::{}", item["name"].as_str().unwrap_or_default()), wants);
        }
    }

    fn note(&mut self, item: &Value, name: &str, wants_example: bool) {
        let docs = item["docs"].as_str().unwrap_or_default();
        let span = &item["span"];
        self.items.push(Item {
            name: name.to_owned(),
            place: format!("{}:{}", span["filename"].as_str().unwrap_or("?"), span["begin"][0]),
            documented: !docs.trim().is_empty(),
            wants_example,
            example: shows_code(docs),
        });
    }
}

/// Ids are numbers in the values and text as keys.
fn key(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// Whether there is a block of Rust that `cargo test --doc` compiles: not `ignore`, not another language.
fn shows_code(docs: &str) -> bool {
    const RUST: [&str; 5] = ["", "rust", "no_run", "should_panic", "compile_fail"];
    let mut inside = false;
    docs.lines().filter_map(|line| line.trim_start().strip_prefix("```")).any(|info| {
        inside = !inside;
        inside && info.trim().split(',').all(|word| RUST.contains(&word.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_code_that_is_compiled_is_an_example() {
        assert!(shows_code("Words.\n\n```\ncode\n```\n"));
        assert!(shows_code("```text\nno\n```\n```no_run\nyes\n```"));
        assert!(!shows_code("Words."));
        assert!(!shows_code("```ignore\nno\n```\n\n```sh\nno\n```"));
    }

    #[test]
    fn the_walk_follows_re_exports_and_sees_methods_and_fields() {
        let item = |name: &str, docs: &str, inner: Value| {
            let span = json!({ "filename": "src/a.rs", "begin": [3, 1] });
            json!({ "name": name, "docs": docs, "inner": inner, "span": span, "visibility": "public" })
        };
        let function = json!({ "function": { "has_body": true } });
        let structure = json!({ "struct": { "kind": { "plain": { "fields": [5] } }, "impls": [3] } });
        let index = json!({
            "0": item("krate", "The crate.", json!({ "module": { "items": [1] } })),
            "1": item("", "", json!({ "use": { "id": 2, "is_glob": false } })),
            "2": item("Thing", "A thing.\n```\nuse it;\n```", structure),
            "3": item("", "", json!({ "impl": { "trait": null, "items": [4] } })),
            "4": item("method", "Says.", function),
            "5": item("field", "", json!({ "struct_field": {} })),
        });
        let items = public(&json!({ "root": 0, "index": index }));
        let said: Vec<_> = items
            .iter()
            .map(|item| (item.name.as_str(), item.documented, item.wants_example, item.example))
            .collect();
        assert_eq!(
            said,
            [
                ("krate", true, false, false),
                ("krate::Thing", true, true, true),
                ("krate::Thing::field", false, false, false),
                ("krate::Thing::method", true, true, false),
            ]
        );
        assert_eq!(items[3].place, "src/a.rs:3");
    }
}
