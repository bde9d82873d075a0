//! Incidents: filter, list, row, detail, actions.

mod actions;
mod alerts;
mod assign;
mod board;
mod create;
mod detail;
mod filter;
mod filters;
mod list;
mod resolve_form;
mod row;
mod row_actions;
mod steady;
mod timeline;
mod touched;

pub use actions::IncidentActions;
pub use alerts::IncidentAlerts;
pub use assign::Assign;
pub use board::IncidentBoard;
pub use create::CreateIncident;
pub use detail::IncidentDetail;
pub use filter::{IncidentFilter, Scope, SeverityCounts, arrange};
pub use filters::IncidentFilters;
pub use list::{IncidentList, IncidentListProps};
pub use resolve_form::ResolveForm;
pub use row::{IncidentLine, IncidentLineProps};
use row_actions::row_actions;
pub use timeline::{Timeline, Viewers};
