//! One raw WebSocket and its handlers.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use sentinelops_engine::{Generation, SocketEvent};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, DomException, MessageEvent, WebSocket};

/// Called with the events of a socket. Never called from inside a call to [`Socket`].
pub type SocketListener = Rc<dyn for<'a> Fn(Generation, SocketEvent<'a>)>;

/// A frame may be this long before only its head is copied: the engine refuses it anyway, and
/// memory of a wasm instance once grown never shrinks.
const COPY_AT_MOST: u32 = 4 * 1024 * 1024;

/// An open, opening or closing WebSocket. Dropping it abandons it: the handlers are detached
/// first, so no event of it arrives again, then it is closed.
pub struct Socket {
    generation: Generation,
    ws: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    /// Begins the handshake.
    ///
    /// # Errors
    /// What the browser refused, for people: the URL without its query, where a token may be.
    pub fn open(
        generation: Generation,
        url: &str,
        protocols: &[String],
        listener: &SocketListener,
    ) -> Result<Self, String> {
        let ws = match protocols {
            [] => WebSocket::new(url),
            offered => {
                let offered: Array = offered.iter().map(|name| JsValue::from_str(name)).collect();
                WebSocket::new_with_str_sequence(url, &offered)
            }
        };
        let ws = ws.map_err(|error| refusal(url, &error))?;
        ws.set_binary_type(BinaryType::Arraybuffer);

        let tell = listener.clone();
        let opened = ws.clone();
        let on_open = Closure::<dyn Fn()>::new(move || {
            let protocol = opened.protocol();
            if !protocol.is_empty() {
                tell(generation, SocketEvent::Protocol(protocol));
            }
            tell(generation, SocketEvent::Opened);
        });
        let tell = listener.clone();
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(text) = data.as_string() {
                tell(generation, SocketEvent::Frame { bytes: text.as_bytes(), binary: false });
            } else if let Ok(buffer) = data.dyn_into::<ArrayBuffer>() {
                let bytes = bytes(&buffer);
                tell(generation, SocketEvent::Frame { bytes: &bytes, binary: true });
            }
        });
        let tell = listener.clone();
        let on_close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
            tell(generation, SocketEvent::Closed { code: event.code(), reason: event.reason() });
        });

        ws.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        ws.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // No `onerror`: it says nothing, and `close` always follows.
        ws.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { generation, ws, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }

    /// Which socket this is.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Hands a frame to the browser. On a socket that is not open (any more) nothing happens: its
    /// `close` event is on the way.
    pub fn send(&self, text: &str, binary: bool) {
        if binary {
            return self.send_bytes(text.as_bytes());
        }
        let _ = self.ws.send_with_str(text);
    }

    /// The same, for bytes.
    pub fn send_bytes(&self, bytes: &[u8]) {
        let _ = self.ws.send_with_u8_array(bytes);
    }

    /// Bytes handed over that have not left.
    pub fn buffered(&self) -> usize {
        self.ws.buffered_amount() as usize
    }

    /// Abandons it with a code (1000, 3000 to 4999) and a reason of at most 123 bytes.
    pub fn abandon(self, code: u16, reason: &str) {
        self.detach();
        let _ = self.ws.close_with_code_and_reason(code, reason);
        // Dropped here: closes once more, without a code, in case the browser did not like these.
    }

    /// Closes it as if the network had: its `close` event still arrives.
    #[cfg(feature = "lab")]
    pub(super) fn close_from_outside(&self) {
        let _ = self.ws.close();
    }

    fn detach(&self) {
        self.ws.set_onopen(None);
        self.ws.set_onmessage(None);
        self.ws.set_onclose(None);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Before the closures go: a late event of a dropped closure would be an exception.
        self.detach();
        let _ = self.ws.close();
    }
}

fn bytes(buffer: &ArrayBuffer) -> Vec<u8> {
    let length = buffer.byte_length().min(COPY_AT_MOST);
    Uint8Array::new_with_byte_offset_and_length(buffer, 0, length).to_vec()
}

/// The browser's own message repeats the whole URL, so only the exception's name is taken.
fn refusal(url: &str, error: &JsValue) -> String {
    let name = error.dyn_ref::<DomException>().map_or_else(|| "an error".to_owned(), DomException::name);
    let why = match name.as_str() {
        "SyntaxError" => {
            "it is not a WebSocket URL (ws://… or wss://…), or a subprotocol is empty, repeated or holds a blank or a comma"
        }
        "SecurityError" => "a page loaded over https may only use wss://, and some ports are forbidden",
        _ => "the browser gave no other reason",
    };
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    format!("the browser refused to open {shown} ({name}): {why}")
}
