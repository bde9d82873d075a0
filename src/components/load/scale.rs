//! The steps of the sliders.

/// Events a second: each step is about three times the one before.
pub const EVENTS: [u32; 12] = [0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
/// Messages of this page a second.
pub const SENDS: [u32; 10] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500];
/// Colleagues.
pub const COLLEAGUES: [u32; 8] = [0, 1, 2, 5, 10, 20, 50, 100];

/// The step nearest to a number.
pub fn nearest(steps: &[u32], number: f64) -> usize {
    // On a logarithmic axis, so that 2 is nearer to 3 than to 0.
    let far = |step: u32| ((f64::from(step) + 0.1).ln() - (number + 0.1).ln()).abs();
    let found = steps.iter().enumerate().min_by(|(_, a), (_, b)| far(**a).total_cmp(&far(**b)));
    found.map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_between_two_steps_is_shown_at_the_nearer_one() {
        assert_eq!(
            [0.0, 1.0, 2.0, 8_000.0, 1e9].map(|number| EVENTS[nearest(&EVENTS, number)]),
            [0, 1, 3, 10_000, 100_000]
        );
    }
}
