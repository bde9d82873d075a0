//! The reader of objects finds what `serde_json` finds.

use proptest::prelude::*;
use sentinelops_protocol::{Fields, Json};

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[\\[\\]{},:\"\\\\ a-z\n\u{1F600}]{0,10}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            proptest::collection::hash_map("[\\[\\]{},:\"\\\\a-z]{0,6}", inner, 0..5)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fields_are_those_serde_json_finds(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.expect("JSON");
        // Read again: of the last digit of a float writing and reading may differ.
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let json = Json::parse(&text).expect("JSON");
        let found: Vec<(String, serde_json::Value)> = json
            .fields()
            .map(|(name, value)| (name.into_owned(), serde_json::from_str(value).expect("JSON")))
            .collect();
        let expected: Vec<_> = value.as_object().cloned().unwrap_or_default().into_iter().collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn numbers_and_texts_are_those_serde_json_reads(number in any::<u64>(), text in any::<String>(), escaped in any::<bool>()) {
        let written = serde_json::to_string(&text).expect("text");
        let written = if escaped {
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{units}\"")
        } else {
            written
        };
        let json = Json::parse(&format!(r#"{{"n":{number}, "t":{written}}}"#)).expect("JSON");
        let mut fields = Fields::of("a.b", &json).expect("an object");
        prop_assert_eq!(fields.number("n").ok(), Some(number));
        prop_assert_eq!(fields.text("t").ok(), Some(text));
        prop_assert_eq!(fields.rest(), None);
    }
}
