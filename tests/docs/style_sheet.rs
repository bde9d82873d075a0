//! The style sheet of `<ConnectionStatus>` and its documentation name the same properties.

use sentinelops_realtime::connection_status::CSS;
use std::collections::BTreeSet;

/// What begins so in a text, each once.
fn properties(text: &str) -> BTreeSet<&str> {
    text.match_indices("--so-")
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
            &rest[..end]
        })
        .collect()
}

#[test]
fn every_documented_property_is_read_and_every_read_one_is_documented() {
    let (head, rules) = CSS.split_once("*/").expect("the style sheet begins with a comment");
    let documented = properties(include_str!("../../docs/components.md"));
    assert_eq!(properties(rules), documented);
    assert_eq!(properties(head), documented);
    assert!(documented.len() >= 10, "{documented:?}");
}
