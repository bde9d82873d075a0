//! The troubleshooting guide points to things that exist: test ids, banners, sentences.

const GUIDE: &str = include_str!("../../docs/troubleshooting.md");
/// The cases the documentation of the integration lists.
const CASES: [&str; 3] = ["## The connection fails", "## Messages are not delivered", "## Latency is high"];

fn source(folder: &str) -> String {
    let mut text = String::new();
    super::api_table::collect(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    text
}

/// Cells by row, headings and rules left out.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = GUIDE.lines().filter(|line| line.starts_with('|') && !line.contains("---"));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|row| row.get(1) != Some(&"where"))
}

#[test]
fn every_documented_case_is_there_and_says_where_it_shows() {
    for case in CASES {
        let (_, rest) = GUIDE.split_once(case).expect(case);
        let section = rest.split("\n## ").next().unwrap_or_default();
        assert!(section.contains('`'), "{case} names no place");
    }
    let mut count = 0;
    for row in rows() {
        assert!(row.iter().all(|cell| !cell.is_empty()) && row[1].contains('`'), "no place in {row:?}");
        count += 1;
    }
    assert!(count > 15, "only {count} rows");
}

#[test]
fn every_place_exists() {
    let components = source("src/components") + &source("crates/realtime/src/connection_status");
    let mut missing = Vec::new();
    for place in rows().flat_map(|row| row[1].split(',')) {
        let name = place.split('`').nth(1).unwrap_or_default();
        let code = match place.contains("banner") {
            true => format!("name=\"{name}\""),
            false => format!("testid=\"{name}\""),
        };
        // Some banners are chosen in a table.
        if !components.contains(&code) && !components.contains(&format!("\"{name}\"")) {
            missing.push(name);
        }
    }
    assert_eq!(missing, [] as [&str; 0]);
}

#[test]
fn every_sentence_is_said() {
    let sources = source("src") + &source("crates/realtime/src");
    let quoted = GUIDE.split('"').skip(1).step_by(2).filter(|text| !text.contains('\n'));
    let missing: Vec<_> = quoted.filter(|text| !sources.contains(text)).collect();
    assert_eq!(missing, [] as [&str; 0]);
}
