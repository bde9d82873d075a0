//! What tabs of two builds share (messages between tabs, stored rows), down to the last nested type, is as
//! `shape.txt` lists it. postcard writes positions, not names: a variant or field that is added, moved or of
//! another type makes other bytes, and a tab of the other build would read something else.

mod tracer;

use sentinelops_engine::tabs::{LINK_VERSION, LinkMessage};
use sentinelops_engine::{FailedRow, Meta, Row};
use std::collections::BTreeSet;
use std::path::Path;

const GOLDEN: &str = "tests/link_shape/shape.txt";

#[test]
fn nothing_that_tabs_share_changed_its_shape_within_a_link_version() {
    let mut lines = BTreeSet::new();
    tracer::trace::<LinkMessage>(&mut lines);
    tracer::trace::<Row>(&mut lines);
    tracer::trace::<FailedRow>(&mut lines);
    tracer::trace::<Meta>(&mut lines);
    let found: String = std::iter::once(format!("LINK_VERSION {LINK_VERSION}"))
        .chain(lines)
        .map(|line| line + "\n")
        .collect();
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    if golden == found {
        return;
    }
    let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shape.txt");
    std::fs::write(&now, &found).unwrap();
    let only_in = |a: &str, b: &str| -> String {
        a.lines()
            .filter(|line| !b.lines().any(|other| other == *line))
            .map(|line| format!("  {line}\n"))
            .collect()
    };
    panic!(
        "what tabs share changed its shape.\nbefore:\n{}now:\n{}Raise LINK_VERSION if a build with the old shape \
         was released; then copy {} over crates/engine/{GOLDEN}",
        only_in(&golden, &found),
        only_in(&found, &golden),
        now.display()
    );
}

#[test]
fn the_list_holds_what_is_nested_deepest() {
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    for line in [
        "LinkMessage.7 Unreadable { count: u32 }",
        "LinkMessage.Batch.batch/Batch { number: u64, items: [Delivery] }",
        "IncidentPatch.created_at/Patch.2 Set(u64)",
        "DeliveryState.Failed/FailReason.1 TooManyAttempts { attempts: u32, code: Code, message: str }",
        "Status.cause/Cause.13 WrongUser { expected: str, found: str }",
        "StorageState.MemoryOnly/StoreError.3 NewerSchema",
    ] {
        assert!(golden.lines().any(|known| known.ends_with(line)), "{line}\n{golden}");
    }
}
