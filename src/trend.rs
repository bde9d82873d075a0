//! How many incidents were open over the last 24 hours, from the server's counts. Pure.

use sentinelops_protocol::domain::{Incident, IncidentStatus, Severity, Stats};

/// The quarters of an hour in a day.
pub const QUARTERS: usize = 96;
/// The severities told apart, most urgent first; whatever else a server knows counts as the last one.
pub const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// By severity, in the order of [`SEVERITIES`].
pub type Counts = [u32; SEVERITIES.len()];

fn place(severity: Option<&str>) -> usize {
    let found = SEVERITIES.iter().position(|known| Some(known.as_str()) == severity);
    found.unwrap_or(SEVERITIES.len() - 1)
}

/// How many are open now.
pub fn open_now<'a>(incidents: impl Iterator<Item = &'a Incident>) -> Counts {
    let mut counts = Counts::default();
    for incident in incidents.filter(|incident| incident.status != Some(IncidentStatus::Resolved)) {
        counts[place(incident.severity.as_ref().map(Severity::as_str))] += 1;
    }
    counts
}

/// How many were open at the end of each quarter of an hour; the last one is now. Counted backwards from what is open now:
/// the server says what was opened and resolved in between.
pub fn open_over_day(stats: &Stats, now: Counts) -> Vec<Counts> {
    let of = |list: &[u32], at: usize| list.get(at).copied().unwrap_or_default();
    let mut day = vec![now; QUARTERS];
    for (name, counts) in &stats.quarter_hours.by_severity {
        let severity = place(Some(name));
        for at in (1..QUARTERS).rev() {
            let after = day[at][severity];
            // What no longer fits (figures are up to 15 s older than the list) counts as none, not below.
            let before = (after + of(&counts.resolved, at)).saturating_sub(of(&counts.opened, at));
            day[..at].iter_mut().for_each(|quarter| quarter[severity] = before);
        }
    }
    day
}

/// The largest number at one time, at least 1.
pub fn peak(day: &[Counts]) -> u32 {
    day.iter().map(|quarter| quarter.iter().sum::<u32>()).max().unwrap_or_default().max(1)
}

/// Outlines of the plot, one for each severity, the least urgent one first: each covers the more urgent ones as well, which
/// are painted over it. One unit to the right is a quarter of an hour; `height` is the peak.
pub fn outlines(day: &[Counts], height: u32) -> [String; SEVERITIES.len()] {
    let peak = peak(day);
    std::array::from_fn(|at| {
        let upto = SEVERITIES.len() - at;
        let mut path = format!("M0 {height}");
        let mut last = None;
        for (right, quarter) in day.iter().enumerate() {
            let sum: u32 = quarter[..upto].iter().sum();
            // Tenths are enough, and short.
            let top = height * 10 - sum * height * 10 / peak;
            if last != Some(top) {
                path.push_str(&format!("H{right}V{}.{}", top / 10, top % 10));
                last = Some(top);
            }
        }
        path.push_str(&format!("H{}V{height}Z", day.len()));
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::Json;

    fn stats(json: &str) -> Stats {
        Stats::read(&Json::parse(json).expect("JSON")).expect("figures")
    }

    fn list(at: &[(usize, u32)]) -> String {
        let mut all = vec![0; QUARTERS];
        at.iter().for_each(|(at, count)| all[*at] = *count);
        format!("{all:?}")
    }

    #[test]
    fn what_is_open_now_is_counted_backwards() {
        let (opened, resolved) = (list(&[(10, 3), (95, 1)]), list(&[(50, 2)]));
        let stats = stats(&format!(
            r#"{{"quarterHours": {{"from": 0, "bySeverity": {{
                "critical": {{"opened": {opened}, "resolved": {resolved}}},
                "odd": {{"opened": {}, "resolved": []}}}}}}}}"#,
            list(&[(95, 1)])
        ));
        let day = open_over_day(&stats, [2, 5, 0, 1]);
        let critical: Vec<_> = [0, 9, 10, 49, 50, 94, 95].map(|at| day[at][0]).into();
        assert_eq!(critical, [0, 0, 3, 3, 1, 1, 2]);
        assert!(day.iter().all(|quarter| quarter[1] == 5 && quarter[2] == 0));
        assert_eq!(
            (day[94][3], day[95][3]),
            (0, 1),
            "what has no name of its own counts with the least urgent"
        );
    }

    #[test]
    fn figures_that_do_not_fit_the_list_do_not_go_below_nothing() {
        let stats = stats(&format!(
            r#"{{"quarterHours": {{"from": 0, "bySeverity": {{"high": {{"opened": {}}}}}}}}}"#,
            list(&[(95, 4)])
        ));
        assert_eq!(open_over_day(&stats, [0, 1, 0, 0])[94], [0, 0, 0, 0]);
        assert_eq!(open_over_day(&Stats::default(), [1, 0, 0, 0]), vec![[1, 0, 0, 0]; QUARTERS]);
    }

    #[test]
    fn outlines_cover_the_more_urgent_ones_and_end_at_the_last_quarter() {
        let mut day = vec![[0, 0, 0, 2]; 4];
        day[2] = [1, 0, 0, 3];
        assert_eq!(peak(&day), 4);
        let [low, medium, high, critical] = outlines(&day, 20);
        assert_eq!(low, "M0 20H0V10.0H2V0.0H3V10.0H4V20Z");
        assert_eq!(critical, "M0 20H0V20.0H2V15.0H3V20.0H4V20Z");
        assert_eq!((medium, high), (critical.clone(), critical));
        assert_eq!(peak(&[]), 1);
    }

    #[test]
    fn open_incidents_are_counted_by_severity() {
        let incident = |severity: Option<Severity>, status| {
            let mut incident = Incident::new("inc-1");
            (incident.severity, incident.status) = (severity, Some(status));
            incident
        };
        let all = [
            incident(Some(Severity::Critical), IncidentStatus::New),
            incident(Some(Severity::Critical), IncidentStatus::Resolved),
            incident(Some(Severity::Medium), IncidentStatus::Escalated),
            incident(None, IncidentStatus::New),
        ];
        assert_eq!(open_now(all.iter()), [1, 0, 1, 1]);
    }
}
