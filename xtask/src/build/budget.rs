//! Whether a build is within `budgets.json`: `limits` for each download, and what every file and crate weighed when
//! that was last recorded.

use super::sizes::{PARTS, Size, part};
use crate::root;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of code by crate, of each module.
pub type Crates = BTreeMap<&'static str, BTreeMap<String, u64>>;

/// A file may be this much larger than recorded; the small ones by [`SLACK_BYTES`].
const SLACK_PERCENT: u64 = 2;
const SLACK_BYTES: u64 = 200;
/// A crate with less code is not recorded.
const CRATE_BYTES: u64 = 1_000;

/// The name of a file in `budgets.json`: wasm-bindgen puts a hash of the compiler behind the crate of a snippet.
fn name(path: &str) -> String {
    match path.strip_prefix("snippets/").and_then(|rest| rest.split_once('/')) {
        Some((of, file)) => {
            format!("snippets/{}/{file}", of.rsplit_once('-').map_or(of, |(crate_name, _)| crate_name))
        }
        None => path.to_owned(),
    }
}

/// Fails when a part is over its limit or a file over what is recorded, naming the files and crates that grew.
pub fn check(sizes: &BTreeMap<String, Size>, crates: &Crates) -> Result<()> {
    let budgets = read()?;
    let mut over = Vec::new();
    for of in PARTS {
        let limit =
            budgets["limits"][of].as_u64().with_context(|| format!("budgets.json has no limits.{of}"))?;
        let total = total(sizes, of);
        println!("budget {of}: {total} of {limit} bytes gzip");
        if total > limit {
            over.push(format!("the {of} is {} bytes gzip over limits.{of}", total - limit));
        }
    }
    over.extend(sizes.iter().filter_map(|(path, size)| grown(&name(path), *size, &budgets["recorded"])));
    if over.is_empty() {
        return Ok(());
    }
    for line in crates.iter().flat_map(|(module, of)| grown_crates(module, of, &budgets["crates"][module])) {
        println!("  {line}");
    }
    bail!(
        "{}: make it smaller (`cargo xtask sizes` shows what is in it); if it is worth its bytes, record it with `cargo \
         xtask build --record-sizes`, raise the limit, and say why in the commit",
        over.join("; ")
    )
}

/// What is wrong with the size of a file, in words.
fn grown(name: &str, size: Size, recorded: &Value) -> Option<String> {
    let now = size.gzip as u64;
    let Some(was) = recorded[name]["gzip"].as_u64() else {
        return Some(format!("{name} ({now} bytes gzip) is not recorded"));
    };
    let allowed = was + (was * SLACK_PERCENT / 100).max(SLACK_BYTES);
    (now > allowed).then(|| format!("{name} has {now} bytes gzip, {was} when recorded"))
}

/// The five crates that grew most.
fn grown_crates(module: &str, now: &BTreeMap<String, u64>, recorded: &Value) -> Vec<String> {
    let mut grown: Vec<(u64, &str, u64)> = now
        .iter()
        .map(|(name, bytes)| (name, bytes, recorded[name].as_u64().unwrap_or(0)))
        .filter(|(_, bytes, was)| **bytes > *was && **bytes >= CRATE_BYTES)
        .map(|(name, bytes, was)| (bytes - was, name.as_str(), *bytes))
        .collect();
    grown.sort_by(|a, b| b.cmp(a));
    let line = |(more, name, bytes): &(u64, &str, u64)| {
        format!("{module}: crate {name} has {bytes} bytes of code, {more} more than recorded")
    };
    grown.iter().take(5).map(line).collect()
}

fn total(sizes: &BTreeMap<String, Size>, of: &str) -> u64 {
    sizes.iter().filter(|(path, _)| part(path) == Some(of)).map(|(_, size)| size.gzip as u64).sum()
}

/// Writes today's sizes as what later builds are compared with. Limits come down to 0.5 % above them; they never go up.
pub fn record(sizes: &BTreeMap<String, Size>, crates: &Crates) -> Result<()> {
    let mut budgets = read()?;
    for of in PARTS {
        let total = total(sizes, of);
        let limit = (total + total / 200).next_multiple_of(100);
        if budgets["limits"][of].as_u64().is_none_or(|was| limit < was) {
            budgets["limits"][of] = limit.into();
        }
    }
    let file = |size: &Size| json!({ "raw": size.raw, "gzip": size.gzip, "brotli": size.brotli });
    budgets["recorded"] =
        sizes.iter().map(|(path, size)| (name(path), file(size))).collect::<serde_json::Map<_, _>>().into();
    budgets["crates"] = json!({});
    for (module, of) in crates {
        let of = of.iter().filter(|(_, bytes)| **bytes >= CRATE_BYTES);
        budgets["crates"][module] =
            of.map(|(name, bytes)| (name.clone(), json!(bytes))).collect::<serde_json::Map<_, _>>().into();
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&budgets)?);
    std::fs::write(root::at("budgets.json"), text).context("cannot write budgets.json")
}

/// Bytes of a crate in a module when that was last recorded.
pub fn recorded_crate(module: &str, name: &str) -> Result<Option<u64>> {
    Ok(read()?["crates"][module][name].as_u64())
}

fn read() -> Result<Value> {
    let text = std::fs::read_to_string(root::at("budgets.json")).context("cannot read budgets.json")?;
    serde_json::from_str(&text).context("budgets.json is not valid JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(gzip: usize) -> Size {
        Size { gzip, ..Size::default() }
    }

    #[test]
    fn file_two_percent_over_what_is_recorded_is_named_with_both_sizes() {
        let recorded = json!({ "app_bg.wasm": { "gzip": 500_000 }, "boot.js": { "gzip": 591 } });
        assert_eq!(grown("app_bg.wasm", size(510_000), &recorded), None);
        assert_eq!(
            grown("app_bg.wasm", size(510_001), &recorded).as_deref(),
            Some("app_bg.wasm has 510001 bytes gzip, 500000 when recorded")
        );
        assert_eq!(grown("boot.js", size(791), &recorded), None);
        assert!(grown("boot.js", size(792), &recorded).is_some());
        assert_eq!(
            grown("new.js", size(1), &recorded).as_deref(),
            Some("new.js (1 bytes gzip) is not recorded")
        );
    }

    #[test]
    fn crates_that_grew_are_named_the_most_grown_first() {
        let now = [("yew", 9_000), ("alloc", 5_000), ("same", 2_000), ("less", 1_500), ("tiny", 900)];
        let now = now.map(|(name, bytes)| (name.to_owned(), bytes)).into();
        let recorded = json!({ "yew": 8_000, "same": 2_000, "less": 1_600 });
        assert_eq!(
            grown_crates("app", &now, &recorded),
            [
                "app: crate alloc has 5000 bytes of code, 5000 more than recorded",
                "app: crate yew has 9000 bytes of code, 1000 more than recorded"
            ]
        );
    }

    #[test]
    fn name_of_a_snippet_is_the_same_for_every_compiler() {
        assert_eq!(
            name("snippets/sentinelops-realtime-8d1c42139a191115/src/bridge/shim.js"),
            "snippets/sentinelops-realtime/src/bridge/shim.js"
        );
        assert_eq!(name("app.js"), "app.js");
    }
}
