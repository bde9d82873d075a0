use super::*;
use sentinelops_protocol::domain::Severity;
use std::rc::Rc;

const NOW: Now = Now { ms: 1_000_000, minute: 12 * 60, is_here: false, is_attended: false, speaks: true };

fn at(ms: u64) -> Now {
    Now { ms, ..NOW }
}

fn incident(id: &str, severity: Severity) -> Rc<Incident> {
    let mut incident = Incident::new(id);
    incident.title = Some(format!("Title of {id}"));
    incident.severity = Some(severity);
    incident.status = Some(IncidentStatus::New);
    Rc::new(incident)
}

fn with(incident: &Rc<Incident>, change: impl FnOnce(&mut Incident)) -> Rc<Incident> {
    let mut changed = (**incident).clone();
    change(&mut changed);
    Rc::new(changed)
}

struct Test {
    attention: Attention,
    board: Vec<Rc<Incident>>,
}

impl Test {
    /// The board is loaded and empty.
    fn new(preferences: Preferences) -> Self {
        let mut test = Self { attention: Attention::new(preferences), board: Vec::new() };
        assert_eq!(test.show(NOW, []), []);
        test
    }

    fn show<const N: usize>(&mut self, now: Now, board: [Rc<Incident>; N]) -> Vec<Cue> {
        self.show_all(now, board.into(), false)
    }

    fn show_all(&mut self, now: Now, board: Vec<Rc<Incident>>, is_own_edit: bool) -> Vec<Cue> {
        self.board = board;
        let rows = self.board.iter().map(|incident| Seen { incident, is_own_edit });
        self.attention.handle_board(now, rows, Some("ann"))
    }

    /// Lets time pass to the end of what is gathered.
    fn due(&mut self, now: Now) -> Vec<Cue> {
        let ms = self.attention.poll_timeout().expect("something is to be done");
        self.attention.handle_timeout(Now { ms, ..now })
    }
}

fn notified(cues: &[Cue]) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for cue in cues {
        if let Cue::Notify { title, body, .. } = cue {
            found.push((title.as_str(), body.as_str()));
        }
    }
    found
}

fn all_ways() -> Preferences {
    let mut preferences = Preferences::default();
    for severity in &LEVELS {
        for way in Way::ALL {
            preferences.set(severity, way, true);
        }
    }
    preferences
}

#[test]
fn first_board_is_no_news_and_a_later_snapshot_is() {
    let mut attention = Attention::new(Preferences::default());
    let (old, new) = (incident("inc-1", Severity::Critical), incident("inc-2", Severity::Critical));
    let seen = |incident| Seen { incident, is_own_edit: false };
    assert_eq!(attention.handle_board(NOW, [seen(&*old)].into_iter(), None), []);
    assert_eq!(attention.poll_timeout(), None);
    let cues = attention.handle_board(NOW, [seen(&*old), seen(&*new)].into_iter(), None);
    let headline = "Critical: Title of inc-2".to_owned();
    assert_eq!(cues, [Cue::Badge(Badge { count: 1, level: 0, headline })]);
    let cues = attention.handle_timeout(at(NOW.ms + GATHER_MS));
    assert_eq!(notified(&cues), [("Critical: Title of inc-2", "New incident · inc-2")]);
}

#[test]
fn hundred_criticals_in_a_second_are_one_summary() {
    let mut test = Test::new(all_ways());
    let board: Vec<_> = (0..100).map(|at| incident(&format!("inc-{at:03}"), Severity::Critical)).collect();
    let mut cues = Vec::new();
    for count in 1..=100 {
        let now = at(NOW.ms + count as u64 * 7 - 7);
        cues.extend(test.attention.handle_timeout(now));
        cues.extend(test.show_all(now, board[..count].to_vec(), false));
    }
    cues.extend(test.due(NOW));
    let calls: Vec<_> = cues.iter().filter(|cue| !matches!(cue, Cue::Badge(_))).collect();
    assert_eq!(calls.len(), 2, "a sound and a notification: {calls:?}");
    let body =
        "Critical: Title of inc-000\nCritical: Title of inc-001\nCritical: Title of inc-002\nand 97 more";
    assert_eq!(notified(&cues), [("100 critical incidents", body)]);
}

#[test]
fn storm_goes_on_in_summaries_and_a_more_urgent_one_does_not_wait() {
    let mut test = Test::new(all_ways());
    let mut board = vec![incident("inc-1", Severity::High)];
    test.show_all(NOW, board.clone(), false);
    assert_eq!(notified(&test.due(NOW)).len(), 1);
    let called = NOW.ms + GATHER_MS;
    board.push(incident("inc-2", Severity::High));
    test.show_all(at(called + 1), board.clone(), false);
    assert_eq!(test.attention.poll_timeout(), Some(called + REST_MS), "as urgent: it waits");
    board.push(incident("inc-3", Severity::Critical));
    test.show_all(at(called + 2), board.clone(), false);
    assert_eq!(test.attention.poll_timeout(), Some(called + 2 + GATHER_MS));
    assert_eq!(notified(&test.due(NOW))[0].0, "2 incidents, 1 critical");
    // Nothing follows: the rest ends without a call.
    assert_eq!(test.due(NOW), []);
    assert_eq!(test.attention.poll_timeout(), None);
}

#[test]
fn only_the_speaking_tab_notifies_and_only_while_nobody_looks() {
    for (now, expected) in [
        (NOW, 1),
        (Now { speaks: false, ..NOW }, 0),
        (Now { is_attended: true, ..NOW }, 0),
        (Now { is_attended: true, is_here: true, ..NOW }, 0),
    ] {
        let mut test = Test::new(all_ways());
        test.show(now, [incident("inc-1", Severity::Critical)]);
        let cues = test.due(now);
        assert_eq!(notified(&cues).len(), expected, "{now:?}");
        assert_eq!(cues.contains(&Cue::Sound(0)), now.speaks, "{now:?}");
        let is_announced = cues.iter().any(|cue| matches!(cue, Cue::Announce { is_urgent: true, .. }));
        assert_eq!(is_announced, now.is_here, "{now:?}");
    }
}

#[test]
fn own_changes_do_not_call() {
    let mut test = Test::new(all_ways());
    let own = incident("inc-1", Severity::Critical);
    assert_eq!(test.show_all(NOW, vec![own.clone()], true), []);
    assert_eq!(test.show(NOW, [own]), [], "and neither does their confirmation");
    assert_eq!(test.attention.poll_timeout(), None);
}

#[test]
fn what_happens_to_an_incident_calls_for_a_reason() {
    let low = incident("inc-1", Severity::Low);
    let (done, theirs) = (
        with(&low, |i| i.status = Some(IncidentStatus::Resolved)),
        with(&low, |i| i.assigned_to = Some("bob".to_owned())),
    );
    for (before, after, reason) in [
        (&low, with(&low, |i| i.severity = Some(Severity::High)), Some("Severity raised")),
        (&low, with(&low, |i| i.status = Some(IncidentStatus::Escalated)), Some("Escalated")),
        (&theirs, with(&low, |i| i.assigned_to = Some("ann".to_owned())), Some("Assigned to you")),
        (&done, low.clone(), Some("Open again")),
        (&low, with(&low, |i| i.title = Some("Other".to_owned())), None),
        (&low, theirs.clone(), None),
        (&low, done.clone(), None),
    ] {
        let mut test = Test { attention: Attention::new(all_ways()), board: Vec::new() };
        test.show(NOW, [before.clone()]);
        test.show(NOW, [after.clone()]);
        let cues = test.attention.handle_timeout(at(NOW.ms + GATHER_MS));
        let found = notified(&cues).first().map(|(_, body)| body.split(" · ").next().unwrap_or_default());
        assert_eq!(found, reason, "{after:?}");
    }
}

#[test]
fn only_mine_and_unassigned() {
    for (assignee, calls) in [(None, true), (Some("ann"), true), (Some("bob"), false)] {
        let mut test = Test::new(Preferences { mine_only: true, ..Preferences::default() });
        let one = incident("inc-1", Severity::Critical);
        let cues = test.show(NOW, [with(&one, |i| i.assigned_to = assignee.map(str::to_owned))]);
        assert_eq!(!cues.is_empty(), calls, "{assignee:?}");
    }
}

#[test]
fn muted_and_quiet_leave_the_badge() {
    let night = QuietHours { from_min: 11 * 60, to_min: 13 * 60 };
    let muted = Preferences { muted_until_ms: Some(NOW.ms + 60_000), ..all_ways() };
    let quiet = Preferences { quiet: Some(night), ..all_ways() };
    let silent = Preferences { critical_in_quiet: false, ..quiet.clone() };
    for (preferences, severity, calls) in [
        (muted, Severity::Critical, false),
        (quiet.clone(), Severity::High, false),
        (quiet, Severity::Critical, true),
        (silent, Severity::Critical, false),
    ] {
        let mut test = Test::new(preferences.clone());
        assert_eq!(test.show(NOW, [incident("inc-1", severity)]).len(), 1, "the badge");
        assert_eq!(!test.due(NOW).is_empty(), calls, "{preferences:?}");
    }
    let mut over = Test::new(Preferences { muted_until_ms: Some(NOW.ms), ..all_ways() });
    over.show(NOW, [incident("inc-1", Severity::Low)]);
    assert!(!over.due(NOW).is_empty());
}

#[test]
fn presence_clears_the_badge_and_a_colleague_withdraws_the_call() {
    let mut test = Test::new(Preferences::default());
    let (one, two) = (incident("inc-1", Severity::Critical), incident("inc-2", Severity::High));
    test.show(NOW, [one.clone(), two.clone()]);
    assert_eq!(test.attention.handle_presence(), [Cue::Badge(Badge::default())]);
    assert_eq!(test.attention.handle_presence(), [], "once");

    let mut test = Test::new(Preferences::default());
    test.show(NOW, [two.clone()]);
    test.due(NOW);
    let seen = with(&two, |i| i.status = Some(IncidentStatus::Acknowledged));
    let cues = test.show(NOW, [seen]);
    assert_eq!(cues, [Cue::Withdraw("inc-2".to_owned()), Cue::Badge(Badge::default())]);

    // Taken up before the call was due: nothing calls.
    let mut test = Test::new(Preferences::default());
    test.show(NOW, [one.clone()]);
    test.show(NOW, [with(&one, |i| i.status = Some(IncidentStatus::Resolved))]);
    assert_eq!(notified(&test.due(NOW)), []);
}

#[test]
fn call_stays_while_its_reason_holds() {
    let new = incident("inc-1", Severity::High);
    let status = |incident: &Rc<Incident>, status| with(incident, |i| i.status = Some(status));
    let (resolved, investigated) =
        (status(&new, IncidentStatus::Resolved), status(&new, IncidentStatus::Investigating));
    let raised = with(&investigated, |i| i.severity = Some(Severity::Critical));
    let mine = with(&investigated, |i| i.assigned_to = Some("ann".to_owned()));
    for (before, after) in [(&resolved, &investigated), (&investigated, &raised), (&investigated, &mine)] {
        let mut test = Test { attention: Attention::new(all_ways()), board: Vec::new() };
        test.show(NOW, [before.clone()]);
        assert_eq!(test.show(NOW, [after.clone()]).len(), 1, "the badge");
        assert_eq!(test.show(NOW, [after.clone()]), [], "it still calls");
        assert_eq!(notified(&test.due(NOW)).len(), 1);
        let renamed = with(after, |i| i.title = Some("Other".to_owned()));
        assert_eq!(test.show(NOW, [renamed]), [], "the notification stays: {after:?}");
        let cues = test.show(NOW, [resolved.clone()]);
        assert_eq!(cues, [Cue::Withdraw("inc-1".to_owned()), Cue::Badge(Badge::default())]);
    }
}

#[test]
fn severity_raised_under_an_own_edit_calls() {
    let mut test = Test::new(all_ways());
    let new = incident("inc-1", Severity::Low);
    test.show_all(NOW, vec![new.clone()], true);
    let own = with(&new, |i| i.status = Some(IncidentStatus::Escalated));
    assert_eq!(test.show_all(NOW, vec![own.clone()], true), [], "the own edit does not");
    let raised = with(&own, |i| i.severity = Some(Severity::Critical));
    test.show_all(NOW, vec![raised], true);
    assert_eq!(notified(&test.due(NOW)), [("Critical: Title of inc-1", "Severity raised · inc-1")]);
}

#[test]
fn own_change_in_another_tab_does_not_call_whichever_arrives_first() {
    let one = incident("inc-1", Severity::High);
    let mine = with(&one, |i| i.assigned_to = Some("ann".to_owned()));
    let escalated = with(&mine, |i| i.status = Some(IncidentStatus::Escalated));
    let own = [own_change(&mine)];
    for report_is_first in [true, false] {
        let mut test = Test::new(all_ways());
        test.attention = Attention::new(all_ways());
        assert_eq!(test.show(NOW, [one.clone()]), [], "the first board");
        if report_is_first {
            assert_eq!(test.attention.handle_own(NOW, &own), []);
            assert_eq!(test.show(at(NOW.ms + OWN_MS - 1), [mine.clone()]), []);
        } else {
            assert_eq!(test.show(NOW, [mine.clone()]).len(), 1, "the badge");
            let cues = test.attention.handle_own(at(NOW.ms + 500), &own);
            assert_eq!(cues, [Cue::Badge(Badge::default())]);
            assert_eq!(test.due(NOW), [], "nothing is left of it");
        }
        assert_ne!(test.show(NOW, [escalated.clone()]), [], "somebody else, meanwhile");
        test.show(NOW, [one.clone()]);
        test.attention.handle_presence();
        assert_ne!(test.show(at(NOW.ms + 500 + OWN_MS), [mine.clone()]), [], "somebody else, later");
    }
}

#[test]
fn severity_raised_during_an_own_change_calls() {
    let mut test = Test::new(all_ways());
    let one = incident("inc-1", Severity::Low);
    test.attention = Attention::new(all_ways());
    test.show(NOW, [one.clone()]);
    let raised = with(&one, |i| i.severity = Some(Severity::Critical));
    test.attention.handle_own(NOW, &[own_change(&raised)]);
    assert_eq!(test.show(NOW, [raised]).len(), 1);
}

fn mentions<'a>(test: &mut Test, now: Now, keys: &'a [&'a str]) -> Vec<Cue> {
    let board = test.board.clone();
    let all = keys.iter().map(|key| Mention {
        key,
        id: "inc-1",
        incident: board.first().map(|incident| &**incident),
    });
    test.attention.handle_mentions(now, all)
}

#[test]
fn a_message_that_names_the_person_calls_once_and_as_if_the_incident_were_high() {
    let mut test = Test::new(Preferences { mine_only: true, ..Preferences::default() });
    let low =
        with(&incident("inc-1", Severity::Low), |incident| incident.assigned_to = Some("bob".to_owned()));
    test.show(NOW, [low.clone()]);
    assert_eq!(mentions(&mut test, NOW, &["m1"]), [], "what is loaded first is not news");
    let cues = mentions(&mut test, at(NOW.ms + 20_000), &["m1", "m2"]);
    assert!(matches!(&cues[..], [Cue::Badge(badge)] if badge.count == 1 && badge.level == 1), "{cues:?}");
    let cues = test.due(NOW);
    assert_eq!(notified(&cues), [("Low: Title of inc-1", "A message names you · inc-1")]);
    assert_eq!(mentions(&mut test, at(NOW.ms + 60_000), &["m2"]), [], "the same message");
    // What becomes of the incident takes nothing back.
    let resolved = with(&low, |incident| incident.status = Some(IncidentStatus::Resolved));
    assert_eq!(test.show(at(NOW.ms + 70_000), [resolved]), []);
    let cues = test.attention.handle_presence();
    assert!(matches!(&cues[..], [Cue::Badge(badge)] if badge.count == 0), "{cues:?}");
}
