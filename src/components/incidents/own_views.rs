//! The views a person keeps on this device.

use crate::board::Views;
use crate::components::hooks::{read_stored, use_stored, write_stored};
use yew::prelude::*;

fn key(me: Option<&str>) -> AttrValue {
    format!("sentinelops.views.{}", me.unwrap_or_default()).into()
}

/// Those of the person at this page, and how to keep others.
#[hook]
pub fn use_own_views(me: Option<&str>) -> (Views, Callback<Views>) {
    let stored = use_stored(key(me));
    let views = stored.text.as_deref().map(Views::parse).unwrap_or_default();
    (views, stored.set.reform(|views: Views| views.print()))
}

/// Those of the person at this page, as they are now.
pub fn own_views(me: Option<&str>) -> Views {
    read_stored(&key(me)).as_deref().map(Views::parse).unwrap_or_default()
}

/// Deletes them.
pub fn forget_own_views(me: Option<&str>) {
    // What cannot be changed cannot be kept either.
    write_stored(&key(me), "");
}
