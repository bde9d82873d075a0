//! Incidents, and own unconfirmed edits laid over them.

use super::Keyed;
use crate::edits::Edits;
use crate::{List, SendState};
use sentinelops_protocol::domain::{Incident, IncidentEvent, IncidentStatus, Viewing};
use std::{ops::Deref, rc::Rc};

/// Who views an incident says so every 10 s.
const VIEWING_MS: u64 = 25_000;

/// An incident as shown: the server's state with this page's own unconfirmed edits laid over it.
///
/// It reads like an [`Incident`] (`row.title`, `row.status`). Cloning copies pointers, and rows of
/// which nothing changed are equal by pointer, so a row component with `row` as its prop is not
/// rendered for changes of other rows.
///
/// ```
/// use sentinelops_realtime::IncidentRow;
/// use yew::prelude::*;
///
/// #[derive(PartialEq, Properties)]
/// struct RowProps {
///     row: IncidentRow,
/// }
///
/// #[component]
/// fn Row(props: &RowProps) -> Html {
///     let row = &props.row;
///     // An own edit shows at once, marked until the server confirms it.
///     let pending = row.edit.as_ref().map_or("", |state| state.label());
///     html! { <li>{ row.title.clone().unwrap_or_default() }{ pending }</li> }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct IncidentRow {
    /// How it stands.
    pub incident: Rc<Incident>,
    /// The state of the newest own edit that is not confirmed yet, or of one that failed just now.
    pub edit: Option<SendState>,
}

impl Deref for IncidentRow {
    type Target = Incident;

    fn deref(&self) -> &Incident {
        &self.incident
    }
}

impl PartialEq for IncidentRow {
    fn eq(&self, other: &Self) -> bool {
        self.edit == other.edit
            && (Rc::ptr_eq(&self.incident, &other.incident) || self.incident == other.incident)
    }
}

/// Incidents by id.
#[derive(Default)]
pub(crate) struct IncidentFold {
    keyed: Keyed<Incident>,
    /// The rows as last handed out; void when either side changed.
    shown: Option<(u64, List<IncidentRow>)>,
    /// Incident, user, and until when (mono ms) it is taken to be so.
    viewing: Vec<(String, Rc<str>, u64)>,
}

impl IncidentFold {
    pub(crate) fn clear(&mut self) {
        self.keyed.clear();
        self.shown = None;
    }

    pub(crate) fn apply(&mut self, event: &IncidentEvent) {
        let mut incident = match self.keyed.get(&event.incident_id) {
            Some(incident) => (**incident).clone(),
            None => Incident::new(&*event.incident_id),
        };
        incident.apply(&event.data);
        self.keyed.put(&event.incident_id, Rc::new(incident));
        self.shown = None;
    }

    pub(crate) fn viewing(&mut self, viewing: &Viewing, now: u64) {
        let until = now + VIEWING_MS;
        let is_same = |(id, user, _): &&mut (String, Rc<str>, u64)| {
            *id == viewing.incident_id && **user == *viewing.user_id
        };
        match self.viewing.iter_mut().find(is_same) {
            Some(known) => known.2 = until,
            None => self.viewing.push((viewing.incident_id.clone(), (&*viewing.user_id).into(), until)),
        }
    }

    /// Forgets who has not been viewing for a while. `true`: somebody.
    pub(crate) fn expire(&mut self, now: u64) -> bool {
        let before = self.viewing.len();
        self.viewing.retain(|(.., until)| *until > now);
        self.viewing.len() != before
    }

    /// When [`IncidentFold::expire`] has something to do.
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        self.viewing.iter().map(|(.., until)| *until).min()
    }

    /// Who else is viewing an incident, in the order they came.
    pub(crate) fn viewers(&self, id: &str, user: Option<&str>) -> Vec<Rc<str>> {
        let others = self.viewing.iter().filter(|(incident, who, _)| incident == id && user != Some(who));
        others.map(|(_, who, _)| who.clone()).collect()
    }

    /// The server's state of an incident.
    pub(crate) fn confirmed(&self, id: &str) -> Option<&Rc<Incident>> {
        self.keyed.get(id)
    }

    /// At most so many as the server has them: those that are open first, of these the ones that appeared last; in the
    /// order in which they appeared.
    pub(crate) fn newest(&self, most: usize) -> impl Iterator<Item = Rc<Incident>> + use<> {
        let all = self.keyed.list();
        let is_open = |incident: &Incident| incident.status != Some(IncidentStatus::Resolved);
        let open = all.iter().filter(|incident| is_open(incident)).count();
        let (open_from, done_from) =
            (open.saturating_sub(most), (all.len() - open).saturating_sub(most.saturating_sub(open)));
        let mut passed = [0, 0];
        let newest: Vec<_> = all
            .iter()
            .filter(|incident| {
                let which = usize::from(is_open(incident));
                passed[which] += 1;
                passed[which] > [done_from, open_from][which]
            })
            .cloned()
            .collect();
        newest.into_iter()
    }

    pub(crate) fn row(&self, id: &str, edits: &Edits) -> Option<IncidentRow> {
        let known = self.keyed.get(id).map(|incident| edits.lay_over(incident));
        known.or_else(|| edits.created().find(|row| row.id == id))
    }

    /// All rows; the same list until something changed.
    pub(crate) fn rows(&mut self, edits: &Edits) -> List<IncidentRow> {
        if let Some((version, shown)) = &self.shown
            && *version == edits.version()
        {
            return shown.clone();
        }
        let mut rows: Vec<_> = self.keyed.list().iter().map(|incident| edits.lay_over(incident)).collect();
        rows.extend(edits.created().filter(|row| self.keyed.get(&row.id).is_none()));
        let list = List::from(rows);
        self.shown = Some((edits.version(), list.clone()));
        list
    }
}
