//! What a display on a wall shows: how old the data are, and the board in numbers. Pure.

use crate::board::{BoardQuery, SEVERITIES, arrange};
use crate::components::marks::severity_rank;
use sentinelops_protocol::domain::{AgentStatus, Incident, IncidentStatus, Presence};
use sentinelops_protocol::sort::sort_by;
use std::ops::Deref;
use std::rc::Rc;

/// A connection that is up and silent for longer (ms) is not believed. A server sends figures every 15 s and answers a ping
/// every 30 s.
pub const SILENCE_MS: u64 = 75_000;
/// Data are late for this long (ms); from then on they are lost.
pub const LATE_MS: u64 = 60_000;
/// As many incidents are listed.
pub const ROWS: usize = 8;

/// How far what stands on the wall can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Connected, and the server has spoken lately.
    Live,
    /// Not connected, or silent, for less than a minute.
    Late,
    /// There is no data: what is shown was true once.
    Lost,
}

impl Freshness {
    /// At this time. `heard`: when the server spoke last, `began`: when the page did; all in ms of one clock.
    pub fn at(now: u64, began: u64, heard: Option<u64>, is_connected: bool) -> Self {
        let age = now.saturating_sub(heard.unwrap_or(began));
        match heard {
            Some(_) if is_connected && age <= SILENCE_MS => Self::Live,
            _ if age < LATE_MS => Self::Late,
            _ => Self::Lost,
        }
    }

    /// Its name in the style sheet.
    pub fn code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Late => "late",
            Self::Lost => "lost",
        }
    }
}

/// How many incidents of a severity are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// All of them.
    pub open: u32,
    /// Of these, nobody has acknowledged.
    pub unacknowledged: u32,
}

/// The board of a wall.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview<I> {
    /// By severity, as in [`SEVERITIES`]; the last one: of any other severity, or none.
    pub tiles: [Tile; SEVERITIES.len() + 1],
    /// The most urgent ones, those that nobody has acknowledged first within a severity; [`ROWS`] at most.
    pub rows: Vec<I>,
    /// How many are open beside [`Overview::rows`].
    pub more: usize,
    /// The one that has waited for an acknowledgement for longest.
    pub oldest: Option<I>,
}

/// Nobody has acknowledged it.
pub fn is_unacknowledged(incident: &Incident) -> bool {
    matches!(incident.status, None | Some(IncidentStatus::New))
}

/// When it began; one that does not say so is as new as can be.
fn began(incident: &Incident) -> u64 {
    incident.created_at.or(incident.updated_at).unwrap_or(u64::MAX)
}

/// Which tile counts it.
fn place(incident: &Incident) -> usize {
    SEVERITIES.iter().position(|one| Some(one) == incident.severity.as_ref()).unwrap_or(SEVERITIES.len())
}

/// What of these incidents a wall shows. `me`: the person at this page, for queries that ask for them.
pub fn overview<I>(incidents: &[I], query: &BoardQuery, me: Option<&str>) -> Overview<I>
where
    I: Deref<Target = Incident> + Clone,
{
    let mut rows = arrange(incidents, query, me).rows;
    let mut tiles = [Tile::default(); SEVERITIES.len() + 1];
    let mut oldest = None::<&I>;
    for incident in &rows {
        let tile = &mut tiles[place(incident)];
        tile.open += 1;
        if is_unacknowledged(incident) {
            tile.unacknowledged += 1;
            if oldest.is_none_or(|oldest| began(incident) < began(oldest)) {
                oldest = Some(incident);
            }
        }
    }
    let oldest = oldest.cloned();
    let rank = |incident: &I| (severity_rank(incident.severity.as_ref()), !is_unacknowledged(incident));
    // Stable: what is equally urgent stands as on the board.
    sort_by(&mut rows, |a, b| rank(a).cmp(&rank(b)));
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    Overview { tiles, rows, more, oldest }
}

/// How many agents are online, busy, away, and offline.
pub fn presences(agents: &[Rc<AgentStatus>]) -> [(Presence, usize); 4] {
    [Presence::Online, Presence::Busy, Presence::Away, Presence::Offline].map(|presence| {
        let count = agents.iter().filter(|agent| agent.status == presence).count();
        (presence, count)
    })
}

/// The places the picture takes one after the other, a minute each, so that no line burns itself into the screen.
pub const SHIFTS: u64 = 8;

/// Which of them at this time, ms.
pub fn shift(now: u64) -> u64 {
    now / 60_000 % SHIFTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Scope;
    use sentinelops_protocol::domain::Severity;

    fn incident(id: &str, severity: Option<Severity>, status: IncidentStatus, at: u64) -> Rc<Incident> {
        let mut incident = Incident::new(id);
        (incident.severity, incident.status, incident.created_at) = (severity, Some(status), Some(at));
        Rc::new(incident)
    }

    #[test]
    fn data_are_live_late_and_lost_as_time_passes_without_a_word() {
        let began = 1_000_000;
        let at = |after: u64, heard: Option<u64>, is_connected| {
            Freshness::at(began + after, began, heard.map(|heard| began + heard), is_connected)
        };
        assert_eq!(at(0, None, true), Freshness::Late, "connected, but nothing was heard");
        assert_eq!(at(LATE_MS, None, true), Freshness::Lost);
        assert_eq!(at(SILENCE_MS, Some(0), true), Freshness::Live);
        assert_eq!(
            at(SILENCE_MS + 1, Some(0), true),
            Freshness::Lost,
            "a socket that stays open tells nothing"
        );
        assert_eq!(at(0, Some(0), false), Freshness::Late);
        assert_eq!(at(LATE_MS - 1, Some(0), false), Freshness::Late);
        assert_eq!(at(LATE_MS, Some(0), false), Freshness::Lost);
        // What was kept from yesterday is no news, however new the page is.
        assert_eq!(Freshness::at(began, began, Some(1), false), Freshness::Lost);
        // A clock that was set back.
        assert_eq!(Freshness::at(1, 1, Some(9), true), Freshness::Live);
    }

    #[test]
    fn what_nobody_acknowledged_stands_first_and_is_counted() {
        let (critical, high) = (Some(Severity::Critical), Some(Severity::High));
        let all = [
            incident("taken", critical.clone(), IncidentStatus::Acknowledged, 5),
            incident("old", high.clone(), IncidentStatus::New, 1),
            incident("fresh", critical.clone(), IncidentStatus::New, 9),
            incident("done", critical, IncidentStatus::Resolved, 0),
            incident("odd", Some(Severity::Other("p0".into())), IncidentStatus::Investigating, 3),
            incident("none", None, IncidentStatus::New, 4),
        ];
        let found = overview(&all, &BoardQuery::default(), None);
        let ids: Vec<_> = found.rows.iter().map(|incident| &*incident.id).collect();
        assert_eq!(ids, ["fresh", "taken", "old", "odd", "none"]);
        let tile = |open, unacknowledged| Tile { open, unacknowledged };
        assert_eq!(found.tiles, [tile(2, 1), tile(1, 1), tile(0, 0), tile(0, 0), tile(2, 1)]);
        assert_eq!(found.oldest.map(|incident| incident.id.clone()).as_deref(), Some("old"));
        assert_eq!(found.more, 0);
        let mut query = BoardQuery::of_scope(Scope::Open);
        query.severities = vec![Severity::Critical];
        assert_eq!(overview(&all, &query, None).tiles.map(|tile| tile.open), [2, 0, 0, 0, 0]);
    }

    #[test]
    fn more_than_fit_are_counted() {
        let all: Vec<_> =
            (0..20).map(|at| incident(&format!("inc-{at:02}"), None, IncidentStatus::New, at)).collect();
        let found = overview(&all, &BoardQuery::default(), None);
        assert_eq!((found.rows.len(), found.more), (ROWS, 12));
        assert_eq!(found.oldest.map(|incident| incident.id.clone()).as_deref(), Some("inc-00"));
        let none = overview::<Rc<Incident>>(&[], &BoardQuery::default(), None);
        assert_eq!((none.rows.len(), none.more, none.oldest), (0, 0, None));
    }

    #[test]
    fn every_minute_has_another_place_than_the_one_before() {
        let places: Vec<_> = (0..=SHIFTS).map(|minute| shift(minute * 60_000)).collect();
        assert!(places.windows(2).all(|two| two[0] != two[1]));
        assert_eq!((places[0], shift(59_999)), (*places.last().expect("nine"), 0));
    }
}
