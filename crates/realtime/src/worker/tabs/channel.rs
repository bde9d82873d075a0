//! BroadcastChannels: one for all tabs, and one for each, so that a tab receives only its own batches.

use gloo::events::EventListener;
use js_sys::Uint8Array;
use sentinelops_engine::tabs::LinkMessage;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

/// An open channel. Dropping it closes it.
pub(super) struct Channel {
    channel: BroadcastChannel,
    _listener: Option<EventListener>,
}

impl Channel {
    /// `None` where the browser has none; then this tab receives nothing.
    pub(super) fn open(name: &str, listener: Option<Rc<dyn Fn(LinkMessage)>>) -> Option<Self> {
        let channel = BroadcastChannel::new(name).ok()?;
        let listener = listener.map(|tell| {
            EventListener::new(&channel, "message", move |event| {
                // Anything of this origin may write here: what cannot be read is not ours.
                let bytes = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().dyn_into().ok());
                let message = bytes.and_then(|bytes: Uint8Array| postcard::from_bytes(&bytes.to_vec()).ok());
                if let Some(message) = message {
                    tell(message);
                }
            })
        });
        Some(Self { channel, _listener: listener })
    }

    pub(super) fn post(&self, bytes: &[u8]) {
        // Fails on a closed channel only.
        let _ = self.channel.post_message(&Uint8Array::from(bytes));
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}
