//! Documentation that has to be complete: no documented name, case or property is left out.
#![cfg(not(target_arch = "wasm32"))]

#[path = "docs/api_table.rs"]
mod api_table;
#[path = "docs/style_sheet.rs"]
mod style_sheet;
#[path = "docs/where_it_shows.rs"]
mod where_it_shows;
