//! The bytes of a record.

use super::*;

#[wasm_bindgen_test]
fn the_bytes_on_disk_are_those_of_this_link_version() {
    // Fails when a stored type changes: then raise LINK_VERSION and keep reading what this says.
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        [
            hex(record::encode(&row("a", Priority::High, 300)).unwrap()),
            hex(record::encode(&failed("a")).unwrap()),
            hex(record::encode(&Meta { user: Some("u".to_owned()), ..Meta::default() }).unwrap()),
        ],
        [
            concat!(
                "010161ac02010a7b226964223a2261227d0f696e636964656e742e75706461746500010a696e636964656e743a37",
                "0080d095ffbc31000003746162",
            ),
            concat!(
                "01016109020a7b226964223a2261227d0f696e636964656e742e75706461746500010a696e636964656e743a37",
                "0080d095ffbc31000003746162050003096e6f7420796f75727381d095ffbc31",
            ),
            "010000000000000000010175",
        ]
    );
}

#[wasm_bindgen_test]
fn records_of_other_versions_or_cut_short_are_not_read() {
    let bytes = record::encode(&row("a", Priority::High, 300)).unwrap();
    assert_eq!(record::decode(&bytes), Some(row("a", Priority::High, 300)));
    let mut newer = bytes.clone();
    newer[0] += 1;
    assert_eq!(record::decode::<Row>(&newer), None);
    assert_eq!(record::decode::<Row>(&bytes[..bytes.len() - 1]), None);
    assert_eq!(record::decode::<Row>(&[bytes.clone(), vec![0]].concat()), None);
    assert_eq!(record::decode::<Row>(&[]), None);
}
