//! How often which values came, for the shell to publish.

/// Most bounds of a histogram.
const MOST: usize = 12;

/// Counts values by upper bounds.
///
/// ```
/// use sentinelops_gateway::Histogram;
///
/// let mut waits = Histogram::new(&[10, 100]);
/// for ms in [3, 10, 11, 5_000] {
///     waits.observe(ms);
/// }
/// assert_eq!(waits.counts().collect::<Vec<_>>(), [(Some(10), 2), (Some(100), 1), (None, 1)]);
/// assert_eq!((waits.count(), waits.sum()), (4, 5_024));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    bounds: &'static [u64],
    /// Of each bound, and behind the last one what is above all.
    counts: [u64; MOST + 1],
    sum: u64,
}

impl Histogram {
    /// Bounds rise; only the first 12 count.
    pub fn new(bounds: &'static [u64]) -> Self {
        let bounds = &bounds[..bounds.len().min(MOST)];
        Self { bounds, counts: [0; MOST + 1], sum: 0 }
    }

    /// Counts a value.
    pub fn observe(&mut self, value: u64) {
        let at = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        self.counts[at] += 1;
        self.sum = self.sum.saturating_add(value);
    }

    /// How many values came.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All values together.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// Each bound and how many values are at most that and above the bound before; `None` is no bound.
    pub fn counts(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        bounds.zip(self.counts)
    }
}
