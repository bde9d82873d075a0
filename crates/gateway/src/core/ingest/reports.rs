//! What a source sent, on its way.

use super::counts::{Effect, IngestCounts};
use super::signals::{Report, Trust};
use super::source::Source;
use std::collections::VecDeque;

/// Reports of one request, or of one answer of a source that was asked.
#[derive(Debug)]
pub(in crate::core) struct Reports {
    /// `None`: nobody waits for an answer.
    pub request: Option<u64>,
    pub source: Source,
    pub left: VecDeque<Report>,
    pub counts: IngestCounts,
    /// What became of the first report, as far as it got.
    pub became: Option<Effect>,
    pub trust: Trust,
}
