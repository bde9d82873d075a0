//! Reads a wasm module's name section: which functions the linker kept.

use anyhow::{Context, Result};

/// The bytes of the custom section `name`, if the module has one.
fn section(wasm: &[u8]) -> Result<Option<&[u8]>> {
    let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0").context("this is no wasm module")?;
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (body, after) = after.split_at_checked(size).context("a section longer than the module")?;
        rest = after;
        if *id == 0 {
            let (length, body) = number(body)?;
            let (name, body) = body.split_at_checked(length).context("a name longer than its section")?;
            if name == b"name" {
                return Ok(Some(body));
            }
        }
    }
    Ok(None)
}

/// An unsigned LEB128 number and what follows it.
fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
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
    let names = section(wasm)?.context("the module has no name section: keep `strip = \"debuginfo\"`")?;
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
    fn a_module_without_names_is_an_error_and_so_is_a_cut_one() {
        assert!(containing(b"\0asm\x01\0\0\0", &["yew::"]).is_err());
        assert!(containing(b"\0asm\x01\0\0\0\x00\x7f", &["yew::"]).is_err());
        assert!(containing(b"<html>", &["yew::"]).is_err());
    }
}
