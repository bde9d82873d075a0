//! A piece of JSON kept as text.

use crate::scan::{self, Member};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;
use thiserror::Error;

/// Valid JSON text that is passed on unread. Cheap to clone.
///
/// A human-readable serializer (`serde_json`) gets the JSON itself; a binary one (the bridge's
/// postcard) gets it as a string.
///
/// ```
/// use sentinelops_protocol::Json;
///
/// let json = Json::parse(r#"{"service": "api", "unknown": [1, 2]}"#)?;
/// assert_eq!(json.as_str(), r#"{"service": "api", "unknown": [1, 2]}"#, "as it came");
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Json(Arc<str>);

/// A text is not one JSON value, or a value cannot be written as JSON: what `serde_json` says, with line and column where
/// there is a text.
///
/// ```
/// use sentinelops_protocol::Json;
///
/// let error = Json::parse("[1, 2").unwrap_err();
/// assert_eq!(error.to_string(), "EOF while parsing a list at line 1 column 5");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct JsonError(String);

impl Json {
    /// Checks and keeps a text.
    ///
    /// # Errors
    /// The parser's message when `text` is not one JSON value.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// assert!(Json::parse("[1, 2]").is_ok());
    /// assert!(Json::parse("[1, 2").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        serde_json::from_str::<&RawValue>(text)
            .map(Self::from_raw)
            .map_err(|error| JsonError(error.to_string()))
    }

    /// Writes any serialisable value.
    ///
    /// # Errors
    /// What `serde_json` says: a map key that is not text, or a failing `Serialize`.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// assert_eq!(Json::from_value(&[1, 2])?.as_str(), "[1,2]");
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value)
            .map(|text| Self(text.into()))
            .map_err(|error| JsonError(error.to_string()))
    }

    /// Reads it as a type.
    ///
    /// # Errors
    /// What `serde_json` says about the mismatch.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// let numbers: Vec<u8> = Json::parse("[1, 2]")?.read()?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// The fields of an object in their order, repeated ones included: name, and value as JSON text. Of anything else
    /// there are none.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// let json = Json::parse(r#"{"b": 18446744073709551616, "a": "x"}"#)?;
    /// let fields: Vec<_> = json.fields().collect();
    /// assert_eq!(fields, [("b".into(), "18446744073709551616"), ("a".into(), "\"x\"")]);
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn fields(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        let members = scan::members(&self.0).unwrap_or_default();
        members.into_iter().map(|member| (member.name, member.value))
    }

    /// The items of an array in their order, as JSON text. Of anything else there are none.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// let json = Json::parse(r#"[1, {"a": [2]}]"#)?;
    /// assert_eq!(json.items().collect::<Vec<_>>(), ["1", r#"{"a": [2]}"#]);
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn items(&self) -> impl Iterator<Item = &str> {
        scan::items(&self.0).unwrap_or_default().into_iter()
    }

    /// Whether arrays and objects are nested deeper than this. Frames have a bound ([`crate::Limits`]), and one value
    /// beyond it spoils a whole frame.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// let json = Json::parse(r#"{"a": [[1]]}"#)?;
    /// assert!(json.is_deeper_than(2) && !json.is_deeper_than(3));
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn is_deeper_than(&self, depth: usize) -> bool {
        scan::depth_exceeds(self.0.as_bytes(), depth)
    }

    /// An object with one more field, a text, ahead of the others. `None`: it has such a field, or is no object.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// let poll = Json::parse(r#"{"question": "Deploy?"}"#)?;
    /// let named = poll.with_text("conversationId", "c1").expect("an object without it");
    /// assert_eq!(named.as_str(), r#"{"conversationId":"c1","question": "Deploy?"}"#);
    /// assert_eq!(named.with_text("conversationId", "c2"), None);
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    #[must_use]
    pub fn with_text(&self, field: &str, text: &str) -> Option<Self> {
        let members = scan::members(&self.0)?;
        if members.iter().any(|member| member.name == field) {
            return None;
        }
        let (_, rest) = self.0.split_once('{')?;
        let (field, text) = (serde_json::to_string(field).ok()?, serde_json::to_string(text).ok()?);
        let comma = if members.is_empty() { "" } else { "," };
        Some(Self::of(&format!("{{{field}:{text}{comma}{rest}")))
    }

    /// `null`.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// assert_eq!(Json::null().as_str(), "null");
    /// ```
    pub fn null() -> Self {
        Self("null".into())
    }

    /// The text.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    ///
    /// assert_eq!(Json::from_value("text")?.as_str(), "\"text\"");
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_raw(raw: &RawValue) -> Self {
        Self::of(raw.get())
    }

    /// Keeps a text that is known to be JSON.
    pub(crate) fn of(json: &str) -> Self {
        Self(json.into())
    }

    /// An object of these fields; `None`: there are none.
    pub(crate) fn of_members<'m, 'a: 'm>(members: impl IntoIterator<Item = &'m Member<'a>>) -> Option<Self> {
        let mut text = String::new();
        for Member { key, value, .. } in members {
            text.push(if text.is_empty() { '{' } else { ',' });
            text.push_str(key);
            text.push(':');
            text.push_str(value);
        }
        if text.is_empty() {
            return None;
        }
        text.push('}');
        Some(Self::of(&text))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_str(&self.0);
        }
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return String::deserialize(deserializer).map(|text| Self(text.into()));
        }
        <Box<RawValue>>::deserialize(deserializer).map(|raw| Self::from_raw(&raw))
    }
}
