//! The tables of `docs/architecture.md` say what the code does.
//!
//! `UPDATE_DOCS=1 cargo test -p sentinelops-engine --test docs` writes them anew.

use sentinelops_engine::tables;
use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/architecture.md")
}

fn table(header: [&str; 3], rows: &[[String; 3]]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = line(&header.map(str::to_owned));
    table.push_str("|---|---|---|\n");
    rows.iter().for_each(|row| table.push_str(&line(row)));
    table
}

fn compare(marker: &str, expected: &str) {
    let text = std::fs::read_to_string(path()).expect("docs/architecture.md");
    let (open, close) = (format!("<!-- {marker} -->\n"), format!("<!-- /{marker} -->"));
    let from = text.find(&open).expect("the opening marker") + open.len();
    let to = from + text[from..].find(&close).expect("the closing marker");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = format!("{}{expected}{}", &text[..from], &text[to..]);
        std::fs::write(path(), text).expect("docs/architecture.md can be written");
    } else {
        assert_eq!(&text[from..to], expected, "run with UPDATE_DOCS=1 and look at the difference");
    }
}

#[test]
fn the_documented_tables_are_the_codes() {
    // One test, one after the other: both rewrite the same file when asked to.
    compare("timers", &table(["timer", "set when", "runs"], &tables::timer_rows()));
    compare("close-codes", &table(["code", "client", "meaning"], &tables::close_code_rows()));
}
