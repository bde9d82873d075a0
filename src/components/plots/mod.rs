//! What connection and page did in the last minutes, as plots on one time axis.

mod draw;
mod figure;
mod frames;
mod history;
mod panel;
mod rates;
mod sampler;
#[cfg(test)]
mod tests;

pub use panel::PlotsPanel;
#[cfg(feature = "lab")]
pub(in crate::components) use {frames::Frames, history::percentile};

use history::History;
use std::cell::RefCell;
use std::rc::Rc;

/// Shared by the parts of the panel.
type Shared = Rc<RefCell<History>>;
