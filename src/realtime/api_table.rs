//! The table that maps the documented names to ours: no gap, and nothing that is not there.

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

fn collect(path: std::path::PathBuf, into: &mut String) {
    match std::fs::read_dir(&path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(entry.path(), into)),
        Err(_) => into.push_str(&std::fs::read_to_string(path).unwrap_or_default()),
    }
}
