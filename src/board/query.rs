//! What a person asked to see.

use crate::letters::lower;
use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity};

/// Where an incident may stand to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything that is not over.
    #[default]
    Open,
    /// Nobody has looked yet.
    New,
    /// Somebody has seen it.
    Acknowledged,
    /// Being worked on.
    Investigating,
    /// Handed upwards.
    Escalated,
    /// Over.
    Resolved,
    /// Everything.
    All,
}

impl Scope {
    /// Every choice, in the order offered.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::New,
        Self::Acknowledged,
        Self::Investigating,
        Self::Escalated,
        Self::Resolved,
        Self::All,
    ];

    fn takes(self, status: Option<&IncidentStatus>) -> bool {
        let wanted = match self {
            Self::All => return true,
            Self::Open => return status != Some(&IncidentStatus::Resolved),
            Self::New => IncidentStatus::New,
            Self::Acknowledged => IncidentStatus::Acknowledged,
            Self::Investigating => IncidentStatus::Investigating,
            Self::Escalated => IncidentStatus::Escalated,
            Self::Resolved => IncidentStatus::Resolved,
        };
        status == Some(&wanted)
    }
}

/// To whom an incident may be assigned to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// To anybody, or to nobody.
    #[default]
    Anyone,
    /// To the person at the page that opens the address.
    Me,
    /// To nobody.
    Nobody,
    /// To the person with this id.
    Person(String),
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By severity, then the newest first.
    #[default]
    Urgency,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// What changed last first.
    Changed,
}

impl Sort {
    /// Every choice, in the order offered.
    pub const ALL: [Self; 4] = [Self::Urgency, Self::Newest, Self::Oldest, Self::Changed];
}

/// What of the board is shown, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardQuery {
    /// Where it stands.
    pub scope: Scope,
    /// Of these severities; empty is every one.
    pub severities: Vec<Severity>,
    /// To whom it is assigned.
    pub who: Who,
    /// Of this service; empty is every one.
    pub service: String,
    /// Part of title, id or assignee; letter case does not matter.
    pub text: String,
    /// The order.
    pub sort: Sort,
    /// Equal incidents are one row.
    pub is_grouped: bool,
}

impl Default for BoardQuery {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            severities: Vec::new(),
            who: Who::default(),
            service: String::new(),
            text: String::new(),
            sort: Sort::default(),
            is_grouped: true,
        }
    }
}

/// One of the conditions that a shown incident fulfils.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// [`BoardQuery::scope`].
    Status,
    /// [`BoardQuery::severities`].
    Severity,
    /// [`BoardQuery::who`].
    Who,
    /// [`BoardQuery::service`].
    Service,
    /// [`BoardQuery::text`].
    Text,
}

impl Criterion {
    const ALL: [Self; 5] = [Self::Text, Self::Severity, Self::Who, Self::Service, Self::Status];
}

impl BoardQuery {
    /// The default of a page that shows this scope at first.
    pub fn of_scope(scope: Scope) -> Self {
        Self { scope, ..Self::default() }
    }

    /// Whether it leaves something out that the page shows at first; `first`: the scope of then.
    pub fn narrows(&self, first: Scope) -> bool {
        let shows_all = Self { sort: self.sort, is_grouped: self.is_grouped, ..Self::of_scope(first) };
        Self { text: self.text.trim().to_owned(), ..self.clone() } != shows_all
    }

    /// The conditions that leave something out.
    pub fn criteria(&self) -> impl Iterator<Item = Criterion> {
        Criterion::ALL.into_iter().filter(|criterion| match criterion {
            Criterion::Status => self.scope != Scope::All,
            Criterion::Severity => !self.severities.is_empty(),
            Criterion::Who => self.who != Who::Anyone,
            Criterion::Service => !self.service.is_empty(),
            Criterion::Text => !self.text.trim().is_empty(),
        })
    }

    /// The same without one condition.
    pub fn without(&self, criterion: Criterion) -> Self {
        let mut query = self.clone();
        match criterion {
            Criterion::Status => query.scope = Scope::All,
            Criterion::Severity => query.severities.clear(),
            Criterion::Who => query.who = Who::Anyone,
            Criterion::Service => query.service.clear(),
            Criterion::Text => query.text.clear(),
        }
        query
    }

    /// Order and grouping as they are, and no condition but the scope that the page shows at first.
    pub fn cleared(&self, first: Scope) -> Self {
        Self { sort: self.sort, is_grouped: self.is_grouped, ..Self::of_scope(first) }
    }

    pub(super) fn takes_scope(&self, incident: &Incident) -> bool {
        self.scope.takes(incident.status.as_ref())
    }

    pub(super) fn takes_severity(&self, incident: &Incident) -> bool {
        self.severities.is_empty()
            || incident.severity.as_ref().is_some_and(|severity| self.severities.contains(severity))
    }

    /// Who, service and text. `needle`: the text in lower case; `me`: the person at this page.
    pub(super) fn takes_rest(&self, needle: &str, me: Option<&str>, incident: &Incident) -> bool {
        let assignee = incident.assigned_to.as_deref();
        let is_theirs = match &self.who {
            Who::Anyone => true,
            Who::Me => assignee.is_some() && assignee == me,
            Who::Nobody => assignee.is_none(),
            Who::Person(id) => assignee == Some(id),
        };
        let has = |text: &str| lower(text).contains(needle);
        is_theirs
            && (self.service.is_empty() || service_of(incident).as_deref() == Some(&*self.service))
            && (needle.is_empty()
                || has(&incident.id)
                || incident.title.as_deref().is_some_and(has)
                || assignee.is_some_and(has))
    }
}

/// The service that the server names; it is a field of its own only by convention.
pub(super) fn service_of(incident: &Incident) -> Option<String> {
    let (_, json) = incident.extra.as_ref()?.fields().find(|(name, _)| name == "service")?;
    serde_json::from_str::<String>(json).ok().filter(|service| !service.is_empty())
}
