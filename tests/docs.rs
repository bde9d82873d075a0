//! Documentation that names things of the sources, held against them.
#![cfg(not(target_arch = "wasm32"))]

#[path = "docs/api_table.rs"]
mod api_table;
#[path = "docs/style_sheet.rs"]
mod style_sheet;
#[path = "docs/where_it_shows.rs"]
mod where_it_shows;
