//! The page of a build: where it is deployed, and the address it connects to.

use serde_json::{Map, Value};
use std::ops::Range;

/// The id of the script element with the page's configuration.
const CONFIG: &str = "sentinelops-config";
/// The meta element that says below which path the app is deployed.
const BASE: &str = "sentinelops-base";

/// Below which path a page is deployed, such as `/` or `/console/`. `None`: it is no page of the console.
pub(super) fn base(page: &str) -> Option<&str> {
    let tag = &page[tag(page, "<meta", "name", BASE)?];
    let value = tag.split_once("content=")?.1;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split([' ', '>']).next()?,
    };
    (value.starts_with('/') && value.ends_with('/')).then_some(value)
}

/// The page, configured to connect to `/ws` of its own origin unless its configuration names a URL.
pub(super) fn connected(page: String) -> String {
    let Some(opening) = tag(&page, "<script", "id", CONFIG) else { return page };
    let begin = opening.end;
    let Some(length) = page[begin..].find("</script>") else { return page };
    let Ok(config) = serde_json::from_str::<Map<String, Value>>(&page[begin..begin + length]) else {
        return page;
    };
    if config.contains_key("url") || config.get("options").is_some_and(|options| options.get("url").is_some())
    {
        return page;
    }
    let Some(brace) = page[begin..].find('{') else { return page };
    let comma = if config.is_empty() { "" } else { "," };
    let (before, after) = page.split_at(begin + brace + 1);
    format!("{before}\"url\":\"/ws\"{comma}{after}")
}

/// Where the tag of this kind with this attribute stands, its brackets included.
fn tag(page: &str, kind: &str, attribute: &str, value: &str) -> Option<Range<usize>> {
    let wanted = [format!("{attribute}=\"{value}\""), format!("{attribute}={value}")];
    let tags = page.match_indices(kind).filter_map(|(at, _)| Some(at..at + page[at..].find('>')? + 1));
    tags.into_iter().find(|at| wanted.iter().any(|wanted| page[at.clone()].contains(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(config: &str) -> String {
        format!(
            "<!doctype html><meta charset=utf-8><meta name=\"sentinelops-base\" content=\"/console/\">\
             <script src=\"/x.js\"></script><script type=\"application/json\" id=\"sentinelops-config\">{config}</script>"
        )
    }

    #[test]
    fn a_page_without_a_url_is_told_to_connect_to_its_own_origin() {
        assert_eq!(connected(page("{}")), page("{\"url\":\"/ws\"}"));
        assert_eq!(connected(page("\n {\"debug\": true}\n")), page("\n {\"url\":\"/ws\",\"debug\": true}\n"));
        let minified = page("{}").replace("\"sentinelops-config\"", "sentinelops-config");
        assert!(connected(minified).contains("{\"url\":\"/ws\"}"));
    }

    #[test]
    fn a_url_that_an_operator_wrote_stays_and_so_does_what_cannot_be_read() {
        for config in [
            "{\"url\": \"wss://ops.example.com\"}",
            "{\"options\": {\"url\": \"/other\"}}",
            "{\"debug\": true,}",
            "[]",
            "",
        ] {
            assert_eq!(connected(page(config)), page(config));
        }
        assert_eq!(connected("<p>no console".to_owned()), "<p>no console");
    }

    #[test]
    fn the_page_says_below_which_path_it_is_deployed() {
        assert_eq!(base(&page("{}")), Some("/console/"));
        assert_eq!(base("<meta name=sentinelops-base content=/>"), Some("/"));
        for wrong in ["<meta name=\"sentinelops-base\" content=\"console\">", "<meta charset=utf-8>", ""] {
            assert_eq!(base(wrong), None, "{wrong}");
        }
    }
}
