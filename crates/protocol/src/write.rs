//! Writes JSON objects field by field.

use crate::Json;
use crate::domain::Patch;
use serde::Serialize;

/// A JSON object that is being written. Names are the protocol's own: they are not escaped.
pub(crate) struct Object(Vec<u8>);

impl Object {
    pub(crate) fn new() -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.push(b'{');
        Self(bytes)
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// A field of a type that `serde_json` cannot refuse: text, a number.
    fn value<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.name(name);
        // A write into memory does not fail.
        let _ = serde_json::to_writer(&mut self.0, value);
        self
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.value(name, text)
    }

    pub(crate) fn optional_text(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    pub(crate) fn number(self, name: &str, number: u64) -> Self {
        self.value(name, &number)
    }

    pub(crate) fn optional_number(self, name: &str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.number(name, number),
            None => self,
        }
    }

    pub(crate) fn optional_float(self, name: &str, number: Option<f64>) -> Self {
        match number {
            Some(number) => self.value(name, &number),
            None => self,
        }
    }

    /// A string of a partial update: absent is unchanged, `null` is cleared.
    pub(crate) fn patch_text(self, name: &str, patch: Patch<&str>) -> Self {
        match patch {
            Patch::Keep => self,
            Patch::Clear => self.json(name, "null"),
            Patch::Set(text) => self.text(name, text),
        }
    }

    /// A number of a partial update.
    pub(crate) fn patch_number(self, name: &str, patch: &Patch<u64>) -> Self {
        match patch {
            Patch::Keep => self,
            Patch::Clear => self.json(name, "null"),
            Patch::Set(number) => self.number(name, *number),
        }
    }

    /// A field whose value is JSON already.
    pub(crate) fn json(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// The fields of an object, as they are written there. Of anything else there are none.
    pub(crate) fn extra(mut self, extra: Option<&Json>) -> Self {
        let inner = extra.and_then(|json| json.as_str().strip_prefix('{')?.strip_suffix('}'));
        if let Some(inner) = inner.map(str::trim).filter(|inner| !inner.is_empty()) {
            if self.0.len() > 1 {
                self.0.push(b',');
            }
            self.0.extend_from_slice(inner.as_bytes());
        }
        self
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push(b'}');
        // Only text and JSON were written: it is UTF-8.
        String::from_utf8(self.0).unwrap_or_default()
    }
}

/// An array of values that are JSON already.
pub(crate) fn array<S: AsRef<str>>(items: &[S]) -> String {
    let length: usize = items.iter().map(|item| item.as_ref().len() + 1).sum();
    let mut text = String::with_capacity(length + 1);
    text.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(item.as_ref());
    }
    text.push(']');
    text
}
