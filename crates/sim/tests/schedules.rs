//! A few hundred schedules, so that `cargo test` covers the world. The 10,000 are `cargo xtask sim`.

use sentinelops_sim::run::{Kind, OneWorker, run, run_many};
use sentinelops_sim::script::generate;
use sentinelops_sim::storm;
use sentinelops_sim::tabs::Tabs;

#[test]
fn three_hundred_schedules_hold() {
    let (failures, _) = run_many::<OneWorker>(1, 300, 3);
    assert!(
        failures.is_empty(),
        "{failures:#?}\nagain: cargo xtask sim --seed {} --seeds 1",
        failures[0].seed
    );
}

#[test]
fn two_hundred_schedules_of_tabs_hold() {
    let (failures, _) = run_many::<Tabs>(1, 200, 3);
    assert!(
        failures.is_empty(),
        "{failures:#?}\nagain: cargo xtask sim --tabs --seed {} --seeds 1",
        failures[0].seed
    );
}

#[test]
fn a_schedule_of_tabs_runs_the_same_way_again() {
    for seed in [7, 8, 9] {
        let script = Tabs::generate(seed);
        let (first, second) = (Tabs::run(&script, true), Tabs::run(&script, true));
        assert_eq!(first.steps, second.steps);
        assert_eq!(first.story, second.story);
    }
}

#[test]
fn the_same_seed_runs_the_same_way() {
    for seed in [7, 8, 9] {
        let script = generate(seed);
        let ((first, _), (second, _)) = (run(&script, true), run(&script, true));
        assert_eq!(first.steps, second.steps);
        assert_eq!(first.story, second.story);
    }
}

#[test]
fn every_schedule_does_enough() {
    for seed in 1..=500 {
        let (sends, faults, restarts) = generate(seed).counts();
        assert!(sends >= 30 && faults >= 5 && restarts >= 1, "seed {seed}: {sends} {faults} {restarts}");
    }
}

#[test]
fn a_storm_is_spread() {
    for scene in &storm::SCENES {
        let tally = storm::run(scene, 500, 1);
        // Few clients make a coarse share: the targets are for 10,000.
        assert!(tally.worst_percent <= 2.0 * scene.worst_percent, "{scene:?}: {tally:?}");
        assert_eq!(tally.given_up, 0, "{scene:?}");
    }
}
