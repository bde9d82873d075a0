//! How many requests with a body are in progress at once: each may hold megabytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tracing::warn;

/// What a request is for. Each kind has a bound of its own: peers without a token can use up only that of
/// [`BodyKind::Enqueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum BodyKind {
    /// Reports of a source that has shown its token.
    Ingest,
    /// PagerDuty's format with the token in the body: it is received before anything is known of the sender.
    Enqueue,
    /// Commands of a backend that has shown its token.
    Publish,
}

impl BodyKind {
    const ALL: [Self; 3] = [Self::Ingest, Self::Enqueue, Self::Publish];

    /// For a label.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Enqueue => "enqueue",
            Self::Publish => "publish",
        }
    }
}

/// The bounds, and what they count.
#[derive(Debug)]
pub(in crate::server) struct Bodies {
    /// In progress at once, of each kind.
    most: usize,
    kinds: [OfKind; BodyKind::ALL.len()],
}

#[derive(Debug, Default)]
struct OfKind {
    in_progress: AtomicUsize,
    refused: AtomicU64,
    /// The last one was refused: the log says so once.
    is_full: AtomicBool,
}

/// A request in progress, until it is dropped.
#[derive(Debug)]
pub(in crate::server) struct InProgress {
    bodies: Arc<Bodies>,
    kind: BodyKind,
}

impl Bodies {
    /// `None`: no bound.
    pub(in crate::server) fn new(most: Option<usize>) -> Self {
        Self { most: most.unwrap_or(usize::MAX), kinds: Default::default() }
    }

    /// Before the body is received. `None`: as many are in progress as may be, see [`Bodies::most`].
    pub(super) fn begin(self: &Arc<Self>, kind: BodyKind) -> Option<InProgress> {
        let of_kind = &self.kinds[kind as usize];
        let begun = InProgress { bodies: self.clone(), kind };
        if of_kind.in_progress.fetch_add(1, Ordering::Relaxed) < self.most {
            of_kind.is_full.store(false, Ordering::Relaxed);
            return Some(begun);
        }
        of_kind.refused.fetch_add(1, Ordering::Relaxed);
        if !of_kind.is_full.swap(true, Ordering::Relaxed) {
            let (most, name) = (self.most, kind.name());
            warn!(
                "requests ({name}) are refused with 503: {most} are in progress, the most allowed (--max-ingest)"
            );
        }
        None
    }

    /// How many may be in progress at once, of each kind.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Of each kind: its name, how many are in progress, and how many were refused since the start.
    pub(in crate::server) fn counts(&self) -> [(&'static str, usize, u64); BodyKind::ALL.len()] {
        BodyKind::ALL.map(|kind| {
            let of_kind = &self.kinds[kind as usize];
            let in_progress = of_kind.in_progress.load(Ordering::Relaxed);
            (kind.name(), in_progress.min(self.most), of_kind.refused.load(Ordering::Relaxed))
        })
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.bodies.kinds[self.kind as usize].in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}
