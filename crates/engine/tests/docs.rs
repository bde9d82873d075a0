//! What the documentation names exists.

use std::path::PathBuf;

/// Each step of the walk in `docs/architecture.md` names a file, then a function in it.
#[test]
fn the_walk_of_a_sent_message_names_files_and_functions_that_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/architecture.md")).expect("docs/architecture.md");
    let walk = text.split("### One sent message in eight files").nth(1).expect("the walk");
    let walk = walk.split("\n## ").next().unwrap_or_default();
    let steps: Vec<&str> =
        walk.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(steps.len(), 8);
    for step in steps {
        let names: Vec<&str> = step.split('`').skip(1).step_by(2).collect();
        let source = std::fs::read_to_string(root.join(names[0])).expect(names[0]);
        let function = names[1].rsplit("::").next().unwrap_or_default();
        assert!(source.contains(&format!("fn {function}(")), "{} has no function {function}", names[0]);
    }
}

/// Files that the internal sections of `docs/glossary.md` name exist, below the folder that the section names.
#[test]
fn the_glossary_names_files_that_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/glossary.md")).expect("docs/glossary.md");
    let mut folder = String::new();
    let mut files = 0;
    let internal = text.split("\n## ").skip_while(|section| !section.contains("(internal)"));
    for line in internal.flat_map(str::lines) {
        if let Some(path) = line.strip_prefix("Paths are relative to `") {
            folder = path.trim_end_matches("`.").to_owned();
        }
        let place = line.strip_prefix("| ").and_then(|row| row.rsplit(" | ").next()).unwrap_or_default();
        for name in place.split('`').filter(|name| name.ends_with(".rs") || name.ends_with(".js")) {
            let path = root.join(&folder).join(name);
            assert!(path.is_file(), "{} is in docs/glossary.md and does not exist", path.display());
            files += 1;
        }
    }
    assert!(files > 80, "{files} files found");
}
