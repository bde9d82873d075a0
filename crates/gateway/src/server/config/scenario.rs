//! The made-up operations day.

use super::values::within;
use clap::builder::BoolishValueParser;
use serde::Deserialize;

/// The made-up operations day.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct ScenarioSettings {
    /// Publish a made-up operations day: incidents, alerts, agents and talk, for development and demonstrations
    #[arg(long, env = "SENTINELOPS_SCENARIO", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub scenario: Option<bool>,
    /// With --scenario: events per second on average; 0 for silence after the warm start [default: 2]
    #[arg(long, env = "SENTINELOPS_RATE", value_name = "N")]
    pub rate: Option<f64>,
    /// With --scenario: its seed; the same seed gives the same story [default: 1]
    #[arg(long, env = "SENTINELOPS_SEED", value_name = "N")]
    pub seed: Option<u64>,
}

impl ScenarioSettings {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            scenario: self.scenario.or(below.scenario),
            rate: self.rate.or(below.rate),
            seed: self.seed.or(below.seed),
        }
    }
}

/// How the made-up operations day runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScenarioOptions {
    /// Events per second on average.
    pub rate: f64,
    /// The same seed gives the same story.
    pub seed: u64,
}

pub(super) fn scenario_options(
    settings: &ScenarioSettings,
    mock: bool,
    errors: &mut Vec<String>,
) -> Option<ScenarioOptions> {
    let runs = settings.scenario == Some(true);
    for (key, is_given) in [("rate", settings.rate.is_some()), ("seed", settings.seed.is_some())] {
        if is_given && !runs {
            errors.push(format!("--{key} is about the made-up operations day: it goes with --scenario"));
        }
    }
    if runs && mock {
        errors.push("--mock has no scenario: leave out --scenario".to_owned());
    }
    let rate = within("rate", settings.rate.unwrap_or(2.0), &(0.0..=100_000.0), errors);
    runs.then(|| ScenarioOptions { rate, seed: settings.seed.unwrap_or(1) })
}
