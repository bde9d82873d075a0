//! Alerts from outside: dedupe, late reports, incidents, room.

use super::common::{SlowStore, WALL, World};
use sentinelops_gateway::ingest::alert_id;
use sentinelops_gateway::{
    Answer, GatewayConfig, Group, IncidentRule, IngestCounts, NewEvent, Part, Report, Signal, Source, What,
};
use sentinelops_protocol::domain::{
    Activity, Alert, AlertChange, Incident, IncidentStatus, Severity, TimelineAction,
};
use sentinelops_protocol::{Channel, Json, Payload};

use AlertChange::{Acknowledged, Cleared, Raised};

pub(super) const AM: &str = "am";

pub(super) fn signal(fingerprint: &str, change: AlertChange, at: u64) -> Signal {
    Signal {
        alert_id: alert_id(AM, fingerprint),
        change,
        starts_at: (change == Raised).then_some(WALL + at),
        ends_at: (change == Cleared).then_some(WALL + at),
        severity: Severity::High,
        title: format!("{fingerprint} is down"),
        source: Some("checkout".into()),
        extra: Json::parse(r#"{"labels":{"job":"app"},"runbookUrl":"https://rb"}"#).ok(),
        group: Some(Group { key: "group".into(), title: "Targets down".into() }),
    }
}

pub(super) fn world_with(source: Source) -> World {
    let mut world = World::new();
    world.gateway.set_sources(world.now(), vec![source]);
    world
}

pub(super) fn world() -> World {
    world_with(Source::new(AM))
}

impl World {
    pub(super) fn ingest(&mut self, signals: Vec<Signal>) -> IngestCounts {
        let (counts, retry) = self.answered(signals.into_iter().map(Report::from).collect());
        assert_eq!(retry, None);
        counts
    }

    pub(super) fn answered(&mut self, reports: Vec<Report>) -> (IngestCounts, Option<u64>) {
        self.gateway.ingest(self.now(), 1, AM, reports, Part::WHOLE);
        self.carry_out();
        let Some((1, Answer::Ingested { counts, retry_after_ms })) = self.answers.pop() else {
            panic!("no answer: {:?}", self.answers)
        };
        (counts, retry_after_ms)
    }

    pub(super) fn alert(&self, fingerprint: &str) -> Alert {
        self.gateway.view().alert(&alert_id(AM, fingerprint)).expect("known").clone()
    }

    pub(super) fn incidents(&self) -> Vec<Incident> {
        self.gateway.view().incidents().cloned().collect()
    }

    pub(super) fn only_incident(&self) -> Incident {
        let mut all = self.incidents();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

pub(super) fn counted(raised: u64, cleared: u64, repeated: u64) -> IngestCounts {
    IngestCounts { raised, cleared, repeated, ..IngestCounts::default() }
}

#[test]
fn firing_alert_opens_an_incident_and_both_are_sent() {
    let mut world = world();
    let conn = world.subscriber("ann", &[Channel::Incidents, Channel::Alerts, Channel::Activity]);
    assert_eq!(world.ingest(vec![signal("a", Raised, 5)]), counted(1, 0, 0));
    let inbox = world.look(conn);
    let kinds: Vec<_> = inbox.events().iter().map(|event| event.kind.clone()).collect();
    assert_eq!(kinds, ["incident.created", "activity.event", "alert.raised"]);
    let incident = world.only_incident();
    assert_eq!(incident.title.as_deref(), Some("Targets down"));
    assert_eq!((&incident.status, &incident.severity), (&Some(IncidentStatus::New), &Some(Severity::High)));
    let alert = world.alert("a");
    assert_eq!((alert.change, alert.incident_id.as_deref()), (Raised, Some(&*incident.id)));
    let extra: serde_json::Value = alert.extra.expect("fields").read().expect("JSON");
    assert_eq!(extra["ingest"], AM);
    assert_eq!(extra["startsAt"], WALL + 5);
    assert_eq!((&extra["labels"]["job"], &extra["runbookUrl"]), (&"app".into(), &"https://rb".into()));
    let timeline: Vec<_> = world.gateway.view().timeline(&incident.id).cloned().collect();
    let actions: Vec<_> = timeline.iter().map(|entry| entry.action.clone()).collect();
    assert_eq!(actions, [TimelineAction::Created, TimelineAction::AlertRaised]);
    assert!(timeline.iter().all(|entry| entry.actor == "source:am"), "{timeline:?}");
}

#[test]
fn repeats_bring_no_event_also_after_a_restart() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5)]);
    let seq = world.gateway.seq();
    assert_eq!(world.ingest(vec![signal("a", Raised, 5)]), counted(0, 0, 1));
    world.restart(8, |durable| durable);
    world.gateway.set_sources(world.now(), vec![Source::new(AM)]);
    assert_eq!(world.ingest(vec![signal("a", Raised, 5), signal("a", Raised, 5)]), counted(0, 0, 2));
    assert_eq!(world.gateway.seq(), seq);
    assert_eq!(world.ingest(vec![signal("a", Cleared, 9)]), counted(0, 1, 0));
    let seq = world.gateway.seq();
    assert_eq!(world.ingest(vec![signal("a", Cleared, 9)]), counted(0, 0, 1));
    assert_eq!(world.gateway.seq(), seq);
}

#[test]
fn acknowledgement_of_a_person_survives_repeats_and_ends_with_the_alert() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5)]);
    let ann = world.client("ann");
    let id = alert_id(AM, "a");
    world.send(ann, "1", "alert.acknowledge", &format!(r#"{{"id":"{id}"}}"#));
    assert_eq!(world.look(ann).acks(), ["1"]);
    assert_eq!(world.ingest(vec![signal("a", Raised, 5)]), counted(0, 0, 1));
    assert_eq!(world.alert("a").change, Acknowledged);
    world.ingest(vec![signal("a", Cleared, 9)]);
    assert_eq!(world.ingest(vec![signal("a", Raised, 10)]), counted(1, 0, 0));
    assert_eq!(world.alert("a").change, Raised, "it began again");
}

#[test]
fn firing_that_is_not_newer_than_the_last_clear_is_late_unless_the_source_insists() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5)]);
    world.ingest(vec![signal("a", Cleared, 9)]);
    for at in [4, 5, 9] {
        assert_eq!(world.ingest(vec![signal("a", Raised, at)]).late, 1, "at {at}");
    }
    assert_eq!(world.alert("a").change, Cleared);
    // An Alertmanager that lost sight of it for a while reports it with its old beginning.
    world.pass(6 * 60_000);
    assert_eq!(world.ingest(vec![signal("a", Raised, 5)]), counted(1, 0, 0));
}

#[test]
fn clear_from_before_the_last_raise_is_late() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5)]);
    // Its clear was lost.
    assert_eq!(world.ingest(vec![signal("a", Raised, 20)]), counted(1, 0, 0));
    assert_eq!(world.ingest(vec![signal("a", Cleared, 9)]).late, 1);
    assert_eq!(world.alert("a").change, Raised);
    assert_eq!(world.ingest(vec![signal("a", Cleared, 21)]), counted(0, 1, 0));
}

#[test]
fn clears_and_acknowledgements_of_unknown_alerts_are_counted() {
    let mut world = world();
    let counts = world.ingest(vec![signal("a", Cleared, 5), signal("a", Acknowledged, 5)]);
    assert_eq!(counts.unknown, 2);
    assert_eq!(world.gateway.seq(), 0);
    world.ingest(vec![signal("b", Raised, 5)]);
    let counts = world.ingest(vec![signal("b", Acknowledged, 6), signal("b", Acknowledged, 6)]);
    assert_eq!((counts.acknowledged, counts.repeated), (1, 1));
    assert_eq!(world.alert("b").change, Acknowledged);
}

#[test]
fn incidents_follow_the_rule_of_the_source() {
    let count = |incident, min_severity| {
        let mut world = world_with(Source { incident, min_severity, ..Source::new(AM) });
        let minor = Signal { severity: Severity::Medium, ..signal("c", Raised, 5) };
        let alone = Signal { group: None, ..signal("d", Raised, 5) };
        world.ingest(vec![signal("a", Raised, 5), signal("b", Raised, 5), minor, alone]);
        world.incidents().len()
    };
    assert_eq!(count(IncidentRule::Group, Severity::High), 2, "the group, and the one without");
    assert_eq!(count(IncidentRule::Alert, Severity::High), 3, "the medium one opens none");
    assert_eq!(count(IncidentRule::Alert, Severity::Low), 4);
    assert_eq!(count(IncidentRule::None, Severity::Low), 0);
}

#[test]
fn severity_of_an_incident_only_rises() {
    let mut world = world();
    let with = |fingerprint, severity| Signal { severity, ..signal(fingerprint, Raised, 5) };
    world.ingest(vec![with("a", Severity::High), with("b", Severity::Critical), with("c", Severity::Low)]);
    let incident = world.only_incident();
    assert_eq!(incident.severity, Some(Severity::Critical));
    assert_eq!(world.alert("c").incident_id, Some(incident.id), "of its group although it is low");
}

#[test]
fn last_clear_resolves_an_incident_nobody_touched() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5), signal("b", Raised, 5)]);
    world.ingest(vec![signal("a", Cleared, 9)]);
    assert_eq!(world.only_incident().status, Some(IncidentStatus::New));
    world.ingest(vec![signal("b", Cleared, 9)]);
    let first = world.only_incident();
    assert_eq!(first.status, Some(IncidentStatus::Resolved));
    assert_eq!(
        world.gateway.view().activity().next_back().map(|a| (&*a.actor, &*a.action)),
        Some(("source:am", "resolved"))
    );
    // It begins again: another incident.
    world.ingest(vec![signal("a", Raised, 20)]);
    assert_eq!(world.incidents().len(), 2);
    assert_ne!(world.alert("a").incident_id, Some(first.id));
}

#[test]
fn incident_that_somebody_touched_stays_open_and_the_activity_says_so() {
    for touch in [r#""status":"acknowledged""#, r#""assignedTo":"ann""#] {
        let mut world = world();
        world.ingest(vec![signal("a", Raised, 5), signal("b", Raised, 5)]);
        let id = world.only_incident().id;
        let ann = world.client("ann");
        world.send(ann, "1", "incident.update", &format!(r#"{{"id":"{id}",{touch}}}"#));
        world.ingest(vec![signal("a", Cleared, 9), signal("b", Cleared, 9), signal("b", Cleared, 9)]);
        assert_ne!(world.only_incident().status, Some(IncidentStatus::Resolved), "{touch}");
        let events = world.gateway.view().activity().filter(|a| a.action == "all alerts cleared");
        let events: Vec<&Activity> = events.collect();
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0].target.as_ref(), Some(&id));
        // It fires again: the same incident, because it is open.
        world.ingest(vec![signal("a", Raised, 20)]);
        assert_eq!(world.alert("a").incident_id, Some(id));
    }
}

#[test]
fn without_auto_resolve_an_incident_stays_open() {
    let mut world = world_with(Source { auto_resolve: false, ..Source::new(AM) });
    world.ingest(vec![signal("a", Raised, 5)]);
    world.ingest(vec![signal("a", Cleared, 9)]);
    assert_eq!(world.only_incident().status, Some(IncidentStatus::New));
}

/// A crash came between the clear of the last alert and the end of its incident: the source had no answer and sends
/// it again.
#[test]
fn repeated_clear_completes_what_a_crash_cut_off() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    world.gateway.set_sources(world.now(), vec![Source::new(AM)]);
    for change in [Raised, Cleared] {
        let reports = vec![Report::from(signal("a", change, 5))];
        world.gateway.ingest(world.now(), 1, AM, reports, Part::WHOLE);
    }
    let records = store.records();
    let resolved =
        records.iter().position(|record| record.events.iter().any(|e| e.kind == "incident.resolved"));
    assert_eq!(resolved, Some(records.len() - 1), "the last step");
    for kept in 0..=records.len() {
        let mut durable = World::new().gateway.into_durable();
        for (seq, record) in (1..).zip(&records[..kept]) {
            durable.take(seq, record, &GatewayConfig::default(), world.now());
        }
        let mut again = World::new();
        again.restart(9, |_| durable);
        again.gateway.set_sources(again.now(), vec![Source::new(AM)]);
        if kept < 2 {
            again.ingest(vec![signal("a", Raised, 5)]);
        }
        again.ingest(vec![signal("a", Cleared, 5)]);
        assert_eq!(again.only_incident().status, Some(IncidentStatus::Resolved), "after {kept} records");
        assert_eq!(again.alert("a").change, Cleared);
    }
}

#[test]
fn answer_waits_until_everything_is_committed() {
    let store = SlowStore::default();
    let mut world = World::with_store(&store);
    world.gateway.set_sources(world.now(), vec![Source::new(AM)]);
    world.gateway.ingest(
        world.now(),
        1,
        AM,
        vec![signal("a", Raised, 5).into()],
        Part::First { unusable: 2 },
    );
    world.carry_out();
    assert!(world.answers.is_empty());
    store.commit(1);
    world.carry_out();
    assert!(world.answers.is_empty(), "the alert is the second record");
    store.commit_all();
    world.carry_out();
    let counts = IngestCounts { raised: 1, unusable: 2, ..IngestCounts::default() };
    assert_eq!(world.answers, [(1, Answer::Ingested { counts, retry_after_ms: None })]);
}

#[test]
fn while_nothing_can_be_stored_a_source_is_asked_to_come_back() {
    let mut world = world();
    let now = world.now();
    world.gateway.set_unavailable(now, Some(2_000));
    let (counts, retry) = world.answered(vec![signal("a", Raised, 5).into()]);
    assert_eq!((counts, retry), (IngestCounts::default(), Some(2_000)));
    assert_eq!(world.gateway.seq(), 0);
    world.gateway.set_unavailable(now, None);
    assert_eq!(world.ingest(vec![signal("a", Raised, 5)]), counted(1, 0, 0));
}

#[test]
fn without_room_the_rest_is_taken_and_the_source_comes_back() {
    let mut world = World::with(GatewayConfig { max_open: 2, ..GatewayConfig::default() });
    world.gateway.set_sources(world.now(), vec![Source::new(AM)]);
    let three = || ["a", "b", "c"].map(|id| Report::from(signal(id, Raised, 5))).to_vec();
    let (counts, retry) = world.answered(three());
    assert_eq!((counts.raised, counts.overloaded), (2, 1));
    assert!(retry.is_some_and(|ms| ms > 0));
    world.ingest(vec![signal("a", Cleared, 9)]);
    let (counts, retry) = world.answered(three());
    assert_eq!((counts.raised, counts.repeated, counts.late, retry), (1, 1, 1, None));
}

#[test]
fn storm_of_5_000_alerts_loses_none_and_ends_by_itself() {
    let mut world = world();
    let all = |change, at| (0..5_000).map(|n| signal(&format!("f{n}"), change, at)).collect::<Vec<_>>();
    assert_eq!(world.ingest(all(Raised, 5)), counted(5_000, 0, 0));
    assert_eq!(world.ingest(all(Raised, 5)), counted(0, 0, 5_000));
    assert_eq!(world.gateway.view().alerts().count(), 5_000);
    let incident = world.only_incident();
    assert!(world.gateway.view().alerts().all(|alert| alert.incident_id.as_ref() == Some(&incident.id)));
    let mut clears = all(Cleared, 9);
    let last = clears.pop().expect("one");
    assert_eq!(world.ingest(clears), counted(0, 4_999, 0));
    assert_eq!(world.only_incident().status, Some(IncidentStatus::New));
    assert_eq!(world.ingest(vec![last]), counted(0, 1, 0));
    assert_eq!(world.only_incident().status, Some(IncidentStatus::Resolved));
}

#[test]
fn report_with_an_id_takes_effect_once_also_after_a_restart() {
    let mut world = world();
    let event = |id: &str| {
        let activity = Activity {
            id: format!("act-{id}"),
            actor: "source:am".into(),
            action: "deploy.finished".into(),
            target: None,
            timestamp: WALL,
            extra: None,
        };
        let event = NewEvent::of(Payload::Activity(activity)).expect("typed");
        Report { once: Some(id.to_owned()), what: What::Event(Box::new(event)) }
    };
    let (counts, _) = world.answered(vec![event("1"), event("1"), event("2")]);
    assert_eq!((counts.events, counts.repeated), (2, 1));
    world.restart(8, |durable| durable);
    world.gateway.set_sources(world.now(), vec![Source::new(AM)]);
    let (counts, _) = world.answered(vec![event("1"), event("2")]);
    assert_eq!((counts.events, counts.repeated), (0, 2));
}

#[test]
fn large_body_in_parts_is_one_request() {
    let mut world = world();
    for (part, id) in [(Part::First { unusable: 3 }, "a"), (Part::Further, "b"), (Part::WHOLE, "c")] {
        world.gateway.ingest(world.now(), 1, AM, vec![signal(id, Raised, 5).into()], part);
    }
    let (_, requests, counts, _) = world.gateway.ingest_stats().next().expect("a source");
    assert_eq!((requests, counts.raised, counts.unusable), (2, 3, 3));
}
