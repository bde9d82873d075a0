//! How much happens: events of the server, colleagues, messages of this page.

mod panel;
mod scale;
mod sender;

pub use panel::LoadPanel;
pub(in crate::components) use panel::{Load, use_load};
