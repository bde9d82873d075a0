//! Hooks of the console: what lists, media queries and banners need.

mod use_density;
mod use_focus;
mod use_follow;
mod use_gaps;
mod use_lost;
mod use_media;
mod use_paced;
mod use_stored;
mod use_total;
mod use_visible;
mod use_window;

pub use use_density::{Density, use_density};
pub use use_focus::use_focus;
pub use use_follow::{Follow, use_follow};
pub use use_gaps::use_gaps;
pub use use_lost::{lost_entries, use_lost};
pub use use_media::use_media;
pub use use_paced::use_paced;
pub use use_stored::{Stored, read_stored, use_stored, write_stored};
pub use use_total::use_total;
pub use use_visible::use_visible;
pub use use_window::{Window, use_window};

/// Where it matches, the console is one panel at a time. The style sheet says the same.
pub const PHONE: &str = "(width < 760px), (height < 560px)";
