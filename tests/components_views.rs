//! Components in a real browser, without a connection: what they show for what they are given.

#![cfg(target_arch = "wasm32")]

#[path = "components_views/actions.rs"]
mod actions;
#[path = "components_views/activity.rs"]
mod activity;
#[path = "components_views/alerts.rs"]
mod alerts;
#[path = "components_views/bulk.rs"]
mod bulk;
#[path = "components_views/chat.rs"]
mod chat;
#[path = "components_views/configured.rs"]
mod configured;
#[path = "components_views/create.rs"]
mod create;
#[path = "components_views/denied.rs"]
mod denied;
#[path = "components_views/dom.rs"]
mod dom;
#[path = "components_views/down.rs"]
mod down;
#[path = "components_views/drafts.rs"]
mod drafts;
#[path = "components_views/follow.rs"]
mod follow;
#[path = "components_views/gaps.rs"]
mod gaps;
#[path = "components_views/incidents.rs"]
mod incidents;
#[path = "components_views/live.rs"]
mod live;
#[path = "../crates/realtime/tests/mount/mod.rs"]
mod mount;
#[path = "components_views/of_source.rs"]
mod of_source;
#[path = "components_views/outbox.rs"]
mod outbox;
#[path = "components_views/palette.rs"]
mod palette;
#[path = "components_views/regions.rs"]
mod regions;
#[path = "components_views/sign_in.rs"]
mod sign_in;
#[path = "components_views/sign_out.rs"]
mod sign_out;
#[path = "components_views/sources.rs"]
mod sources;
#[path = "components_views/steady.rs"]
mod steady;
#[path = "components_views/text.rs"]
mod text;
#[path = "../crates/realtime/tests/uncaught/mod.rs"]
mod uncaught;
#[path = "components_views/undo.rs"]
mod undo;
#[path = "components_views/wall.rs"]
mod wall;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
