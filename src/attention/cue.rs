//! What a call brings about.

use super::call::Call;
use super::{LEVELS, level};
use crate::words::attention as texts;

/// So many titles stand in a summary.
const TITLES_MAX: usize = 3;

/// What the title of the tab and its icon show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Badge {
    /// Incidents that called since the person was last here. 0: nothing to show.
    pub count: usize,
    /// The place of the most urgent one in [`LEVELS`].
    pub level: usize,
    /// The newest of the most urgent ones, in words.
    pub headline: String,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cue {
    /// Show this in the title, on the icon, on the icon of the app; in every tab.
    Badge(Badge),
    /// Show a notification.
    Notify {
        /// A later one of the same tag replaces it: the incident, or the summary.
        tag: String,
        /// In a line.
        title: String,
        /// What else is known.
        body: String,
        /// The incident a press opens; `None`: the board.
        incident: Option<String>,
    },
    /// This incident needs nobody any more: its notification goes.
    Withdraw(String),
    /// Sound, and vibrate; the place of the most urgent one in [`LEVELS`].
    Sound(usize),
    /// Tell screen readers.
    Announce {
        /// In a line.
        text: String,
        /// Interrupts what is being read.
        is_urgent: bool,
    },
}

/// The tag of a notification about several incidents.
pub const SUMMARY_TAG: &str = "sentinelops-summary";

pub(super) fn summary(calls: &[&Call]) -> String {
    texts::summary(calls.len(), calls.iter().filter(|call| level(call.urgency()) == 0).count())
}

pub(super) fn notification(calls: &[&Call]) -> Cue {
    if let [one] = calls {
        return Cue::Notify {
            tag: one.id.clone(),
            title: one.headline(),
            body: format!("{} · {}", one.reason.words(), one.id),
            incident: Some(one.id.clone()),
        };
    }
    // The most urgent ones first. Without a sort, which would be most of the code of this function.
    let of_level = |wanted| calls.iter().filter(move |call| level(call.urgency()) == wanted);
    let mut lines: Vec<_> =
        (0..LEVELS.len()).flat_map(of_level).take(TITLES_MAX).map(|call| call.headline()).collect();
    if calls.len() > TITLES_MAX {
        lines.push(texts::and_more(calls.len() - TITLES_MAX));
    }
    Cue::Notify { tag: SUMMARY_TAG.to_owned(), title: summary(calls), body: lines.join("\n"), incident: None }
}
