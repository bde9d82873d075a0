//! People that a message names: `@` and the id of an agent.

/// What ends an id in a text, beside white space.
const ENDS: &str = ",;!?()[]{}<>\"'`/\\";
/// What ends a sentence: it may stand in an id, not at its end.
const LAST: [char; 4] = ['.', ':', '-', '…'];

/// The id that `text` begins with, without its `@`; `before` is what stands before it. An address (`ann@example.com`) names
/// nobody.
///
/// ```
/// use sentinelops_protocol::mention;
///
/// assert_eq!(mention("ask ", "@ann.li: look"), Some("ann.li"));
/// assert_eq!(mention("ann", "@example.com"), None);
/// ```
pub fn mention<'a>(before: &str, text: &'a str) -> Option<&'a str> {
    let rest = text.strip_prefix('@')?;
    if before.ends_with(|sign: char| sign.is_alphanumeric() || "@.-_/".contains(sign)) {
        return None;
    }
    let end = rest.find(|sign: char| sign.is_whitespace() || ENDS.contains(sign)).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches(LAST)).filter(|id| !id.is_empty() && !id.starts_with('@'))
}

/// All ids that a text names, as often as they stand there.
///
/// ```
/// use sentinelops_protocol::mentions;
///
/// assert_eq!(mentions("@ann, see @bob.").collect::<Vec<_>>(), ["ann", "bob"]);
/// ```
pub fn mentions(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(|(at, _)| mention(&text[..at], &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_found_where_they_are_words() {
        let found = |text| mentions(text).collect::<Vec<_>>();
        assert_eq!(found("@ann @bob-2. (@cy_3) @a@b.de"), ["ann", "bob-2", "cy_3", "a@b.de"]);
        assert_eq!(found("ann@example.com, x.@y, /@z, @@w, @ q, @, @..."), [""; 0]);
        assert_eq!(found("`@ann` and\n@bob's"), ["ann", "bob"]);
    }

    proptest! {
        #[test]
        fn an_id_is_found_again_in_any_sentence(id in "[a-z0-9|+][a-z0-9|+.@_-]{0,8}[a-z0-9|+]", before in "(\\PC*[ (])?", after in "([ ,!)]\\PC*|[.]( \\PC*)?)?") {
            let text = format!("{before}@{id}{after}");
            prop_assert!(mentions(&text).any(|found| found == id), "{}", text);
        }

        #[test]
        fn any_text_is_read(text in any::<String>()) {
            for id in mentions(&text) {
                let named = format!("@{id}");
                prop_assert!(text.contains(&named));
            }
        }
    }
}
