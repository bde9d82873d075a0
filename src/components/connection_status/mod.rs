//! `<ConnectionStatus>`: the connection in a line or in full.
//!
//! Its looks are CSS classes that begin with `so-status`; [`CSS`] is a style sheet for them that takes its colours from
//! CSS custom properties.

mod glyph;
mod sparkline;
mod status;
mod view;
mod words;

#[doc(hidden)]
pub use glyph::Glyph;
#[doc(hidden)]
pub use sparkline::Sparkline;
#[cfg(feature = "console")]
pub(crate) use status::reload_page;
pub use status::{ConnectionStatus, ConnectionStatusProps};
#[doc(hidden)]
pub use view::{ConnectionView, ConnectionViewProps};
#[doc(hidden)]
pub use words::{
    cause_advice, cause_words, mode_words, quality_word, state_word, storage_words, store_error_words,
};

/// The component's style sheet, to be served with one's own. The custom properties it reads are named at its top.
pub const CSS: &str = include_str!("../../../assets/connection-status.css");

#[cfg(test)]
mod tests {
    use super::CSS;
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
        let documented = properties(include_str!("../../../docs/components.md"));
        assert_eq!(properties(rules), documented);
        assert_eq!(properties(head), documented);
        assert!(documented.len() >= 10, "{documented:?}");
    }
}
