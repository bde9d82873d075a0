//! Finds the parts of a JSON text that is known to be valid, without reading them.
//!
//! Nothing here panics on a text that is not valid; what comes of it then means nothing.

use smallvec::SmallVec;
use std::borrow::Cow;

/// One field of an object, as it stands in the text.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    /// The name it stands for.
    pub name: Cow<'a, str>,
    /// The name as written, with its quotes and escapes.
    pub key: &'a str,
    /// The value as written.
    pub value: &'a str,
}

/// Those of an object. Most have no more than this many, and ask for no memory.
pub(crate) type Members<'a> = SmallVec<[Member<'a>; 8]>;

/// The fields of an object in their order; `None`: it is no object.
pub(crate) fn members(json: &str) -> Option<Members<'_>> {
    let bytes = json.as_bytes();
    let mut at = skip_space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    let mut members = Members::new();
    loop {
        let start = skip_space(bytes, at + 1);
        if bytes.get(start) != Some(&b'"') {
            return Some(members);
        }
        let end = string_end(bytes, start);
        let key = json.get(start..end).unwrap_or_default();
        let colon = skip_space(bytes, end);
        let start = skip_space(bytes, colon + 1);
        let end = value_end(bytes, start);
        let value = json.get(start..end).unwrap_or_default();
        // A name that is no text (half a surrogate pair) is kept as it is written.
        let name = unquote(key).unwrap_or(Cow::Borrowed(key));
        members.push(Member { name, key, value });
        at = skip_space(bytes, end);
        if bytes.get(at) != Some(&b',') {
            return Some(members);
        }
    }
}

/// The items of an array in their order; `None`: it is no array.
pub(crate) fn items(json: &str) -> Option<Vec<&str>> {
    let bytes = json.as_bytes();
    let mut at = skip_space(bytes, 0);
    if bytes.get(at) != Some(&b'[') {
        return None;
    }
    let mut items = Vec::new();
    loop {
        let start = skip_space(bytes, at + 1);
        let end = value_end(bytes, start);
        if start == end {
            return Some(items);
        }
        items.push(json.get(start..end).unwrap_or_default());
        at = skip_space(bytes, end);
        if bytes.get(at) != Some(&b',') {
            return Some(items);
        }
    }
}

/// What a string says; `None`: it is no string, or holds half a surrogate pair.
pub(crate) fn unquote(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Whether arrays and objects nest deeper than `max`. Brackets inside strings do not count.
pub(crate) fn depth_exceeds(bytes: &[u8], max: usize) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Where the string ends whose quote is at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where the value ends that begins at `at`.
fn value_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at.min(bytes.len())
}
