//! The table that maps the documented names to ours: no gap, and nothing that is not there.

use std::collections::{BTreeSet, HashMap};

const TABLE: &str = include_str!("../../docs/api.md");
/// Where the names live.
const SOURCES: [&str; 4] = ["src", "crates/engine/src", "crates/protocol/src", "crates/gateway/src"];

fn rows() -> impl Iterator<Item = Vec<String>> {
    TABLE.lines().filter(|line| line.starts_with('|') && line.contains(|c: char| c.is_alphabetic())).map(
        |line| {
            let line = line.replace("\\|", "\u{1}");
            line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
        },
    )
}

#[test]
fn no_cell_is_empty() {
    let mut count = 0;
    for row in rows() {
        assert!(row.len() >= 2 && row.iter().all(|cell| !cell.is_empty()), "empty cell in {row:?}");
        count += 1;
    }
    assert!(count > 60, "only {count} rows");
}

#[test]
fn our_names_exist() {
    let mut sources = String::new();
    for source in SOURCES {
        collect(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(source), &mut sources);
    }
    let mut missing = Vec::new();
    for cell in rows().filter_map(|row| row.get(1).cloned()) {
        // Every second piece stands between backticks; of it, the first name of each path.
        for code in cell.split('`').skip(1).step_by(2) {
            let names = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            let ours = names.filter(|name| name.starts_with("use_") || name.starts_with(char::is_uppercase));
            missing.extend(ours.filter(|name| !sources.contains(*name)).map(str::to_owned));
        }
    }
    assert_eq!(missing, [] as [String; 0]);
}

#[test]
fn each_has_an_example() {
    let mut sources = String::new();
    for source in SOURCES.into_iter().filter(|source| !source.contains("gateway")) {
        collect(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(source), &mut sources);
    }
    // Item by item: whether the comment right above it holds code. Enough for one of those of a name.
    let mut shown: HashMap<&str, bool> = HashMap::new();
    let mut code = false;
    for line in sources.lines().map(str::trim_start) {
        if line.starts_with("///") {
            code |= line.contains("```");
        } else if let Some(name) = item(line) {
            *shown.entry(name).or_default() |= std::mem::take(&mut code);
        } else if !line.starts_with("#[") && !line.starts_with(')') {
            code = false;
        }
    }
    let names: BTreeSet<String> = rows()
        .filter_map(|row| row.get(1).cloned())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .flat_map(|path| {
            path.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let without: Vec<_> = names.iter().filter(|name| shown.get(name.as_str()) == Some(&false)).collect();
    assert_eq!(without, [] as [&str; 0]);
}

/// The name of a public hook or type that a line begins.
fn item(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub ")?;
    let name = rest.strip_prefix("struct ").or_else(|| rest.strip_prefix("enum ")).or_else(|| {
        // Methods are shown by what they belong to.
        rest.strip_prefix("fn ").filter(|name| name.starts_with("use_"))
    })?;
    // A macro's parameter is no name.
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}

pub(super) fn collect(path: std::path::PathBuf, into: &mut String) {
    match std::fs::read_dir(&path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(entry.path(), into)),
        Err(_) => into.push_str(&std::fs::read_to_string(path).unwrap_or_default()),
    }
}
