//! What passes the socket, for the inspector of the page: the head of each message, and what a fault does to it.

use super::active::Active;
use super::frames::{ID, messages};
use super::relay::Relay;
use super::rules::{is_command, may_repeat};
use gloo::timers::callback::Timeout;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// How long a page's request counts, ms: it repeats it while it is there.
const WATCH_MS: f64 = 10_000.0;
/// How long heads are collected, ms.
const COLLECT_MS: u32 = 250;
/// Messages of one report; of what is above only the frames are counted.
const MOST: usize = 200;
/// Characters of contents.
const CONTENTS: usize = 2_000;

/// Who watches.
#[derive(Clone, Copy, Default)]
struct Watch {
    until: f64,
    with_contents: bool,
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// A page asks for frames, or goes on to.
pub(super) fn watch(with_contents: bool) {
    WATCH.set(Watch { until: js_sys::Date::now() + WATCH_MS, with_contents });
}

/// The head of a message as the page gets it.
#[derive(Debug, Serialize)]
struct Head {
    /// Ms since the epoch.
    at: f64,
    /// To the server.
    out: bool,
    #[serde(rename = "type")]
    kind: String,
    channel: String,
    id: Option<String>,
    seq: Option<u64>,
    /// In the frame.
    bytes: usize,
    /// What became of it.
    fate: &'static str,
    content: Option<String>,
}

#[derive(Serialize)]
struct Report {
    #[serde(rename = "type")]
    kind: &'static str,
    heads: Vec<Head>,
    /// Frames that were not looked into.
    more: usize,
}

/// The tap of one socket.
pub(super) struct Tap {
    relay: Rc<Relay>,
    waiting: RefCell<(Vec<Head>, usize)>,
    timer: RefCell<Option<Timeout>>,
    me: Weak<Self>,
}

impl Tap {
    pub(super) fn new(relay: &Rc<Relay>) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            relay: relay.clone(),
            waiting: RefCell::default(),
            timer: RefCell::default(),
            me: me.clone(),
        })
    }

    /// A frame, before a fault acts on it.
    pub(super) fn see(&self, active: &Active, bytes: &[u8], out: bool) {
        let (at, watch) = (js_sys::Date::now(), WATCH.with_borrow(|watch| *watch));
        if at > watch.until {
            return;
        }
        {
            let mut waiting = self.waiting.borrow_mut();
            if waiting.0.len() < MOST {
                waiting.0.extend(heads(active, bytes, out, at, watch.with_contents));
            } else {
                waiting.1 += 1;
            }
        }
        let mut timer = self.timer.borrow_mut();
        if timer.is_none() {
            let me = self.me.clone();
            *timer =
                Some(Timeout::new(COLLECT_MS, move || me.upgrade().into_iter().for_each(|tap| tap.report())));
        }
    }

    fn report(&self) {
        let fired = self.timer.take();
        let (heads, more) = self.waiting.take();
        if let Ok(text) = serde_json::to_string(&Report { kind: "lab.frames", heads, more }) {
            self.relay.tell_all(text);
        }
        // Not before the end of what it runs.
        drop(fired);
    }
}

impl Drop for Tap {
    /// What came right before the end of the connection says most about it.
    fn drop(&mut self) {
        if !self.waiting.borrow().0.is_empty() {
            self.report();
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    seq: Option<u64>,
}

/// Of each message of a frame but the laboratory's own.
fn heads(active: &Active, bytes: &[u8], out: bool, at: f64, with_contents: bool) -> Vec<Head> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let repeats = if out { is_command(bytes) } else { may_repeat(bytes) };
    let head = |raw: &serde_json::value::RawValue| {
        let Envelope { kind, channel, id, seq } = serde_json::from_str(raw.get()).ok()?;
        if id.as_ref().is_some_and(|id| id.starts_with(ID)) {
            return None;
        }
        Some(Head {
            at,
            out,
            fate: fate(active, &kind, out, repeats),
            kind: kind.into_owned(),
            channel: channel.into_owned(),
            id: id.map(Cow::into_owned),
            seq,
            bytes: raw.get().len(),
            content: with_contents.then(|| raw.get().chars().take(CONTENTS).collect()),
        })
    };
    messages(text).into_iter().filter_map(head).collect()
}

/// What the faults do to a message. `repeats`: its frame is one that may come twice, or out of order.
fn fate(active: &Active, kind: &str, out: bool, repeats: bool) -> &'static str {
    match active {
        Active { lose_acks: true, .. } if kind == "ack" && !out => "lost",
        Active { zombie: true, .. } => "stuck",
        Active { reorder: true, .. } if repeats && !out => "reordered",
        Active { duplicate: true, .. } if repeats => "twice",
        Active { slow: Some(_), .. } => "late",
        _ => "passed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: &str = r#"{"type":"ack","channel":"system","payload":{"ids":["m1"]}}"#;
    const EVENT: &str = r#"{"type":"chat.message","channel":"chat","id":"m2","seq":7,"prev":6,"payload":{"content":"secret"}}"#;
    const OWN: &str = r#"{"type":"lab.answer","channel":"system","id":"lab-1","payload":{}}"#;

    #[test]
    fn heads_are_of_every_message_but_the_laboratory_s_and_hold_contents_only_when_asked_for() {
        let frame = format!("[{ACK},{EVENT},{OWN}]");
        let seen = heads(&Active::default(), frame.as_bytes(), false, 1.0, false);
        let seen: Vec<_> =
            seen.iter().map(|head| (&*head.kind, &*head.channel, head.seq, head.bytes, head.fate)).collect();
        assert_eq!(
            seen,
            [
                ("ack", "system", None, ACK.len(), "passed"),
                ("chat.message", "chat", Some(7), EVENT.len(), "passed")
            ]
        );
        let text = |with| {
            serde_json::to_string(&heads(&Active::default(), EVENT.as_bytes(), true, 1.0, with))
                .expect("JSON")
        };
        assert_eq!((text(false).contains("secret"), text(true).contains("secret")), (false, true));
        assert_eq!(heads(&Active::default(), b"no JSON", true, 1.0, true).len(), 0);
    }

    #[test]
    fn a_message_says_what_the_fault_does_to_it() {
        let lost = Active { lose_acks: true, ..Active::default() };
        assert_eq!(
            (fate(&lost, "ack", false, true), fate(&lost, "chat.message", false, true)),
            ("lost", "passed")
        );
        let zombie = Active { zombie: true, ..Active::default() };
        assert_eq!(fate(&zombie, "ping", true, false), "stuck");
        let twice = Active { duplicate: true, ..Active::default() };
        assert_eq!(
            (fate(&twice, "chat.message", true, true), fate(&twice, "hello", true, false)),
            ("twice", "passed")
        );
        let reorder = Active { reorder: true, ..Active::default() };
        assert_eq!(
            (fate(&reorder, "x", false, true), fate(&reorder, "x", true, true)),
            ("reordered", "passed")
        );
        let slow = Active { slow: Some((1, 0)), ..Active::default() };
        assert_eq!(fate(&slow, "x", true, true), "late");
    }
}
