//! How long the frames of this page take.

use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Default)]
struct Meter {
    /// When the last frame was, ms of the page's clock; `None`: the page was hidden.
    last: Option<f64>,
    gaps: Vec<f64>,
}

/// Measures until it is dropped. A hidden page has no frames.
pub struct Frames {
    meter: Rc<RefCell<Meter>>,
    next: Rc<RefCell<Option<AnimationFrame>>>,
}

impl Frames {
    /// Begins.
    pub fn watch() -> Self {
        let (meter, next) = (Rc::default(), Rc::default());
        ask(&next, &meter);
        Self { meter, next }
    }

    /// Ms between the frames since it was last asked.
    pub fn take(&self) -> Vec<f64> {
        let is_hidden = gloo::utils::document().hidden();
        let mut meter = self.meter.borrow_mut();
        if is_hidden {
            *meter = Meter::default();
        }
        std::mem::take(&mut meter.gaps)
    }
}

fn ask(next: &Rc<RefCell<Option<AnimationFrame>>>, meter: &Rc<RefCell<Meter>>) {
    let (weak, meter) = (Rc::downgrade(next), meter.clone());
    let frame = request_animation_frame(move |at| {
        {
            let mut meter = meter.borrow_mut();
            if let Some(last) = meter.last.replace(at) {
                meter.gaps.push(at - last);
            }
        }
        if let Some(next) = weak.upgrade() {
            ask(&next, &meter);
        }
    });
    let old = next.borrow_mut().replace(frame);
    drop(old);
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.next.borrow_mut().take();
    }
}
