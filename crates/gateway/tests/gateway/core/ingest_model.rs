//! Random sequences of reports, with restarts and people in between: the state is that of a model that knows each
//! alert's story by heart.

use super::common::{WALL, World};
use proptest::prelude::*;
use sentinelops_gateway::ingest::alert_id;
use sentinelops_gateway::{Answer, Group, Part, Report, Signal, Source};
use sentinelops_protocol::domain::{AlertChange, IncidentStatus, Severity};
use std::collections::BTreeMap;

const ALERTS: u8 = 4;
const GROUPS: u8 = 2;

#[derive(Clone, Debug)]
enum Step {
    /// A new episode of an alert.
    Fire(u8),
    /// The last report of it once more.
    Repeat(u8),
    /// Its end.
    Clear(u8),
    /// The firing of its last episode, late.
    Late(u8),
    /// A person acknowledges it.
    Acknowledge(u8),
    /// A person takes the incident of a group.
    Touch(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let alert = || 0..ALERTS;
    prop_oneof![
        4 => alert().prop_map(Step::Fire),
        2 => alert().prop_map(Step::Repeat),
        4 => alert().prop_map(Step::Clear),
        1 => alert().prop_map(Step::Late),
        2 => alert().prop_map(Step::Acknowledge),
        1 => (0..GROUPS).prop_map(Step::Touch),
        1 => Just(Step::Restart),
    ]
}

/// What the model knows of an alert.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Story {
    Firing { began: u64, acknowledged: bool },
    Over { began: u64, ended: u64 },
}

/// Of each group: whether its incident is open, and whether somebody has touched it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Case {
    open: bool,
    touched: bool,
}

fn signal(alert: u8, change: AlertChange, starts_at: u64, ends_at: Option<u64>) -> Signal {
    Signal {
        alert_id: alert_id("am", &alert.to_string()),
        change,
        starts_at: Some(starts_at),
        ends_at,
        severity: Severity::Critical,
        title: format!("alert {alert}"),
        source: None,
        extra: None,
        group: Some(Group { key: (alert % GROUPS).to_string(), title: format!("group {}", alert % GROUPS) }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn state_is_that_of_the_model(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        world.gateway.set_sources(world.now(), vec![Source::new("am")]);
        let mut stories = BTreeMap::<u8, Story>::new();
        let mut cases = [Case::default(); GROUPS as usize];
        let mut clock = WALL;
        let mut person = 0_u64;
        for step in steps {
            clock += 10;
            world.pass(10);
            let send = |world: &mut World, signal: Signal| {
                world.gateway.ingest(world.now(), 7, "am", vec![Report::from(signal)], Part::WHOLE);
                world.carry_out();
                let Some((7, Answer::Ingested { counts, .. })) = world.answers.pop() else { panic!("no answer") };
                counts
            };
            match step {
                Step::Fire(alert) => {
                    prop_assert_eq!(send(&mut world, signal(alert, AlertChange::Raised, clock, None)).raised, 1);
                    stories.insert(alert, Story::Firing { began: clock, acknowledged: false });
                    let case = &mut cases[usize::from(alert % GROUPS)];
                    *case = if case.open { *case } else { Case { open: true, touched: false } };
                }
                Step::Repeat(alert) => match stories.get(&alert).copied() {
                    Some(Story::Firing { began, .. }) => {
                        let seq = world.gateway.seq();
                        prop_assert_eq!(
                            send(&mut world, signal(alert, AlertChange::Raised, began, None)).repeated, 1
                        );
                        prop_assert_eq!(world.gateway.seq(), seq);
                    }
                    Some(Story::Over { began, ended }) => {
                        let seq = world.gateway.seq();
                        let counts = send(&mut world, signal(alert, AlertChange::Cleared, began, Some(ended)));
                        prop_assert_eq!(counts.repeated, 1);
                        prop_assert_eq!(world.gateway.seq(), seq);
                    }
                    None => {}
                },
                Step::Clear(alert) => {
                    let began = match stories.get(&alert) {
                        Some(Story::Firing { began, .. } | Story::Over { began, .. }) => *began,
                        None => clock,
                    };
                    let counts = send(&mut world, signal(alert, AlertChange::Cleared, began, Some(clock)));
                    match stories.get(&alert) {
                        None => prop_assert_eq!(counts.unknown, 1),
                        Some(Story::Over { .. }) => prop_assert_eq!(counts.repeated, 1),
                        Some(Story::Firing { .. }) => {
                            prop_assert_eq!(counts.cleared, 1);
                            stories.insert(alert, Story::Over { began, ended: clock });
                            let of_group = |other: &u8| other % GROUPS == alert % GROUPS;
                            let is_last = stories
                                .iter()
                                .filter(|(other, _)| of_group(other))
                                .all(|(_, story)| matches!(story, Story::Over { .. }));
                            let case = &mut cases[usize::from(alert % GROUPS)];
                            case.open &= !is_last || case.touched;
                        }
                    }
                }
                Step::Late(alert) => {
                    if let Some(Story::Over { began, .. }) = stories.get(&alert) {
                        let counts = send(&mut world, signal(alert, AlertChange::Raised, *began, None));
                        prop_assert_eq!(counts.late, 1);
                    }
                }
                Step::Acknowledge(alert) => {
                    person += 1;
                    let ann = world.client("ann");
                    let payload = format!(r#"{{"id":"{}"}}"#, alert_id("am", &alert.to_string()));
                    world.send(ann, &person.to_string(), "alert.acknowledge", &payload);
                    if let Some(Story::Firing { acknowledged, .. }) = stories.get_mut(&alert) {
                        *acknowledged = true;
                    }
                }
                Step::Touch(group) => {
                    let open = world.gateway.view().incidents().find(|incident| {
                        incident.title == Some(format!("group {group}"))
                            && incident.status != Some(IncidentStatus::Resolved)
                    });
                    prop_assert_eq!(open.is_some(), cases[usize::from(group)].open);
                    if let Some(id) = open.map(|incident| incident.id.clone()) {
                        person += 1;
                        let ann = world.client("ann");
                        let payload = format!(r#"{{"id":"{id}","status":"investigating"}}"#);
                        world.send(ann, &person.to_string(), "incident.update", &payload);
                        cases[usize::from(group)].touched = true;
                    }
                }
                Step::Restart => {
                    world.restart(person + 100, |durable| durable);
                    world.gateway.set_sources(world.now(), vec![Source::new("am")]);
                }
            }
            for (alert, story) in &stories {
                let found = world.gateway.view().alert(&alert_id("am", &alert.to_string())).expect("known");
                let expected = match story {
                    Story::Firing { acknowledged: false, .. } => AlertChange::Raised,
                    Story::Firing { .. } => AlertChange::Acknowledged,
                    Story::Over { .. } => AlertChange::Cleared,
                };
                prop_assert_eq!(found.change, expected, "alert {}", alert);
            }
            for (group, case) in (0..).zip(&cases) {
                let title = Some(format!("group {group}"));
                let of_group: Vec<_> =
                    world.gateway.view().incidents().filter(|incident| incident.title == title).collect();
                let open = of_group.iter().filter(|i| i.status != Some(IncidentStatus::Resolved)).count();
                prop_assert_eq!(open, usize::from(case.open), "group {}: {:?}", group, of_group);
            }
        }
    }
}
