//! What of the board is shown, in which order, and how that is written in an address. Pure.

mod address;
mod arrange;
mod group;
mod query;
mod selection;
mod views;

pub use address::{Pairs, is_of_board};
pub use arrange::{Arranged, SEVERITIES, SeverityCounts, arrange, count, hidden_by, services};
pub use group::{GROUP_MIN, Group, Line, Part, group, lines};
pub use query::{BoardQuery, Criterion, Scope, Sort, Who};
pub use selection::{Picked, Selection};
pub use views::{View, Views};
