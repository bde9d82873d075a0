//! Which incidents are shown, in which order.

use super::query::{BoardQuery, Criterion, Sort, service_of};
use crate::components::marks::severity_rank;
use crate::letters::lower;
use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};
use sentinelops_protocol::sort::sort_by;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Deref;

/// How many incidents of each severity there are in the scope, critical first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts(pub [u32; 4]);

/// The severities people filter by, most urgent first.
pub const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// What [`arrange`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Arranged<I> {
    /// The incidents to show, in order.
    pub rows: Vec<I>,
    /// Of the scope, whatever else is asked for.
    pub counts: SeverityCounts,
}

/// The incidents a query asks for, in its order. `me`: the person at this page. Urgency, and age, rest on when an
/// incident began, not on when it last changed: rows must not jump while they are read.
pub fn arrange<I>(incidents: &[I], query: &BoardQuery, me: Option<&str>) -> Arranged<I>
where
    I: Deref<Target = Incident> + Clone,
{
    let takes = takes(query, me);
    let mut counts = SeverityCounts::default();
    let mut rows = Vec::new();
    for incident in incidents.iter().filter(|incident| query.takes_scope(incident)) {
        let which = SEVERITIES.iter().position(|s| Some(s) == incident.severity.as_ref());
        if let Some(count) = which.and_then(|which| counts.0.get_mut(which)) {
            *count += 1;
        }
        if takes(incident) {
            rows.push(incident.clone());
        }
    }
    sort_by(&mut rows, |a, b| order(query.sort, a).cmp(&order(query.sort, b)).then_with(|| a.id.cmp(&b.id)));
    Arranged { rows, counts }
}

/// Everything but the scope.
fn takes(query: &BoardQuery, me: Option<&str>) -> impl Fn(&Incident) -> bool {
    let needle = lower(query.text.trim());
    move |incident| query.takes_severity(incident) && query.takes_rest(&needle, me, incident)
}

/// How many incidents [`arrange`] would show.
pub fn count<I: Deref<Target = Incident>>(incidents: &[I], query: &BoardQuery, me: Option<&str>) -> usize {
    let takes = takes(query, me);
    incidents.iter().filter(|incident| query.takes_scope(incident) && takes(incident)).count()
}

fn order(sort: Sort, incident: &Incident) -> (bool, u8, Reverse<u64>) {
    let done = incident.status == Some(IncidentStatus::Resolved);
    let began = incident.created_at.or(incident.updated_at).unwrap_or(0);
    match sort {
        Sort::Urgency => (done, severity_rank(incident.severity.as_ref()), Reverse(began)),
        Sort::Newest => (false, 0, Reverse(began)),
        Sort::Oldest => (false, 0, Reverse(u64::MAX - began)),
        Sort::Changed => (false, 0, Reverse(incident.updated_at.unwrap_or(began))),
    }
}

/// How many incidents each condition of a query hides that fit all others; none that hides nothing by itself.
pub fn hidden_by<I>(incidents: &[I], query: &BoardQuery, me: Option<&str>) -> Vec<(Criterion, usize)>
where
    I: Deref<Target = Incident>,
{
    let shown = |query: &BoardQuery| count(incidents, query, me);
    let now = shown(query);
    let hidden = |criterion| (criterion, shown(&query.without(criterion)).saturating_sub(now));
    query.criteria().map(hidden).filter(|(_, count)| *count > 0).collect()
}

/// The services that incidents name, by name.
pub fn services<I: Deref<Target = Incident>>(incidents: &[I]) -> BTreeSet<String> {
    let mut services = BTreeSet::new();
    services.extend(incidents.iter().filter_map(|incident| service_of(incident)));
    services
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::address::tests::queries;
    use super::super::query::{Scope, Who};
    use super::*;
    use proptest::prelude::*;
    use sentinelops_protocol::Json;
    use std::rc::Rc;

    fn incident(id: &str, severity: Severity, status: IncidentStatus, at: u64) -> Rc<Incident> {
        let mut incident = Incident::new(id);
        incident.severity = Some(severity);
        incident.status = Some(status);
        incident.created_at = Some(at);
        incident.title = Some(format!("Title of {id}"));
        Rc::new(incident)
    }

    fn of(incident: &Rc<Incident>, who: Option<&str>, service: &str) -> Rc<Incident> {
        let mut incident = (**incident).clone();
        incident.assigned_to = who.map(str::to_owned);
        incident.extra = Json::from_value(&serde_json::json!({ "service": service })).ok();
        Rc::new(incident)
    }

    fn ids(list: &[Rc<Incident>]) -> Vec<&str> {
        list.iter().map(|i| i.id.as_str()).collect()
    }

    fn shown(all: &[Rc<Incident>], query: &BoardQuery) -> Vec<String> {
        arrange(all, query, Some("ann")).rows.iter().map(|incident| incident.id.clone()).collect()
    }

    #[test]
    fn urgent_first_then_newest_and_resolved_last() {
        let all = [
            incident("old", Severity::High, IncidentStatus::New, 1),
            incident("low", Severity::Low, IncidentStatus::New, 9),
            incident("done", Severity::Critical, IncidentStatus::Resolved, 9),
            incident("new", Severity::High, IncidentStatus::Investigating, 5),
            incident("worst", Severity::Critical, IncidentStatus::New, 1),
        ];
        let found = arrange(&all, &BoardQuery::of_scope(Scope::All), None);
        assert_eq!(ids(&found.rows), ["worst", "new", "old", "low", "done"]);
        assert_eq!(found.counts.0, [2, 2, 0, 1]);
        let found = arrange(&all, &BoardQuery::default(), None);
        assert_eq!(found.rows.len(), 4);
        assert_eq!(found.counts.0, [1, 2, 0, 1]);
        let by = |sort| shown(&all, &BoardQuery { sort, ..BoardQuery::default() });
        assert_eq!(by(Sort::Newest), ["low", "new", "old", "worst"]);
        assert_eq!(by(Sort::Oldest), ["old", "worst", "new", "low"]);
    }

    #[test]
    fn what_changed_last_stands_first() {
        let mut touched = (*incident("a", Severity::Low, IncidentStatus::New, 1)).clone();
        touched.updated_at = Some(50);
        let all = [incident("b", Severity::Critical, IncidentStatus::New, 9), Rc::new(touched)];
        assert_eq!(shown(&all, &BoardQuery { sort: Sort::Changed, ..BoardQuery::default() }), ["a", "b"]);
    }

    #[test]
    fn severity_and_text_narrow() {
        let all = [
            incident("a", Severity::High, IncidentStatus::New, 1),
            incident("b", Severity::Low, IncidentStatus::New, 2),
        ];
        let query = BoardQuery { severities: vec![Severity::Low], ..BoardQuery::default() };
        assert_eq!(shown(&all, &query), ["b"]);
        let query = BoardQuery { text: "TITLE OF A".into(), ..BoardQuery::default() };
        assert_eq!(shown(&all, &query), ["a"]);
        // The counts tell what the severity chips would show, whatever is typed.
        assert_eq!(arrange(&all, &query, None).counts.0, [0, 1, 0, 1]);
    }

    fn people() -> [Rc<Incident>; 4] {
        let one = |id| incident(id, Severity::High, IncidentStatus::New, 1);
        [
            of(&one("a"), Some("ann"), "payments"),
            of(&one("b"), Some("bob"), "payments"),
            of(&one("c"), None, "search"),
            one("d"),
        ]
    }

    #[test]
    fn assignee_and_service_narrow() {
        let all = people();
        let of = |who| shown(&all, &BoardQuery { who, ..BoardQuery::default() });
        assert_eq!(of(Who::Me), ["a"]);
        assert_eq!(of(Who::Nobody), ["c", "d"]);
        assert_eq!(of(Who::Person("bob".into())), ["b"]);
        let query = BoardQuery { service: "payments".into(), ..BoardQuery::default() };
        assert_eq!(shown(&all, &query), ["a", "b"]);
        let nobody = BoardQuery { who: Who::Me, ..BoardQuery::default() };
        assert_eq!(arrange(&all, &nobody, None).rows, [], "nobody is at the page");
        assert_eq!(services(&all).into_iter().collect::<Vec<_>>(), ["payments", "search"]);
    }

    #[test]
    fn each_condition_says_how_much_it_hides_alone() {
        let all = people();
        let query = BoardQuery { who: Who::Me, service: "search".into(), ..BoardQuery::default() };
        assert_eq!(hidden_by(&all, &query, Some("ann")), [(Criterion::Who, 1), (Criterion::Service, 1)]);
        let query = BoardQuery { text: "nowhere".into(), ..query };
        assert_eq!(hidden_by(&all, &query, Some("ann")), [], "two have to go");
        assert!(query.narrows(Scope::Open) && !query.cleared(Scope::Open).narrows(Scope::Open));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_a_condition_hides_is_shown_without_it(query in queries()) {
            let all = people();
            let now = arrange(&all, &query, Some("ann")).rows.len();
            for (criterion, count) in hidden_by(&all, &query, Some("ann")) {
                let without = query.without(criterion);
                prop_assert!(without.criteria().all(|left| left != criterion));
                prop_assert_eq!(arrange(&all, &without, Some("ann")).rows.len(), now + count);
            }
        }
    }
}
