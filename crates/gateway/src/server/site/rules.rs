//! The headers file of a build, read as Netlify and Cloudflare Pages read it: a line that starts with a path is a
//! pattern, the indented lines below it are headers; every rule that fits counts, and values of one header are joined.

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};

/// Which headers a path is answered with.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Vec<Piece>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    /// `*`: anything.
    Any,
    /// `:name`: one segment.
    Segment,
}

impl Rules {
    /// # Errors
    /// The line, what was found and what is allowed.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rules: Vec<Rule> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = |why: &str| Err(format!("line {}: {why}", at + 1));
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            if !line.starts_with([' ', '\t']) {
                if !line.starts_with('/') {
                    return wrong("a pattern starts with a slash, a header with a space");
                }
                rules.push(Rule { pattern: pieces(line.trim()), headers: Vec::new() });
                continue;
            }
            let header = line.trim().split_once(':').and_then(|(name, value)| {
                let value = HeaderValue::from_str(value.trim()).ok().filter(|value| !value.is_empty())?;
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
            });
            let Some(header) = header else { return wrong("`Name: value` is allowed below a pattern") };
            match rules.last_mut() {
                Some(rule) => rule.headers.push(header),
                None => return wrong("a header needs a pattern above it"),
            }
        }
        Ok(Self(rules))
    }

    /// What a request for this path is answered with.
    pub(super) fn of(&self, path: &str) -> HeaderMap {
        let mut all = HeaderMap::new();
        for rule in self.0.iter().filter(|rule| fits(&rule.pattern, path)) {
            for (name, value) in &rule.headers {
                let joined = all.get(name).and_then(|before: &HeaderValue| {
                    HeaderValue::from_bytes(&[before.as_bytes(), b", ", value.as_bytes()].concat()).ok()
                });
                all.insert(name, joined.unwrap_or_else(|| value.clone()));
            }
        }
        all
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        let names = c == ':' && rest.peek().is_some_and(char::is_ascii_alphabetic);
        if c != '*' && !names {
            text.push(c);
            continue;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(if names { Piece::Segment } else { Piece::Any });
        while names && rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_').is_some() {}
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

fn fits(pattern: &[Piece], path: &str) -> bool {
    let (piece, rest) = match pattern {
        [] => return path.is_empty(),
        [piece, rest @ ..] => (piece, rest),
    };
    let ends = |from: usize| (from..=path.len()).filter(|at| path.is_char_boundary(*at));
    match piece {
        Piece::Text(text) => path.strip_prefix(text.as_str()).is_some_and(|path| fits(rest, path)),
        Piece::Any => ends(0).any(|at| fits(rest, &path[at..])),
        Piece::Segment => {
            ends(1).take_while(|at| !path[..*at].contains('/')).any(|at| fits(rest, &path[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_fits_counts_in_order_and_values_are_joined() {
        let rules = Rules::parse(
            "/*\n  X-All: 1\n\n# a comment\n/a/*\n\tX-All: 2\n  X-A: a: b\n/a/:id/end\n  X-Id: yes\n/exact.js\n  X-E: e\n",
        );
        let rules = rules.expect("rules");
        let of = |path: &str| -> Vec<String> {
            let all = rules.of(path);
            let mut all: Vec<_> = all
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
                .collect();
            all.sort();
            all
        };
        assert_eq!(of("/"), ["x-all: 1"]);
        assert_eq!(of("/a/b/c"), ["x-a: a: b", "x-all: 1, 2"]);
        assert_eq!(of("/a/7/end"), ["x-a: a: b", "x-all: 1, 2", "x-id: yes"]);
        assert!(!of("/a/7/8/end").contains(&"x-id: yes".to_owned()));
        assert_eq!(of("/exact.js"), ["x-all: 1", "x-e: e"]);
        assert_eq!(of("/exactXjs"), ["x-all: 1"]);
    }

    #[test]
    fn a_line_that_would_have_no_effect_is_refused_with_its_number() {
        for (text, line) in [
            ("  X-A: 1", "line 1: a header needs a pattern"),
            ("/a\n  no header", "line 2: `Name: value`"),
            ("/a\n  X-A:", "line 2: `Name: value`"),
            ("# c\n\nassets/*", "line 3: a pattern starts with a slash"),
        ] {
            let error = Rules::parse(text).expect_err(text);
            assert!(error.starts_with(line), "{error}");
        }
    }
}
