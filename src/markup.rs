//! What a message means beside its letters: code, lists, incidents, people. Pure, and never HTML: every part is a piece of the text,
//! and what is left out are the marks themselves.

use sentinelops_protocol::mention;

/// Between two lines of it stands code.
const FENCE: &str = "```";
/// Before an entry of a list.
const BULLETS: [&str; 2] = ["- ", "* "];
/// How the id of an incident begins.
const INCIDENT: &str = "inc-";

/// Something that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    /// Lines of text.
    Text(Vec<Span<'a>>),
    /// A list, by entry.
    List(Vec<Vec<Span<'a>>>),
    /// Lines of code.
    Code(&'a str),
}

/// A piece of a line, or of several lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'a> {
    /// As it is.
    Text(&'a str),
    /// Between two backticks.
    Code(&'a str),
    /// The id of an incident.
    Incident(&'a str),
    /// `@` and what may be the id of a person.
    Mention(&'a str),
}

/// The blocks of a message. Lines between two fences (three backticks) are code, lines that begin with `- ` or `* ` a list.
///
/// ```
/// use sentinelops::markup::{Block, Span, blocks};
///
/// assert_eq!(blocks("see inc-7"), [Block::Text(vec![Span::Text("see "), Span::Incident("inc-7")])]);
/// ```
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut plain) = (text, 0);
    // `text` without `rest` ends with `plain` bytes of lines that mean nothing else.
    let flush = |found: &mut Vec<_>, rest: &str, plain: usize| {
        let end = text.len() - rest.len();
        let lines = text[end - plain..end].trim_matches('\n');
        if !lines.is_empty() {
            found.push(Block::Text(spans(lines)));
        }
    };
    while !rest.is_empty() {
        if let Some((code, after)) = fenced(rest) {
            flush(&mut found, rest, plain);
            found.push(Block::Code(code));
            (rest, plain) = (after, 0);
            continue;
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some(entry) = entry(line) {
            flush(&mut found, rest, plain);
            // An entry directly below another one belongs to the same list.
            match found.last_mut() {
                Some(Block::List(entries)) if plain == 0 => entries.push(spans(entry)),
                _ => found.push(Block::List(vec![spans(entry)])),
            }
            plain = 0;
        } else {
            plain += rest.len() - after.len();
        }
        rest = after;
    }
    flush(&mut found, rest, plain);
    found
}

/// The code that a text begins with, and what follows. A word behind the first fence is its first line.
fn fenced(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix(FENCE)?;
    let inside = inside.strip_prefix('\n').unwrap_or(inside);
    let mut at = 0;
    for line in inside.split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return Some((inside[..at].trim_end_matches('\n'), &inside[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

fn entry(line: &str) -> Option<&str> {
    BULLETS.into_iter().find_map(|bullet| line.strip_prefix(bullet)).filter(|entry| !entry.trim().is_empty())
}

fn spans(text: &str) -> Vec<Span<'_>> {
    let mut found = Vec::new();
    // Where the text begins that means nothing else.
    let mut from = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let before = &text[..at];
        let (span, length) = if let Some(code) = code(rest) {
            (Span::Code(code), code.len() + 2)
        } else if let Some(id) = incident(before, rest) {
            (Span::Incident(id), id.len())
        } else if let Some(id) = mention(before, rest) {
            let length = '@'.len_utf8() + id.len();
            (Span::Mention(&rest[..length]), length)
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if from < at {
            found.push(Span::Text(&text[from..at]));
        }
        found.push(span);
        at += length;
        from = at;
    }
    if from < text.len() {
        found.push(Span::Text(&text[from..]));
    }
    found
}

/// The code that a text begins with, within a line.
fn code(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('`')?;
    let (code, _) = inside.split_once('`')?;
    (!code.is_empty() && !code.contains('\n')).then_some(code)
}

/// The id of an incident that a text begins with, as a word of its own.
fn incident<'a>(before: &str, text: &'a str) -> Option<&'a str> {
    let of_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
    let rest = text.strip_prefix(INCIDENT)?;
    if before.ends_with(|sign: char| sign.is_alphanumeric() || "-_/=".contains(sign)) {
        return None;
    }
    let length = rest.find(|sign| !of_word(sign)).unwrap_or(rest.len());
    let id = text[..INCIDENT.len() + length].trim_end_matches('-');
    (id.len() > INCIDENT.len()).then_some(id)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Block<'_> {
        Block::Text(vec![Span::Text(text)])
    }

    #[test]
    fn code_lists_and_incidents_are_found() {
        let found =
            blocks("Look:\n```\nfn a() {\n  `b`\n}\n```\n- one `x y`\n* two\n\nthen inc-1012, not xinc-2");
        assert_eq!(
            found,
            [
                text("Look:"),
                Block::Code("fn a() {\n  `b`\n}"),
                Block::List(vec![vec![Span::Text("one "), Span::Code("x y")], vec![Span::Text("two")]]),
                Block::Text(vec![
                    Span::Text("then "),
                    Span::Incident("inc-1012"),
                    Span::Text(", not xinc-2")
                ]),
            ]
        );
        let asked = [Span::Text("ask "), Span::Mention("@ann.li"), Span::Text(", not "), Span::Code("@bob")];
        assert_eq!(blocks("ask @ann.li, not `@bob`"), [Block::Text(asked.to_vec())]);
        assert_eq!(blocks("```sql\nselect 1\n```"), [Block::Code("sql\nselect 1")]);
        assert_eq!(blocks("- a\nb\n- c").len(), 3, "a line between two entries ends the list");
    }

    #[test]
    fn what_is_no_mark_stays_text() {
        for plain in [
            "a\nb",
            "a ` b",
            "``",
            "-5 degrees",
            "- ",
            "**",
            "```\nnever closed",
            "see ``` here",
            "inc-",
            "inc--",
            "/inc-1",
            "a\n\n\nb",
            "<b>x</b> [a](javascript:x)",
            "`a\nb`",
        ] {
            assert_eq!(blocks(plain), [text(plain)], "{plain:?}");
        }
        assert_eq!(blocks(""), []);
        assert_eq!(blocks("inc-7-."), [Block::Text(vec![Span::Incident("inc-7"), Span::Text("-.")])]);
    }

    /// Everything that is shown, one after the other.
    fn shown(text: &str) -> String {
        let letters = |spans: &[Span<'_>]| -> String {
            let of = |span: &Span<'_>| match *span {
                Span::Text(text) | Span::Code(text) | Span::Incident(text) | Span::Mention(text) => {
                    text.to_owned()
                }
            };
            spans.iter().map(of).collect()
        };
        let of = |block: &Block<'_>| match block {
            Block::Text(spans) => letters(spans),
            Block::List(entries) => entries.iter().map(|entry| letters(entry)).collect(),
            Block::Code(code) => (*code).to_owned(),
        };
        blocks(text).iter().map(of).collect()
    }

    /// Without what marks are made of.
    fn bare(text: &str) -> String {
        text.chars().filter(|sign| !"`-* \r\n".contains(*sign)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_letter_is_lost_added_or_moved(text in "(```|inc-|@|- |[*]|`|[a-z0-9]|-|\n| |<|ä|\\PC){0,40}") {
            prop_assert_eq!(bare(&shown(&text)), bare(&text));
        }

        #[test]
        fn any_text_is_shown_whole(text in any::<String>()) {
            prop_assert_eq!(bare(&shown(&text)), bare(&text));
        }
    }
}
