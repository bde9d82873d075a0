//! Round trips: smoothed value, variation, 95th percentile, and the quality shown.

use crate::Quality;
use sentinelops_protocol::sort::sort_by;
use std::collections::VecDeque;

const SAMPLES: usize = 64;
/// A boundary must be crossed by a tenth of it before the shown quality changes.
const HYSTERESIS: f64 = 0.1;

/// Smoothed round trip as of RFC 6298.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latency {
    smoothed: Option<(f64, f64)>,
    recent: VecDeque<f64>,
    quality: Option<Quality>,
}

impl Latency {
    /// Takes a sample, ms. The caller leaves out late and throttled ones.
    pub(crate) fn sample(&mut self, rtt: f64) {
        let (srtt, rttvar) = match self.smoothed {
            None => (rtt, rtt / 2.0),
            Some((srtt, rttvar)) => {
                let rttvar = 0.75 * rttvar + 0.25 * (srtt - rtt).abs();
                (0.875 * srtt + 0.125 * rtt, rttvar)
            }
        };
        self.smoothed = Some((srtt, rttvar));
        if self.recent.len() == SAMPLES {
            self.recent.pop_front();
        }
        self.recent.push_back(rtt);
        self.quality = Some(with_hysteresis(self.quality, srtt));
    }

    pub(crate) fn srtt(&self) -> Option<f64> {
        self.smoothed.map(|(srtt, _)| srtt)
    }

    pub(crate) fn rttvar(&self) -> Option<f64> {
        self.smoothed.map(|(_, rttvar)| rttvar)
    }

    /// Nearest-rank 95th percentile of the last 64.
    pub(crate) fn p95(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        sort_by(&mut sorted, f64::total_cmp);
        let rank = (sorted.len() * 95).div_ceil(100);
        sorted.get(rank.checked_sub(1)?).copied()
    }

    pub(crate) fn quality(&self) -> Option<Quality> {
        self.quality
    }

    /// srtt + 4 rttvar, ms: TCP's idea of "too long".
    pub(crate) fn too_long(&self) -> u64 {
        self.smoothed.map_or(0, |(srtt, rttvar)| (srtt + 4.0 * rttvar).ceil() as u64)
    }
}

fn plain(srtt: f64) -> Quality {
    match srtt {
        v if v < 80.0 => Quality::Excellent,
        v if v < 200.0 => Quality::Good,
        v if v < 500.0 => Quality::Fair,
        _ => Quality::Poor,
    }
}

/// Keeps the present quality while `srtt` is within a tenth of its bounds.
fn with_hysteresis(present: Option<Quality>, srtt: f64) -> Quality {
    let Some(present) = present else { return plain(srtt) };
    let (low, high) = match present {
        Quality::Excellent => (0.0, 80.0),
        Quality::Good => (80.0, 200.0),
        Quality::Fair => (200.0, 500.0),
        Quality::Poor => (500.0, f64::INFINITY),
    };
    let inside = srtt >= low * (1.0 - HYSTERESIS) && srtt < high * (1.0 + HYSTERESIS);
    if inside { present } else { plain(srtt) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn boundaries_and_hysteresis() {
        assert_eq!(with_hysteresis(None, 79.9), Quality::Excellent);
        assert_eq!(with_hysteresis(None, 80.0), Quality::Good);
        assert_eq!(with_hysteresis(None, 499.0), Quality::Fair);
        assert_eq!(with_hysteresis(None, 500.0), Quality::Poor);
        assert_eq!(with_hysteresis(Some(Quality::Excellent), 85.0), Quality::Excellent);
        assert_eq!(with_hysteresis(Some(Quality::Excellent), 88.1), Quality::Good);
        assert_eq!(with_hysteresis(Some(Quality::Good), 75.0), Quality::Good);
        assert_eq!(with_hysteresis(Some(Quality::Good), 71.0), Quality::Excellent);
        assert_eq!(with_hysteresis(Some(Quality::Poor), 451.0), Quality::Poor);
    }

    #[test]
    fn p95_is_of_the_last_64() {
        let mut latency = Latency::default();
        assert_eq!(latency.p95(), None);
        (0..36).for_each(|_| latency.sample(9_000.0));
        (1..=64).for_each(|ms| latency.sample(f64::from(ms)));
        assert_eq!(latency.p95(), Some(61.0));
    }

    proptest! {
        #[test]
        fn figures_stay_within_the_samples(samples in proptest::collection::vec(0.0..60_000.0f64, 1..200)) {
            let mut latency = Latency::default();
            samples.iter().for_each(|s| latency.sample(*s));
            let least = samples.iter().copied().fold(f64::INFINITY, f64::min);
            let most = samples.iter().copied().fold(0.0, f64::max);
            for figure in [latency.srtt(), latency.p95()] {
                prop_assert!(figure.is_some_and(|f| f >= least - 1e-6 && f <= most + 1e-6));
            }
            prop_assert!(latency.rttvar().is_some_and(|v| v >= 0.0 && v <= most));
        }

        #[test]
        fn a_steady_line_has_no_variation(rtt in 1.0..2_000.0f64) {
            let mut latency = Latency::default();
            (0..200).for_each(|_| latency.sample(rtt));
            prop_assert!((latency.too_long() as f64 - rtt).abs() <= 2.0);
            prop_assert_eq!(latency.quality(), Some(plain(rtt)));
        }
    }
}
