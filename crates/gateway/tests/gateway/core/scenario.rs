//! The made-up day: repeatable, on all channels, believable, bounded.

use sentinelops_gateway::{Gateway, GatewayConfig, NewEvent, Now, Scenario};
use sentinelops_protocol::domain::{AlertChange, IncidentChange, IncidentStatus, Patch};
use sentinelops_protocol::{Channel, Payload, Subject, encode_payload};
use std::collections::{BTreeMap, BTreeSet};

const START: u64 = 1_700_000_000_000;

fn at(mono: u64) -> Now {
    Now { mono, wall: START + mono }
}

/// Runs it for this time and returns what happened after the warm start.
fn run(seed: u64, rate: f64, ms: u64) -> (Gateway, Vec<NewEvent>) {
    let mut gateway = Gateway::new(GatewayConfig::default(), 1);
    let mut scenario = Scenario::new(seed, rate);
    for event in scenario.warm_up(at(0), gateway.view()) {
        gateway.publish(at(0), event);
    }
    let mut received = Vec::new();
    while let Some(due) = scenario.poll_timeout().filter(|due| *due <= ms) {
        for event in scenario.step(at(due), gateway.view()) {
            received.push(event.clone());
            gateway.publish(at(due), event);
        }
    }
    (gateway, received)
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_another() {
    let received = |seed| run(seed, 5.0, 60_000).1;
    assert_eq!(received(7), received(7));
    assert_ne!(received(7), received(8));
}

#[test]
fn no_first_snapshot_is_empty() {
    let (gateway, received) = run(1, 0.0, 60_000);
    assert!(received.is_empty(), "rate 0 is silence");
    let count = |channel| gateway.state(&Subject::channel(channel)).len();
    assert_eq!((count(Channel::Incidents), count(Channel::Agents), count(Channel::Alerts)), (12, 9, 6));
    assert!(count(Channel::Chat) >= 20 && count(Channel::Activity) >= 30);
    let times: Vec<_> = gateway.view().chat().map(|message| message.timestamp).collect();
    assert!(times.is_sorted() && times.iter().all(|time| *time < START));
}

#[test]
fn a_remembered_state_is_not_warmed_up_again() {
    let (gateway, _) = run(1, 0.0, 0);
    assert!(Scenario::new(2, 1.0).warm_up(at(0), gateway.view()).is_empty());
}

#[test]
fn the_rate_is_kept_on_average() {
    for rate in [0.5, 2.0, 50.0, 2_000.0] {
        let ms = if rate < 10.0 { 600_000 } else { 20_000 };
        let (_, received) = run(3, rate, ms);
        let found = received.len() as f64 / (ms as f64 / 1_000.0);
        assert!((found / rate - 1.0).abs() < 0.25, "{rate}/s asked, {found}/s received");
    }
}

#[test]
fn rate_and_colleagues_change_while_the_story_goes_on() {
    let (mut gateway, _) = run(1, 0.0, 0);
    let mut scenario = Scenario::new(1, 0.0);
    scenario.warm_up(at(0), gateway.view());
    scenario.set_rate(at(1_000), 200.0);
    let come = scenario.set_colleagues(at(1_000), 4);
    assert_eq!(come.len(), 4);
    assert!(encode_payload(&come[3].payload).as_str().contains("colleague-4"));
    let mut until = |scenario: &mut Scenario, end: u64| {
        let (mut all, mut of_colleagues) = (0, 0);
        while let Some(due) = scenario.poll_timeout().filter(|due| *due <= end) {
            for event in scenario.step(at(due), gateway.view()) {
                all += 1;
                of_colleagues += u32::from(encode_payload(&event.payload).as_str().contains("colleague-"));
                gateway.publish(at(due), event);
            }
        }
        (all, of_colleagues)
    };
    let (all, of_colleagues) = until(&mut scenario, 41_000);
    assert!((7_000..9_500).contains(&all) && (30..50).contains(&of_colleagues), "{all}, {of_colleagues}");
    let gone = scenario.set_colleagues(at(41_000), 1);
    assert_eq!(gone.len(), 3);
    scenario.set_rate(at(41_000), 0.0);
    let (all, of_colleagues) = until(&mut scenario, 81_000);
    assert!((7..14).contains(&all) && all == of_colleagues, "{all}, {of_colleagues}");
    scenario.set_colleagues(at(81_000), 0);
    assert_eq!(scenario.poll_timeout(), None, "silence");
}

#[test]
fn after_a_sleep_it_goes_on_instead_of_catching_up() {
    let (gateway, _) = run(1, 0.0, 0);
    let mut scenario = Scenario::new(1, 10.0);
    scenario.warm_up(at(0), gateway.view());
    let mut steps = 0;
    while scenario.poll_timeout().is_some_and(|due| due <= 3_600_000) {
        scenario.step(at(3_600_000), gateway.view());
        steps += 1;
    }
    assert!(steps < 40, "{steps}");
}

#[test]
fn an_hour_is_believable_and_bounded() {
    let (gateway, received) = run(11, 5.0, 3_600_000);
    let mut kinds = BTreeMap::<&str, u32>::new();
    for event in &received {
        *kinds.entry(&event.kind).or_default() += 1;
    }
    for kind in [
        "incident.created",
        "incident.updated",
        "incident.resolved",
        "incident.escalated",
        "agent.status",
        "chat.message",
        "chat.typing",
        "chat.delivered",
        "chat.read",
        "alert.raised",
        "alert.acknowledged",
        "alert.cleared",
        "activity.event",
    ] {
        assert!(kinds.get(kind).is_some_and(|count| *count >= 10), "{kind}: {kinds:?}");
    }
    let open = gateway.view().incidents().filter(|i| i.status != Some(IncidentStatus::Resolved)).count();
    assert!((4..=20).contains(&open), "{open} open incidents");
    assert!(gateway.view().incidents().count() <= 200 + open);
    let active = gateway.view().alerts().filter(|alert| alert.change != AlertChange::Cleared).count();
    assert!(active <= 12, "{active} active alerts");

    // Lives make sense: created once, acknowledged before anything else, nothing after the end.
    let mut lives = BTreeMap::<String, IncidentStatus>::new();
    let mut made = BTreeSet::new();
    for event in &received {
        let Payload::Incident(incident) = &event.payload else { continue };
        let id = incident.incident_id.clone();
        if incident.change == IncidentChange::Created {
            assert!(made.insert(id.clone()), "{id} is created twice");
        } else {
            assert_ne!(lives.get(&id), Some(&IncidentStatus::Resolved), "{id} lives on after its end");
        }
        if let Patch::Set(status) = &incident.data.status {
            lives.insert(id, status.clone());
        }
    }
    let ids: BTreeSet<_> = gateway.view().chat().map(|message| message.id.clone()).collect();
    assert_eq!(ids.len(), 200, "no chat id comes twice");
}

#[test]
fn thousands_a_second_stay_small() {
    let (gateway, received) = run(5, 5_000.0, 4_000);
    assert!(received.len() > 15_000);
    for channel in [Channel::Incidents, Channel::Alerts, Channel::Chat, Channel::Activity] {
        assert!(gateway.state(&Subject::channel(channel)).len() <= 800, "{channel}");
    }
    assert!(received.iter().all(|event| encode_payload(&event.payload).as_str().len() < 1_000));
}
