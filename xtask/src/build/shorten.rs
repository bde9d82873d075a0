//! Makes the script between page and module small: wasm-bindgen writes it to be read, with names that stand in the
//! module as well (`__wbg_addEventListener_9d2a0e2bb0c4d3a1`), and nobody reads those of a release.

use super::names::{MAGIC, number, sections, text};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

/// What wasm-bindgen generates begins so; anything else, such as `memory` or a function of our own, keeps its name.
const GENERATED: [&str; 4] = ["__wbg_", "__wbindgen_", "__wasm_bindgen_", "wasm_bindgen__"];

/// Module and script with short names for everything that only they tell each other.
pub fn shorten(wasm: &[u8], script: &str) -> Result<(Vec<u8>, String)> {
    let mut names = Names { script, short: BTreeMap::new() };
    let mut out = MAGIC.to_vec();
    for (id, body) in sections(wasm)? {
        let body = match id {
            2 => names.imports(body)?,
            7 => names.exports(body)?,
            _ => body.to_vec(),
        };
        out.push(id);
        put_number(&mut out, body.len());
        out.extend(body);
    }
    Ok((out, names.rewrite(&without_comments(script)?)))
}

struct Names<'a> {
    script: &'a str,
    short: BTreeMap<String, String>,
}

impl Names<'_> {
    fn imports(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        let (mut rest, mut out) = self.count(body)?;
        for _ in 0..number(body)?.0 {
            rest = self.copied(rest, &mut out)?;
            rest = self.shortened(rest, &mut out)?;
            let (kind, after) = rest.split_first().context("an import without a kind")?;
            ensure!(*kind == 0, "an import that is no function: the names cannot be shortened");
            out.push(*kind);
            rest = copy_number(after, &mut out)?;
        }
        ensure!(rest.is_empty(), "an import section that does not end");
        Ok(out)
    }

    fn exports(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        let (mut rest, mut out) = self.count(body)?;
        for _ in 0..number(body)?.0 {
            rest = self.shortened(rest, &mut out)?;
            let (kind, after) = rest.split_first().context("an export without a kind")?;
            out.push(*kind);
            rest = copy_number(after, &mut out)?;
        }
        ensure!(rest.is_empty(), "an export section that does not end");
        Ok(out)
    }

    fn count<'b>(&self, body: &'b [u8]) -> Result<(&'b [u8], Vec<u8>)> {
        let mut out = Vec::with_capacity(body.len());
        Ok((copy_number(body, &mut out)?, out))
    }

    fn copied<'b>(&self, bytes: &'b [u8], out: &mut Vec<u8>) -> Result<&'b [u8]> {
        let (name, rest) = text(bytes)?;
        put_text(out, name);
        Ok(rest)
    }

    fn shortened<'b>(&mut self, bytes: &'b [u8], out: &mut Vec<u8>) -> Result<&'b [u8]> {
        let (name, rest) = text(bytes)?;
        // One that the script builds or does not mention is none of ours.
        let generated = GENERATED.iter().any(|begins| name.starts_with(begins)) && self.script.contains(name);
        if !generated {
            put_text(out, name);
            return Ok(rest);
        }
        let next = format!("${:x}", self.short.len());
        let short = self.short.entry(name.to_owned()).or_insert(next);
        put_text(out, short);
        Ok(rest)
    }

    /// The script with the short names, word by word.
    fn rewrite(&self, script: &str) -> String {
        let of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let mut out = String::with_capacity(script.len());
        let mut rest = script;
        while !rest.is_empty() {
            let end = rest.find(|c| !of_name(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            out.push_str(self.short.get(word).map_or(word, String::as_str));
            let next = after.find(of_name).unwrap_or(after.len());
            out.push_str(&after[..next]);
            rest = &after[next..];
        }
        out
    }
}

/// Without comments of whole lines, indentation and empty lines.
fn without_comments(script: &str) -> Result<String> {
    let mut out = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines() {
        let line = line.trim();
        in_comment |= line.starts_with("/*");
        if in_comment {
            in_comment = !line.ends_with("*/");
            continue;
        }
        ensure!(
            line.matches('`').count().is_multiple_of(2),
            "wasm-bindgen wrote a text of several lines, which must keep its spaces: {line}"
        );
        if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    ensure!(!in_comment, "wasm-bindgen wrote a comment that does not end");
    Ok(out)
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend(text.as_bytes());
}

fn copy_number<'a>(bytes: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8]> {
    let (value, rest) = number(bytes)?;
    put_number(out, value);
    Ok(rest)
}

fn put_number(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![id];
        put_number(&mut out, body.len());
        out.extend(body);
        out
    }

    #[test]
    fn names_are_shortened_alike_on_both_sides_and_others_stay() {
        let long = format!("__wbg_fetch_{}", "0".repeat(200));
        let mut imports = vec![2];
        for name in [long.as_str(), "own"] {
            put_text(&mut imports, "./app_bg.js");
            put_text(&mut imports, name);
            imports.extend([0, 3]);
        }
        let mut exports = vec![2];
        put_text(&mut exports, "memory");
        exports.extend([2, 0]);
        put_text(&mut exports, "__wbindgen_start");
        exports.extend([0, 5]);
        let mut wasm = MAGIC.to_vec();
        wasm.extend(section(2, &imports));
        wasm.extend(section(7, &exports));
        let script = format!(
            "/**\n * Of wasm-bindgen.\n */\n    {long}: function(arg0) {{\n        // why\n        return \
             {long}_2(arg0);\n    }},\nwasm.__wbindgen_start(); wasm.memory; own"
        );

        let (wasm, script) = shorten(&wasm, &script).unwrap();
        assert_eq!(
            script,
            format!("$0: function(arg0) {{\nreturn {long}_2(arg0);\n}},\nwasm.$1(); wasm.memory; own\n")
        );
        let mut expected = MAGIC.to_vec();
        expected.extend(section(2, b"\x02\x0b./app_bg.js\x02$0\0\x03\x0b./app_bg.js\x03own\0\x03"));
        expected.extend(section(7, b"\x02\x06memory\x02\0\x02$1\0\x05"));
        assert_eq!(wasm, expected);
    }

    #[test]
    fn text_of_several_lines_is_an_error() {
        assert!(without_comments("const a = `one\n  two`;").is_err());
    }
}
