//! Takes a sample each second.

use super::Shared;
use super::frames::Frames;
use super::rates::{Known, Rates};
use sentinelops_realtime::{use_clock, use_connection, use_diagnostics, use_metrics, use_outbox};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties)]
pub(super) struct SamplerProps {
    pub history: Shared,
    pub has_fault: bool,
    /// After each sample, with its time.
    pub on_sample: Callback<u64>,
}

impl PartialEq for SamplerProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.history, &other.history)
            && self.has_fault == other.has_fault
            && self.on_sample == other.on_sample
    }
}

/// Shows nothing: it is rendered whenever what it measures changes, and the plots once a second.
#[component]
pub(super) fn Sampler(props: &SamplerProps) -> Html {
    let clock = use_clock();
    let (metrics, connection) = (use_metrics(), use_connection());
    let (outbox, diagnostics) = (use_outbox(), use_diagnostics());
    let now = use_mut_ref(|| None);
    *now.borrow_mut() =
        Some((metrics, connection, outbox.counts.queued, diagnostics.traces.clone(), props.has_fault));
    use_effect_with(clock, {
        let (history, on_sample) = (props.history.clone(), props.on_sample.clone());
        move |clock| {
            let (frames, mut rates) = (Frames::watch(), Rates::default());
            let rates = std::cell::RefCell::new(std::mem::take(&mut rates));
            let ticking = clock.listen(Callback::from(move |at: u64| {
                let Some((metrics, connection, queued, traces, has_fault)) = &*now.borrow() else { return };
                let known = Known {
                    is_connected: connection.is_connected,
                    has_fault: *has_fault,
                    metrics: metrics.as_deref(),
                    latencies: &connection.latencies,
                    queued: *queued,
                    traces,
                    frames: frames.take(),
                    memory: memory(),
                };
                history.borrow_mut().add(rates.borrow_mut().sample(at, known));
                on_sample.emit(at);
            }));
            move || drop(ticking)
        }
    });
    Html::default()
}

/// Bytes of this program's memory.
fn memory() -> Option<f64> {
    let buffer = js_sys::Reflect::get(&wasm_bindgen::memory(), &"buffer".into()).ok()?;
    js_sys::Reflect::get(&buffer, &"byteLength".into()).ok()?.as_f64()
}
