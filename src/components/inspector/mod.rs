//! The inspector of the demo page: each message with its way through page and socket, and the tabs of the browser.

mod collect;
mod detail;
#[cfg(feature = "lab")]
mod frames;
mod life;
mod log;
mod panel;
mod tab_map;
mod table;

pub use panel::InspectorPanel;

use log::Log;
use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

/// A log that parts of the panel share. Equal to itself only.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Log>>);

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Shared {
    type Target = RefCell<Log>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
