//! The functions of a module with names: what is in it, by crate and by function.

use super::names::{number, of_functions, section};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// One function, or all copies of a generic one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub bytes: usize,
    pub copies: usize,
}

/// Every function with code, the largest first. Copies of a generic function are one.
pub fn of(wasm: &[u8]) -> Result<Vec<Function>> {
    let sizes = body_sizes(section(wasm, 10)?.context("the module has no code")?)?;
    let imported = imported_functions(section(wasm, 2)?.unwrap_or_default())?;
    let names = of_functions(wasm)?;
    let mut found: BTreeMap<String, Function> = BTreeMap::new();
    for (index, bytes) in sizes.into_iter().enumerate() {
        let name = names.get(&(imported + index)).map_or("without a name", String::as_str);
        let name = without_hashes(name);
        let entry = found.entry(name.clone()).or_insert(Function { name, ..Function::default() });
        entry.bytes += bytes;
        entry.copies += 1;
    }
    let mut all: Vec<Function> = found.into_values().collect();
    all.sort_by_key(|function| std::cmp::Reverse(function.bytes));
    Ok(all)
}

/// Bytes of code by crate. A generic function counts to the crate that wrote it, not to the one that uses it.
pub fn by_crate(functions: &[Function]) -> BTreeMap<String, u64> {
    let mut crates = BTreeMap::new();
    for function in functions {
        *crates.entry(crate_of(&function.name).to_owned()).or_default() += function.bytes as u64;
    }
    crates
}

fn body_sizes(code: &[u8]) -> Result<Vec<usize>> {
    let (count, mut rest) = number(code)?;
    let mut sizes = Vec::with_capacity(count);
    for _ in 0..count {
        let (size, after) = number(rest)?;
        rest = after.get(size..).context("a function longer than the code")?;
        sizes.push(size);
    }
    Ok(sizes)
}

/// wasm-bindgen imports functions and nothing else.
fn imported_functions(imports: &[u8]) -> Result<usize> {
    if imports.is_empty() { Ok(0) } else { Ok(number(imports)?.0) }
}

/// Without `::h` and 16 digits at the end, and the 16 digits in brackets behind the name of a crate.
fn without_hashes(name: &str) -> String {
    let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let name = match name.rsplit_once("::h") {
        Some((before, hash)) if is_hash(hash) => before,
        _ => name,
    };
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        match after.split_once(']') {
            Some((hash, behind)) if is_hash(hash) => rest = behind,
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out + rest
}

/// `yew` of `<yew::virtual_dom::VNode as …>::fmt`, `core` of `<T as core::any::Any>::type_id`.
fn crate_of(name: &str) -> &str {
    name.split(" as ").find_map(first_crate).unwrap_or("other")
}

fn first_crate(path: &str) -> Option<&str> {
    let path = path.trim_start_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
    let path =
        ["impl ", "mut ", "dyn ", "const "].iter().fold(path, |path, word| path.trim_start_matches(word));
    let (first, _) = path.split_once("::")?;
    let is_name = first.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_hashes_and_keep_everything_else() {
        for (name, without) in [
            ("alloc::rc::Rc<T,A>::drop_slow::h00112233445566aa", "alloc::rc::Rc<T,A>::drop_slow"),
            ("<f64 as core[c5930c85a12de822]::fmt::Display>::fmt", "<f64 as core::fmt::Display>::fmt"),
            ("core::slice::<impl [T]>::sort", "core::slice::<impl [T]>::sort"),
            ("a::half", "a::half"),
        ] {
            assert_eq!(without_hashes(name), without);
        }
    }

    #[test]
    fn crate_of_a_function_is_where_it_was_written() {
        for (name, of) in [
            ("alloc::rc::Rc<T,A>::drop_slow", "alloc"),
            ("<yew::html::Scope<COMP> as core::convert::From<T>>::from", "yew"),
            ("<T as core::any::Any>::type_id", "core"),
            ("<&mut serde_json::de::Deserializer<R> as serde::Deserializer>::deserialize_any", "serde_json"),
            ("memcpy", "other"),
        ] {
            assert_eq!(crate_of(name), of, "{name}");
        }
    }
}
