//! A socket that faults act on, in place of the real one.

use super::active;
use super::frames::{Gaps, answers};
use super::lane::Lane;
use super::relay::Relay;
use super::rules::{arriving, leaving};
use super::tap::Tap;
use crate::worker::socket::{self, SocketListener};
use gloo::timers::callback::Timeout;
use sentinelops_engine::{Generation, SocketEvent};
use std::cell::RefCell;
use std::rc::Rc;

/// For the page: it has to be told of a gap.
const GAP: &str = r#"{"type":"lab.gap"}"#;
/// How long a dial takes that comes to nothing, ms.
const DIAL_MS: u32 = 50;
/// The close code of a connection that broke, or never was.
const BROKEN: u16 = 1006;
/// How long a frame waits for the one that overtakes it, ms.
const OVERTAKE_MS: u32 = 300;

/// Comes from the server.
enum Arriving {
    Frame { bytes: Vec<u8>, binary: bool },
    Closed { code: u16, reason: String },
}

/// Goes to the server: bytes, and whether they are text.
type Leaving = (Vec<u8>, bool);

/// The real socket; what arrives for the laboratory goes to the page, all else to the engine, unless a fault has it
/// otherwise.
pub(in crate::worker) struct Socket {
    generation: Generation,
    state: State,
}

enum State {
    Real {
        real: Rc<socket::Socket>,
        out: Lane<Leaving>,
        gaps: Rc<RefCell<Gaps>>,
        tap: Rc<Tap>,
    },
    /// A dial that comes to nothing.
    Blocked {
        _closes: Timeout,
    },
}

/// The first of two frames that change places, and what lets it pass when no second one comes.
#[derive(Default)]
struct Held {
    frame: Option<Vec<u8>>,
    timer: Option<Timeout>,
}

impl Socket {
    /// See [`socket::Socket::open`].
    pub(in crate::worker) fn open(
        generation: Generation,
        url: &str,
        protocols: &[String],
        listener: &SocketListener,
        relay: &Rc<Relay>,
    ) -> Result<Self, String> {
        let listener = listener.clone();
        if active::with(|active| active.blocked) {
            let closed =
                move || listener(generation, SocketEvent::Closed { code: BROKEN, reason: String::new() });
            return Ok(Self { generation, state: State::Blocked { _closes: Timeout::new(DIAL_MS, closed) } });
        }
        let gaps = Rc::new(RefCell::new(Gaps::default()));
        let lane = Rc::new(Lane::new({
            let (listener, relay, gaps) = (listener.clone(), relay.clone(), gaps.clone());
            move |arriving| match arriving {
                Arriving::Frame { bytes, binary } => {
                    let count = gaps.borrow_mut().read(&bytes);
                    // What another tab follows, this page is not told of.
                    if !relay.has_others() {
                        (0..count).for_each(|_| relay.tell(GAP.to_owned()));
                    }
                    listener(generation, SocketEvent::Frame { bytes: &bytes, binary });
                }
                Arriving::Closed { code, reason } => {
                    listener(generation, SocketEvent::Closed { code, reason })
                }
            }
        }));
        let (held, relay, tap) = (Rc::new(RefCell::new(Held::default())), relay.clone(), Tap::new(relay));
        let arriving = tap.clone();
        let faulty: SocketListener = Rc::new(move |generation, event| match event {
            SocketEvent::Frame { bytes, binary } => {
                let (for_page, rest) = answers(bytes);
                for_page.into_iter().for_each(|message| relay.tell_all(message));
                let bytes = rest.unwrap_or_else(|| bytes.to_vec());
                active::with(|active| arriving.see(active, &bytes, false));
                arrive(&lane, &held, bytes, binary);
            }
            // Behind the frames that are on their way.
            SocketEvent::Closed { code, reason } => lane.push(0, Arriving::Closed { code, reason }),
            other => listener(generation, other),
        });
        let real = Rc::new(socket::Socket::open(generation, url, protocols, &faulty)?);
        let weak = Rc::downgrade(&real);
        let out = Lane::new(move |(bytes, is_text): Leaving| {
            let Some(real) = weak.upgrade() else { return };
            match std::str::from_utf8(&bytes) {
                Ok(text) if is_text => real.send(text, false),
                _ => real.send_bytes(&bytes),
            }
        });
        Ok(Self { generation, state: State::Real { real, out, gaps, tap } })
    }

    pub(in crate::worker) fn generation(&self) -> Generation {
        self.generation
    }

    pub(in crate::worker) fn send(&self, text: &str, binary: bool) {
        if let State::Real { gaps, .. } = &self.state {
            gaps.borrow_mut().sent(text);
        }
        self.leave(text.as_bytes(), !binary);
    }

    pub(in crate::worker) fn send_bytes(&self, bytes: &[u8]) {
        self.leave(bytes, false);
    }

    pub(in crate::worker) fn buffered(&self) -> usize {
        match &self.state {
            State::Real { real, .. } => real.buffered(),
            State::Blocked { .. } => 0,
        }
    }

    pub(in crate::worker) fn abandon(self, code: u16, reason: &str) {
        if let State::Real { real, .. } = self.state
            && let Ok(real) = Rc::try_unwrap(real)
        {
            real.abandon(code, reason);
        }
    }

    /// A request of the laboratory, which no fault keeps.
    pub(in crate::worker) fn request(&self, text: &str) {
        if let State::Real { real, .. } = &self.state {
            real.send(text, true);
        }
    }

    /// Closes it as if the network had: its `close` event still arrives.
    pub(super) fn close_from_outside(&self) {
        if let State::Real { real, .. } = &self.state {
            real.close_from_outside();
        }
    }

    fn leave(&self, bytes: &[u8], is_text: bool) {
        let State::Real { out, tap, .. } = &self.state else { return };
        active::with(|active| tap.see(active, bytes, true));
        for (ms, bytes) in active::with(|active| leaving(active, bytes.to_vec(), js_sys::Math::random())) {
            out.push(ms, (bytes, is_text));
        }
    }
}

fn arrive(lane: &Rc<Lane<Arriving>>, held: &Rc<RefCell<Held>>, bytes: Vec<u8>, binary: bool) {
    if bytes.is_empty() {
        return;
    }
    let passing = {
        let mut held = held.borrow_mut();
        held.timer = None;
        active::with(|active| arriving(active, &mut held.frame, bytes, js_sys::Math::random()))
    };
    for (ms, bytes) in passing {
        lane.push(ms, Arriving::Frame { bytes, binary });
    }
    let is_holding = held.borrow().frame.is_some();
    if is_holding {
        let (lane, waiting) = (Rc::downgrade(lane), Rc::downgrade(held));
        held.borrow_mut().timer = Some(Timeout::new(OVERTAKE_MS, move || {
            let frame = waiting.upgrade().and_then(|held| held.borrow_mut().frame.take());
            if let (Some(lane), Some(bytes)) = (lane.upgrade(), frame) {
                lane.push(0, Arriving::Frame { bytes, binary });
            }
        }));
    }
}
