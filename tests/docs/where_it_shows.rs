//! The troubleshooting guide has the documented cases, and points to test ids and banners that `docs/components.md` lists.

const GUIDE: &str = include_str!("../../docs/troubleshooting.md");
const COMPONENTS: &str = include_str!("../../docs/components.md");
/// The cases the documentation of the integration lists.
const CASES: [&str; 3] = ["## The connection fails", "## Messages are not delivered", "## Latency is high"];

/// Cells by row, headings and rules left out.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = GUIDE.lines().filter(|line| line.starts_with('|') && !line.contains("---"));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|row| row.get(1) != Some(&"where"))
}

#[test]
fn every_documented_case_is_there_and_names_a_place() {
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
fn every_place_is_listed_in_components() {
    let (_, list) = COMPONENTS.split_once("\n## Test ids").expect("the list of test ids");
    // Every second piece stands between backticks.
    let names: Vec<_> = rows().flat_map(|row| row[1].split('`').skip(1).step_by(2)).collect();
    let missing: Vec<_> = names.iter().filter(|name| !list.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, [] as [&&str; 0]);
}
