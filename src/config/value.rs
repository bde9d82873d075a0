//! Values of the configuration.

use sentinelops_protocol::Json;
use std::collections::BTreeMap;

/// One value. Numbers and texts beside what is written, as errors quote it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

impl Value {
    pub(super) fn of(json: &Json) -> Self {
        let text = json.as_str().trim();
        let inner = |json: &str| Json::parse(json).map_or(Self::Null, |json| Self::of(&json));
        match text.bytes().next() {
            Some(b'{') => {
                let mut fields = BTreeMap::new();
                fields.extend(json.fields().map(|(name, value)| (name.into_owned(), inner(value))));
                Self::Object(fields)
            }
            Some(b'[') => Self::Array(json.items().map(inner).collect()),
            Some(b'"') => Self::String(json.read().unwrap_or_default()),
            Some(b't' | b'f') => Self::Bool(text == "true"),
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number(text.to_owned()),
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(super) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number_of(number)),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    /// How many fields an object has.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Object(fields) => Some(fields.len()),
            _ => None,
        }
    }

    /// As JSON.
    pub(super) fn written(&self) -> String {
        let quoted = |text: &str| {
            Json::from_value(text).map_or_else(|_| String::new(), |json| json.as_str().to_owned())
        };
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.clone(),
            Self::String(text) => quoted(text),
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(Self::written).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, value)| format!("{}:{}", quoted(name), value.written()))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }
        }
    }
}

/// By the browser: Rust's reader of decimals brings 10 KB of tables.
#[cfg(target_arch = "wasm32")]
fn number_of(json: &str) -> f64 {
    js_sys::parse_float(json)
}

#[cfg(not(target_arch = "wasm32"))]
fn number_of(json: &str) -> f64 {
    json.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        let text = r#"{"a":[null,true,"x\"y",1.5],"b":{"c":7}}"#;
        let value = Value::of(&Json::parse(text).unwrap());
        assert_eq!(value.written(), text);
        assert_eq!(value.get("b").and_then(|b| b.get("c")).and_then(Value::as_u64), Some(7));
        let Some(Value::Array(items)) = value.get("a") else { panic!("{value:?}") };
        assert_eq!(
            (items[3].as_f64(), items[3].as_u64(), items[2].as_str()),
            (Some(1.5), None, Some("x\"y"))
        );
        // Of a field that is there twice the last counts.
        let twice = Value::of(&Json::parse(r#"{"a":1,"a":2}"#).unwrap());
        assert_eq!((twice.len(), twice.written()), (Some(1), r#"{"a":2}"#.to_owned()));
    }
}
