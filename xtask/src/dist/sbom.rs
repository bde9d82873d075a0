//! What a release is made of, as a CycloneDX 1.5 document: every crate that is compiled into the gateway or into the
//! console, with version, licence and checksum. From `cargo metadata` and Cargo.lock.

use crate::root;
use crate::run::cmd;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The packages that are shipped, and what they are compiled for. `None` is the machine's own target.
const SHIPPED: [(&str, Option<&str>); 2] =
    [("sentinelops-gateway", None), ("sentinelops", Some("wasm32-unknown-unknown"))];

pub fn of_project(version: &str, target: &str) -> Result<Value> {
    let sums = checksums(&root::read_or_empty(root::at("Cargo.lock")));
    let mut parts = Parts::default();
    for (package, platform) in SHIPPED {
        let platform = platform.unwrap_or(target);
        let printed =
            cmd!("cargo metadata --format-version 1 --locked --filter-platform {platform}").read()?;
        parts.add(&serde_json::from_str(&printed)?, package)?;
    }
    Ok(parts.document(version, &sums))
}

#[derive(Default)]
struct Parts {
    /// By name and version: the licence.
    packages: BTreeMap<(String, String), Option<String>>,
    /// What each is made with, directly.
    edges: BTreeMap<(String, String), BTreeSet<(String, String)>>,
    roots: BTreeSet<(String, String)>,
}

impl Parts {
    /// What `cargo metadata` says of a package and all it is compiled with: neither tests nor build scripts.
    fn add(&mut self, metadata: &Value, package: &str) -> Result<()> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let packages: BTreeMap<String, Value> =
            list(&metadata["packages"]).into_iter().map(|found| (text(&found["id"]), found)).collect();
        let nodes: BTreeMap<String, Value> =
            list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
        let named =
            |id: &String| packages.get(id).map(|found| (text(&found["name"]), text(&found["version"])));
        let (root, _) = packages
            .iter()
            .find(|(_, found)| found["name"] == package && found["source"].is_null())
            .with_context(|| format!("cargo metadata names no package {package}"))?;
        self.roots.extend(named(root));
        let mut waiting = vec![root.clone()];
        let mut seen = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            let Some(key) = named(&id).filter(|_| seen.insert(id.clone())) else { continue };
            self.packages.insert(key.clone(), packages[&id]["license"].as_str().map(str::to_owned));
            let is_compiled =
                |edge: &Value| list(&edge["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let next = nodes.get(&id).map(|node| list(&node["deps"])).unwrap_or_default();
            let next: Vec<String> =
                next.iter().filter(|edge| is_compiled(edge)).map(|edge| text(&edge["pkg"])).collect();
            self.edges.entry(key).or_default().extend(next.iter().filter_map(named));
            waiting.extend(next);
        }
        Ok(())
    }

    fn document(&self, version: &str, sums: &BTreeMap<(String, String), String>) -> Value {
        let reference = |(name, version): &(String, String)| format!("pkg:cargo/{name}@{version}");
        let component = |(key, licence): (&(String, String), &Option<String>)| {
            let mut component = json!({
                "type": if self.roots.contains(key) { "application" } else { "library" },
                "bom-ref": reference(key), "name": key.0, "version": key.1, "purl": reference(key),
            });
            if let Some(licence) = licence {
                // Old crates write `MIT/Apache-2.0`, which is no expression.
                let expression = licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
                component["licenses"] = json!([{ "expression": expression }]);
            }
            if let Some(sum) = sums.get(key) {
                component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
            }
            component
        };
        let edges = self.edges.iter().map(|(key, on)| {
            json!({ "ref": reference(key), "dependsOn": on.iter().map(reference).collect::<Vec<_>>() })
        });
        let release = format!("pkg:generic/sentinelops@{version}");
        let release_edge =
            json!({ "ref": release, "dependsOn": self.roots.iter().map(reference).collect::<Vec<_>>() });
        let edges: Vec<_> = [release_edge].into_iter().chain(edges).collect();
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "component": {
                    "type": "application", "bom-ref": release, "name": "sentinelops", "version": version,
                },
            },
            "components": self.packages.iter().map(component).collect::<Vec<_>>(),
            "dependencies": edges,
        })
    }
}

/// Of each package from a registry, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let packages = lock.split("[[package]]").filter_map(|package| {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))?;
            Some(line.trim_matches('"').to_owned())
        };
        Some(((field("name")?, field("version")?), field("checksum")?))
    });
    packages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_in_is_listed_with_licence_and_checksum_and_nothing_else() {
        let package = |name: &str, source: Value| json!({ "id": format!("{name}#1"), "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "source": source });
        let edge =
            |name: &str, kind: Value| json!({ "pkg": format!("{name}#1"), "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [
                package("ours", Value::Null), package("used", "registry".into()), package("deep", "registry".into()),
                package("only-tests", "registry".into()), package("only-build", "registry".into()),
            ],
            "resolve": { "nodes": [
                { "id": "ours#1", "deps": [edge("used", Value::Null), edge("only-tests", "dev".into()), edge("only-build", "build".into())] },
                { "id": "used#1", "deps": [edge("deep", Value::Null)] },
                { "id": "deep#1", "deps": [] },
            ] },
        });
        let mut parts = Parts::default();
        parts.add(&metadata, "ours").unwrap();
        let lock = "version = 4\n\n[[package]]\nname = \"used\"\nversion = \"1.0.0\"\nchecksum = \"abc\"\n";
        let document = parts.document("1.2.3", &checksums(lock));
        let components = document["components"].as_array().unwrap();
        let names: Vec<_> = components.iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["deep", "ours", "used"]);
        assert_eq!(components[2]["hashes"][0]["content"], "abc");
        assert_eq!(components[2]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(document["dependencies"][0]["dependsOn"], json!(["pkg:cargo/ours@1.0.0"]));
        assert!(parts.add(&metadata, "missing").is_err());
    }
}
