//! `<ConnectionStatus>`: the connection in a line or in full.
//!
//! Its looks are CSS classes that begin with `so-status`; [`CSS`] is a style sheet for them that takes its colours from
//! CSS custom properties.

mod glyph;
mod sparkline;
mod status;
mod view;
mod words;

pub use glyph::Glyph;
pub use sparkline::Sparkline;
pub use status::{ConnectionStatus, ConnectionStatusProps};
pub use view::{ConnectionView, ConnectionViewProps};
pub use words::{
    cause_advice, cause_words, mode_words, quality_word, state_word, storage_words, store_error_words,
};

/// The component's style sheet, to be served with one's own. The custom properties it reads are named at its top.
pub const CSS: &str = include_str!("../../../assets/connection-status.css");
