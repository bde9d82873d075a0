//! Texts of the plots.

/// Heading of the panel.
pub const TITLE: &str = "Plots";
/// A length of the axis.
pub const MINUTE: &str = "60 s";
/// A length of the axis.
pub const TEN_MINUTES: &str = "10 min";
/// Before the time under the crosshair.
pub const LOOK_AT: &str = "Look at ";
/// There is no sample.
pub const NOTHING: &str = "nothing yet";
/// Of the button that opens a table.
pub const TABLE: &str = "Table";
/// A column.
pub const TIME: &str = "time";
/// A column.
pub const CONNECTION: &str = "connection";
/// In place of what is not known.
pub const UNKNOWN: &str = "–";
/// What the marks mean.
pub const LEGEND: &str = "Yellow areas: a fault is on. Red areas: no connection. Orange lines: connected again. Dashed line: the moment that the figures are of.";
