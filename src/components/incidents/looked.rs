//! What is new to a person since they looked at an incident last; kept on this device, by user.

use crate::components::hooks::{read_stored, use_paced, use_visible, write_stored};
use crate::looked::Looked;
use sentinelops_realtime::use_client;
use yew::prelude::*;

/// What is seen is noted so often at most, ms.
const NOTE_MS: u32 = 1_000;

fn key(me: Option<&str>) -> String {
    format!("sentinelops.looked.{}", me.unwrap_or_default())
}

fn looked(key: &str) -> Looked {
    read_stored(key).as_deref().map(Looked::parse).unwrap_or_default()
}

/// Up to when the person had seen what happened to an incident when this component was mounted; `None`: they had not
/// looked at it. `newest`: when the newest of it happened; while the page is in front it counts as seen.
#[hook]
pub(super) fn use_looked(id: &str, newest: u64) -> Option<u64> {
    let key = key(use_client().user());
    let until = use_memo((), |()| looked(&key).until(id));
    // The newest that was seen, and up to when that is noted.
    let seen = use_mut_ref(|| (0, 0));
    let note = {
        let (id, seen) = (id.to_owned(), seen.clone());
        move || {
            let (newest, noted) = *seen.borrow();
            // Not again: a sign-out may have deleted it.
            if newest > noted {
                seen.borrow_mut().1 = newest;
                let mut looked = looked(&key);
                if looked.note(&id, newest) {
                    // Full or forbidden: the same is new once more.
                    write_stored(&key, &looked.print());
                }
            }
        }
    };
    let is_visible = use_visible();
    if is_visible {
        seen.borrow_mut().0 = newest;
    }
    let paced = use_paced(newest, NOTE_MS);
    use_effect_with((paced, is_visible), {
        let note = note.clone();
        move |_| note()
    });
    // What came just before the incident was closed.
    use_effect_with((), move |()| note);
    *until
}

/// Forgets what the person at this page has seen.
pub fn forget_looked(me: Option<&str>) {
    write_stored(&key(me), "");
}
