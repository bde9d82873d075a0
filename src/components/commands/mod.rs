//! Keys and the palette: who can do what stands in [`crate::commands`], who does it registers here.

mod bus;
mod center;
mod incident;
mod palette;
mod sheet;
mod target;

pub use bus::use_commands;
pub use center::{CommandCenter, CommandCenterProps};
pub use incident::{Bulk, use_incident_commands};
pub use target::{
    focus_first_beside, focus_row_or_main, focused_incident, focused_line, is_composing, is_row_focused,
    press_focused_group, rescue_focus, step_row,
};
