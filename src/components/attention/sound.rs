//! A short tone from oscillators (the policy allows no media file), and a phone that vibrates.

use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AudioContext, AudioContextState, OscillatorType};

thread_local! {
    static CONTEXT: RefCell<Option<AudioContext>> = const { RefCell::new(None) };
}

/// Loudness, 0 to 1.
const VOLUME: f32 = 0.18;
/// A tone and the pause behind it, s.
const TONE_S: f64 = 0.16;
const STEP_S: f64 = 0.22;

/// Frequencies by level, Hz: three rising tones for critical, fewer and lower ones below.
const TONES: [&[f32]; 4] = [&[659.3, 830.6, 987.8], &[587.3, 740.0], &[523.3], &[440.0]];
/// Milliseconds of vibration and pause, by level.
const VIBRATION: [&[u32]; 4] = [&[200, 100, 200, 100, 200], &[200, 100, 200], &[120], &[60]];

/// Call it while the person presses something: browsers start no sound otherwise.
pub(super) fn unlock() {
    unlock_then(|| {});
}

/// The same, and plays the tones of a level once the browser lets it.
pub(super) fn unlock_and_play(level: usize) {
    unlock_then(move || play(level));
}

fn unlock_then(then: impl FnOnce() + 'static) {
    let resumed = CONTEXT.with_borrow_mut(|context| {
        if context.is_none() {
            // A machine without sound has none.
            *context = AudioContext::new().ok();
        }
        context.as_ref()?.resume().ok()
    });
    wasm_bindgen_futures::spawn_local(async move {
        if let Some(promise) = resumed {
            // It is tried again at the next press.
            let _ = JsFuture::from(promise).await;
        }
        then();
    });
}

/// Whether [`unlock`] has anything to do.
pub(super) fn is_locked() -> bool {
    CONTEXT.with_borrow(|context| {
        context.as_ref().is_none_or(|context| context.state() == AudioContextState::Suspended)
    })
}

/// The tones of a level, and its vibration.
pub(super) fn play(level: usize) {
    CONTEXT.with_borrow(|context| {
        // One that is suspended keeps the tones, and plays all of them at once when it runs again.
        if let Some(context) =
            context.as_ref().filter(|context| context.state() == AudioContextState::Running)
        {
            // What a browser refuses to play is shown by badge and notification all the same.
            let _ = tones(context, TONES[level.min(3)]);
        }
    });
    let pattern: js_sys::Array = VIBRATION[level.min(3)].iter().map(|ms| JsValue::from(*ms)).collect();
    if let Some(window) = web_sys::window() {
        let navigator = window.navigator();
        if js_sys::Reflect::has(&navigator, &"vibrate".into()).unwrap_or(false) {
            navigator.vibrate_with_pattern(&pattern);
        }
    }
}

fn tones(context: &AudioContext, frequencies: &[f32]) -> Result<(), JsValue> {
    let mut at = context.current_time() + 0.02;
    for frequency in frequencies {
        let (oscillator, gain) = (context.create_oscillator()?, context.create_gain()?);
        oscillator.set_type(OscillatorType::Sine);
        oscillator.frequency().set_value(*frequency);
        // Without the ramps a tone begins and ends with a click.
        gain.gain().set_value_at_time(0.0, at)?;
        gain.gain().linear_ramp_to_value_at_time(VOLUME, at + 0.02)?;
        gain.gain().linear_ramp_to_value_at_time(0.0, at + TONE_S)?;
        oscillator.connect_with_audio_node(&gain)?.connect_with_audio_node(&context.destination())?;
        oscillator.start_with_when(at)?;
        oscillator.stop_with_when(at + TONE_S)?;
        at += STEP_S;
    }
    Ok(())
}
