//! Every public item has documentation, and an example where rustdoc's own count wants one: types, traits, functions
//! and methods. Fields, variants, constants and modules need words only.
//!
//! rustdoc's `--show-coverage` leaves out the methods of types that are re-exported from private modules, which here
//! are most of them. So this walks rustdoc's JSON from the crate's root, as a reader of the pages would. What is
//! re-exported from a hidden module or from another of these crates is followed there; a re-export that leads nowhere is
//! a failure, not an omission. That examples compile and hold is what `cargo test --doc` says.

use crate::{root, run};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Crates that are complete and stay so. Console, gateway, simulator and tasks are programs, not libraries.
const COMPLETE: [&str; 3] = ["sentinelops-realtime", "sentinelops-protocol", "sentinelops-engine"];

pub fn check() -> Result<()> {
    let rustdoc = rustdoc()?;
    let mut docs = Docs::new();
    for name in COMPLETE {
        let mut doc = run::cargo();
        doc.args(["rustdoc", "--quiet", "--lib", "-p", name, "--", "-Z", "unstable-options"]);
        doc.args(["--output-format", "json", "--document-hidden-items"]);
        run::visible(doc.env("RUSTDOC", &rustdoc))?;
        let krate = name.replace('-', "_");
        let file = root::target().join("doc").join(format!("{krate}.json"));
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("rustdoc wrote no {}", file.display()))?;
        docs.insert(krate, serde_json::from_str(&text)?);
    }
    let mut lacking = Vec::new();
    for name in COMPLETE {
        let (items, unresolved) = public(&docs, &name.replace('-', "_"));
        lacking.extend(unresolved);
        let documented = items.iter().filter(|item| item.documented).count();
        let wanting: Vec<_> = items.iter().filter(|item| item.wants_example).collect();
        let shown = wanting.iter().filter(|item| item.example).count();
        println!(
            "{name}: {documented} of {} items documented, {shown} of {} with an example",
            items.len(),
            wanting.len()
        );
        if wanting.is_empty() {
            bail!("{name}: rustdoc names no public item");
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

/// rustdoc's JSON of each crate, by the crate's name in code. Hidden items are in it: some are re-exported.
type Docs = HashMap<String, Value>;

/// Everything of a crate that its pages show, hidden items left out; and the re-exports that lead nowhere.
fn public(docs: &Docs, krate: &str) -> (Vec<Item>, Vec<String>) {
    let (doc, root) = (&docs[krate], docs[krate]["root"].clone());
    let mut walk = Walk { docs, doc, seen: HashSet::new(), items: Vec::new(), unresolved: Vec::new() };
    walk.visit(&root, "");
    (walk.items, walk.unresolved)
}

struct Walk<'a> {
    docs: &'a Docs,
    /// Of the crate it is in just now.
    doc: &'a Value,
    /// Roots and ids: each crate counts for itself.
    seen: HashSet<(*const Value, String)>,
    items: Vec<Item>,
    unresolved: Vec<String>,
}

impl<'a> Walk<'a> {
    fn get(&self, id: &Value) -> Option<&'a Value> {
        self.doc["index"].get(key(id))
    }

    fn visit(&mut self, id: &Value, path: &str) {
        let Some(item) = self.get(id).filter(|item| !is_hidden(item)) else { return };
        let Some((kind, inner)) = item["inner"].as_object().and_then(|inner| inner.iter().next()) else {
            return;
        };
        if kind == "use" {
            // A glob shows what is in the module, under its own path.
            match self.get(&inner["id"]) {
                Some(module) if inner["is_glob"] == true => {
                    self.all(&module["inner"]["module"]["items"], path);
                }
                Some(_) => self.visit(&inner["id"], path),
                None => self.elsewhere(item, inner, path),
            }
            return;
        }
        if !self.seen.insert((self.doc, key(id))) {
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

    /// What is re-exported from another crate.
    fn elsewhere(&mut self, item: &Value, inner: &Value, path: &str) {
        let target = &self.doc["paths"][key(&inner["id"])];
        let names = &target["path"];
        let there = names[0].as_str().and_then(|krate| self.docs.get(krate));
        // A whole crate is walked by itself.
        if there.is_some() && names.as_array().is_some_and(|names| names.len() == 1) {
            return;
        }
        let found = there.and_then(|doc| {
            let mut paths = doc["paths"].as_object()?.iter();
            let (id, _) = paths.find(|(_, known)| known["crate_id"] == 0 && known["path"] == *names)?;
            doc["index"].get(id).map(|_| (doc, Value::from(id.as_str())))
        });
        match found {
            Some((doc, id)) => {
                let here = std::mem::replace(&mut self.doc, doc);
                self.visit(&id, path);
                self.doc = here;
            }
            None => self.unresolved.push(format!(
                "{}: `pub use {}` leads nowhere in what rustdoc says of {}: re-export what one of these documents",
                place(item),
                inner["source"].as_str().unwrap_or("?"),
                COMPLETE.join(", ")
            )),
        }
    }

    fn all(&mut self, ids: &Value, path: &str) {
        ids.as_array().into_iter().flatten().for_each(|id| self.visit(id, path));
    }

    /// Fields, variants and methods.
    fn members(&mut self, ids: &Value, of: &str) {
        for id in ids.as_array().into_iter().flatten() {
            let shown = |item: &&Value| item["visibility"] != "crate" && !is_hidden(item);
            let Some(item) = self.get(id).filter(shown) else { continue };
            // What an implementor has to write is shown by the trait's own example.
            let wants = item["inner"]["function"]["has_body"] == true;
            self.note(item, &format!("{of}::{}", item["name"].as_str().unwrap_or_default()), wants);
        }
    }

    fn note(&mut self, item: &Value, name: &str, wants_example: bool) {
        let docs = item["docs"].as_str().unwrap_or_default();
        self.items.push(Item {
            name: name.to_owned(),
            place: place(item),
            documented: !docs.trim().is_empty(),
            wants_example,
            example: shows_code(docs),
        });
    }
}

/// File and line.
fn place(item: &Value) -> String {
    let span = &item["span"];
    format!("{}:{}", span["filename"].as_str().unwrap_or("?"), span["begin"][0])
}

/// Whether it is marked `#[doc(hidden)]` itself. What stands in a hidden module is reached by a re-export or not at all.
fn is_hidden(item: &Value) -> bool {
    let attributes = item["attrs"].as_array().into_iter().flatten();
    attributes.filter_map(|attribute| attribute["other"].as_str()).any(|text| text == "#[doc(hidden)]")
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

    /// An item as rustdoc writes it.
    fn item(name: &str, docs: &str, inner: Value) -> Value {
        let span = json!({ "filename": "src/a.rs", "begin": [3, 1] });
        json!({ "name": name, "docs": docs, "inner": inner, "span": span, "visibility": "public", "attrs": [] })
    }

    fn hidden(mut item: Value) -> Value {
        item["attrs"] = json!([{ "other": "#[doc(hidden)]" }]);
        item
    }

    fn re_export(id: u32) -> Value {
        item("", "", json!({ "use": { "id": id, "is_glob": false, "source": "of::Something" } }))
    }

    /// Name, documented, needs an example, has one.
    type Item = (String, bool, bool, bool);

    /// What is said of the crate `krate`, item by item, and of its re-exports.
    fn said(docs: Value) -> (Vec<Item>, Vec<String>) {
        let docs: Docs = serde_json::from_value(docs).unwrap();
        let (items, unresolved) = public(&docs, "krate");
        assert!(items.iter().all(|item| item.place == "src/a.rs:3"));
        let items = items.into_iter();
        (
            items.map(|item| (item.name, item.documented, item.wants_example, item.example)).collect(),
            unresolved,
        )
    }

    #[test]
    fn the_walk_follows_re_exports_and_sees_methods_and_fields() {
        let function = json!({ "function": { "has_body": true } });
        let structure = json!({ "struct": { "kind": { "plain": { "fields": [5] } }, "impls": [3] } });
        let index = json!({
            "0": item("krate", "The crate.", json!({ "module": { "items": [1] } })),
            "1": re_export(2),
            "2": item("Thing", "A thing.\n```\nuse it;\n```", structure),
            "3": item("", "", json!({ "impl": { "trait": null, "items": [4, 6] } })),
            "4": item("method", "Says.", function.clone()),
            "5": item("field", "", json!({ "struct_field": {} })),
            "6": hidden(item("door", "", function)),
        });
        let (items, unresolved) = said(json!({ "krate": { "root": 0, "index": index, "paths": {} } }));
        assert_eq!(
            items,
            [
                ("krate".to_owned(), true, false, false),
                ("krate::Thing".to_owned(), true, true, true),
                ("krate::Thing::field".to_owned(), false, false, false),
                ("krate::Thing::method".to_owned(), true, true, false),
            ]
        );
        assert_eq!(unresolved, [""; 0]);
    }

    #[test]
    fn what_comes_from_a_hidden_module_or_another_crate_counts_and_nothing_is_left_out_silently() {
        let plain = json!({ "enum": { "variants": [], "impls": [] } });
        let index = json!({
            "0": item("krate", "The crate.", json!({ "module": { "items": [1, 2, 3, 5, 6, 7] } })),
            "1": hidden(item("bridge", "", json!({ "module": { "items": [4, 8] } }))),
            "2": re_export(4),
            // Of another crate, of an unknown one, and the other crate whole.
            "3": re_export(90),
            "5": re_export(91),
            "6": re_export(92),
            "7": hidden(re_export(8)),
            "4": item("FromHidden", "", plain.clone()),
            "8": item("StaysHidden", "", plain.clone()),
        });
        let paths = json!({
            "90": { "crate_id": 7, "path": ["other", "deep", "Elsewhere"] },
            "91": { "crate_id": 8, "path": ["unknown", "Lost"] },
            "92": { "crate_id": 7, "path": ["other"] },
        });
        let other = json!({
            "root": 0,
            "index": { "2": item("Elsewhere", "", plain) },
            "paths": { "2": { "crate_id": 0, "path": ["other", "deep", "Elsewhere"] } },
        });
        let (items, unresolved) =
            said(json!({ "krate": { "root": 0, "index": index, "paths": paths }, "other": other }));
        let names: Vec<_> = items.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["krate", "krate::FromHidden", "krate::Elsewhere"]);
        assert!(unresolved.len() == 1 && unresolved[0].contains("`pub use of::Something`"), "{unresolved:?}");
    }
}
