//! Texts of the list of incidents: filter, order, views, groups.

use super::{Noun, counted};
use crate::board::{Criterion, Scope, Sort, View};

/// Heading of the search field.
pub const SEARCH: &str = "Search title, id, person";
/// Opens the rest of the filter.
pub const MORE: &str = "Filter and order";
/// Whose incidents are shown.
pub const WHO: &str = "Assigned to";
/// Of which service.
pub const SERVICE: &str = "Service";
/// Any service.
pub const ANY_SERVICE: &str = "Any";
/// How high rows are.
pub const DENSITY: &str = "Rows";
/// In which order.
pub const ORDER: &str = "Order";
/// Equal incidents are one row.
pub const GROUP: &str = "Group equal incidents";
/// Everybody, and nobody.
pub const ANYONE: &str = "Anyone";
/// The person at this page.
pub const ME: &str = "Me";
/// Not assigned.
pub const NOBODY: &str = "Nobody";
/// Names what the list shows, so that it can be shown again.
pub const VIEW_NAME: &str = "Name of this view";
/// Keeps it.
pub const SAVE_VIEW: &str = "Save view";
/// The views above the list.
pub const VIEWS: &str = "Views";
/// There are too many.
pub const TOO_MANY_VIEWS: &str = "20 views are kept. Delete one of them to keep another.";
/// Nothing is shown.
pub const NOTHING: &str = "Nothing matches";
/// Shows everything again.
pub const CLEAR: &str = "Clear the filter";
/// The members of a group are of different status.
pub const MIXED: &str = "Mixed";

/// A choice of status.
pub fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Open => "Open",
        Scope::New => "New",
        Scope::Acknowledged => "Acknowledged",
        Scope::Investigating => "Investigating",
        Scope::Escalated => "Escalated",
        Scope::Resolved => "Resolved",
        Scope::All => "All",
    }
}

/// A choice of order.
pub fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Urgency => "Most urgent first",
        Sort::Newest => "Newest first",
        Sort::Oldest => "Oldest first",
        Sort::Changed => "Last changed first",
    }
}

/// The name of a view.
pub fn view(view: View) -> &'static str {
    match view {
        View::All => "All",
        View::Mine => "Mine",
        View::Unassigned => "Unassigned",
        View::Urgent => "Critical and high",
    }
}

/// `Delete view Payments`.
pub fn delete_view(name: &str) -> String {
    format!("Delete view {name}")
}

/// `30 equal incidents`, for screen readers.
pub fn equal(count: usize) -> String {
    format!("{count} equal incidents")
}

/// How many of a group nobody has looked at.
pub fn new(count: usize) -> String {
    format!("{count} new")
}

/// To how many people a group is assigned.
pub fn people(count: usize) -> String {
    counted(count, Noun::Person)
}

fn condition(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Status => "status",
        Criterion::Severity => "severity",
        Criterion::Who => "assignee",
        Criterion::Service => "service",
        Criterion::Text => "search",
    }
}

/// Which condition hides how many, by itself: `The search hides 9 incidents, the status 1 incident.` `all`: how many
/// there are.
pub fn hidden(by: &[(Criterion, usize)], all: usize) -> String {
    let mut parts =
        by.iter().map(|(criterion, count)| (condition(*criterion), counted(*count, Noun::Incident)));
    let Some((name, count)) = parts.next() else {
        return format!("No condition alone hides the {}: it takes several.", counted(all, Noun::Incident));
    };
    let more: String = parts.map(|(name, count)| format!(", the {name} {count}")).collect();
    format!("The {name} hides {count}{more}.")
}

/// The button that takes one condition away.
pub fn without(criterion: Criterion) -> String {
    format!("Clear the {}", condition(criterion))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_says_which_condition_hides_how_many() {
        let by = [(Criterion::Text, 9), (Criterion::Status, 1)];
        assert_eq!(hidden(&by, 12), "The search hides 9 incidents, the status 1 incident.");
        assert_eq!(hidden(&by[1..], 12), "The status hides 1 incident.");
        assert_eq!(hidden(&[], 12), "No condition alone hides the 12 incidents: it takes several.");
    }
}
