//! Reads the sections of a wasm module; of its names, which functions the linker kept.

use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// How every module begins.
pub const MAGIC: &[u8] = b"\0asm\x01\0\0\0";
const NO_NAMES: &str = "the module has no name section: keep `strip = \"debuginfo\"`";

/// Number and bytes of each section, in order.
pub fn sections(wasm: &[u8]) -> Result<Vec<(u8, &[u8])>> {
    let mut rest = wasm.strip_prefix(MAGIC).context("this is no wasm module")?;
    let mut all = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (body, after) = after.split_at_checked(size).context("a section longer than the module")?;
        rest = after;
        all.push((*id, body));
    }
    Ok(all)
}

/// The bytes of the section with this number, if the module has one.
pub fn section(wasm: &[u8], id: u8) -> Result<Option<&[u8]>> {
    Ok(sections(wasm)?.into_iter().find(|(found, _)| *found == id).map(|(_, body)| body))
}

/// The bytes of the custom section with the names, if the module has one.
fn name_section(wasm: &[u8]) -> Result<Option<&[u8]>> {
    for (_, body) in sections(wasm)?.into_iter().filter(|(id, _)| *id == 0) {
        let (name, body) = text(body)?;
        if name == "name" {
            return Ok(Some(body));
        }
    }
    Ok(None)
}

/// A text behind its length, and what follows it.
pub fn text(bytes: &[u8]) -> Result<(&str, &[u8])> {
    let (length, bytes) = number(bytes)?;
    let (text, rest) = bytes.split_at_checked(length).context("a name longer than its section")?;
    Ok((std::str::from_utf8(text).context("a name that is not UTF-8")?, rest))
}

/// Names of the functions by their index, imported ones first.
pub fn of_functions(wasm: &[u8]) -> Result<BTreeMap<usize, String>> {
    const FUNCTIONS: u8 = 1;
    let mut rest = name_section(wasm)?.context(NO_NAMES)?;
    let mut names = BTreeMap::new();
    while let Some((kind, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (mut body, after) = after.split_at_checked(size).context("names longer than their section")?;
        rest = after;
        if *kind == FUNCTIONS {
            let count;
            (count, body) = number(body)?;
            for _ in 0..count {
                let (index, after) = number(body)?;
                let (name, after) = text(after)?;
                names.insert(index, name.to_owned());
                body = after;
            }
        }
    }
    Ok(names)
}

/// An unsigned LEB128 number and what follows it.
pub fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value, &bytes[index + 1..]));
        }
    }
    anyhow::bail!("a number that does not end")
}

/// Names of functions that contain one of these texts. An error if the module has no names at all: then nothing
/// is known about it.
pub fn containing(wasm: &[u8], texts: &[&str]) -> Result<Vec<String>> {
    let names = name_section(wasm)?.context(NO_NAMES)?;
    let text = String::from_utf8_lossy(names);
    // Names are separated by their binary length and index; control characters and the replacement mark do.
    let words = text.split(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
    Ok(words.filter(|word| texts.iter().any(|text| word.contains(text))).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(names: &[u8]) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 1, 0]); // some other section
        wasm.extend([0, u8::try_from(names.len() + 5).expect("short"), 4]);
        wasm.extend(b"name");
        wasm.extend(names);
        wasm
    }

    #[test]
    fn names_are_found_in_the_name_section_only() {
        let wasm = module(b"\x01\x10\x00\x09yew::html\x01\x05other");
        assert_eq!(containing(&wasm, &["yew::"]).expect("a module").len(), 1);
        assert!(containing(&wasm, &["leptos::"]).expect("a module").is_empty());
    }

    #[test]
    fn names_of_functions_are_told_from_other_names() {
        let wasm = module(b"\x00\x02\x01m\x01\x08\x02\x00\x01a\x07\x02bc\x02\x01x");
        let names = of_functions(&wasm).expect("a module");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [(0, "a".to_owned()), (7, "bc".to_owned())]);
    }

    #[test]
    fn a_module_without_names_is_an_error_and_so_is_a_cut_one() {
        assert!(containing(b"\0asm\x01\0\0\0", &["yew::"]).is_err());
        assert!(containing(b"\0asm\x01\0\0\0\x00\x7f", &["yew::"]).is_err());
        assert!(containing(b"<html>", &["yew::"]).is_err());
    }
}
