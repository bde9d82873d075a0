//! The flight recorder: what happened to the connection and the worker, what else happened, and
//! the way of each message, in a ring each.

use super::{List, MessageId, SendState};
use sentinelops_engine::DeliveryState;
use sentinelops_protocol::Channel;
use sentinelops_protocol::sort::sort_by_key;
use serde::Serialize;
use std::{collections::VecDeque, rc::Rc};

/// Of the connection, and as many of everything else.
const RECORDS: usize = 500;
const TRACES: usize = 200;

/// What a [`Record`] is about.
///
/// ```
/// use sentinelops_realtime::{List, Record, RecordKind};
/// use std::rc::Rc;
///
/// fn errors(records: &List<Rc<Record>>) -> usize {
///     records.iter().filter(|record| record.kind == RecordKind::Error).count()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RecordKind {
    /// The connection changed its state.
    State,
    /// A dial is planned.
    Reconnect,
    /// A message left, or went a step further.
    Send,
    /// Something was received.
    Receive,
    /// Something went wrong.
    Error,
    /// The worker started, failed, was ended.
    Worker,
    /// The page was hidden, shown, came online and so on.
    Page,
    /// Anything else.
    Note,
}

impl RecordKind {
    /// Nobody brings it about hundreds of times a minute.
    fn is_rare(self) -> bool {
        match self {
            Self::State | Self::Reconnect | Self::Worker | Self::Page => true,
            Self::Send | Self::Receive | Self::Error | Self::Note => false,
        }
    }
}

/// One thing that happened.
///
/// ```
/// use sentinelops_realtime::Record;
/// use yew::prelude::*;
///
/// fn line(record: &Record) -> Html {
///     html! { <li key={record.number}>{ format!("{} {:?}: {}", record.at, record.kind, record.text) }</li> }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Counts the records of this page.
    pub number: u64,
    /// Wall clock, ms since the epoch.
    pub at: u64,
    /// What it is about.
    pub kind: RecordKind,
    /// In words. Never holds a token.
    pub text: String,
}

/// The way of one message. Times are wall clock, ms since the epoch.
///
/// ```
/// use sentinelops_realtime::MessageTrace;
///
/// /// From the click to the server's answer, ms.
/// fn round_trip(trace: &MessageTrace) -> Option<u64> {
///     trace.acked.map(|acked| acked.saturating_sub(trace.created))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageTrace {
    /// Which.
    pub id: String,
    /// Its dotted type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its channel.
    pub channel: Channel,
    /// `send` was called.
    pub created: u64,
    /// It was on this device's disk.
    pub saved: Option<u64>,
    /// It was first given to a socket.
    pub sent: Option<u64>,
    /// The server has it.
    pub acked: Option<u64>,
    /// The page showed that the server has it.
    pub rendered: Option<u64>,
    /// How it stands, in a word.
    pub state: &'static str,
    /// The payload; only with the provider's `debug_contents`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// What was shown last: lines, and the ways of messages.
type Shown = (List<Rc<Record>>, List<Rc<MessageTrace>>);

/// See the module.
#[derive(Default)]
pub(crate) struct Recorder {
    /// States, dials, workers: a busy page must not push an outage out.
    rare: VecDeque<Rc<Record>>,
    records: VecDeque<Rc<Record>>,
    traces: VecDeque<Rc<MessageTrace>>,
    next: u64,
    shown: Option<Shown>,
}

impl Recorder {
    pub(crate) fn record(&mut self, at: u64, kind: RecordKind, text: String) {
        let ring = if kind.is_rare() { &mut self.rare } else { &mut self.records };
        if ring.len() == RECORDS {
            ring.pop_front();
        }
        ring.push_back(Rc::new(Record { number: self.next, at, kind, text }));
        self.next += 1;
        self.shown = None;
    }

    pub(crate) fn created(&mut self, trace: MessageTrace) {
        if self.traces.len() == TRACES {
            self.traces.pop_front();
        }
        self.traces.push_back(Rc::new(trace));
        self.shown = None;
    }

    pub(crate) fn update(&mut self, at: u64, id: &MessageId, state: &SendState) {
        self.change(id.as_str(), |trace| {
            if state.durability == sentinelops_engine::Durability::Durable {
                trace.saved.get_or_insert(at);
            }
            if matches!(state.delivery, DeliveryState::Sent) || state.is_delivered() {
                trace.sent.get_or_insert(at);
            }
            if state.is_delivered() {
                trace.acked.get_or_insert(at);
            }
            trace.state = state.label();
        });
    }

    pub(crate) fn rendered(&mut self, at: u64, id: &str) {
        self.change(id, |trace| {
            trace.rendered.get_or_insert(at);
        });
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut MessageTrace)) {
        // The newest are asked for most.
        if let Some(trace) = self.traces.iter_mut().rev().find(|trace| trace.id == id) {
            change(Rc::make_mut(trace));
            self.shown = None;
        }
    }

    /// Records in order, and the ways of messages; the same lists until something was added.
    pub(crate) fn lists(&mut self) -> (List<Rc<Record>>, List<Rc<MessageTrace>>) {
        let Self { rare, records, traces, shown, .. } = self;
        shown
            .get_or_insert_with(|| {
                let mut records: Vec<_> = rare.iter().chain(&*records).cloned().collect();
                sort_by_key(&mut records, |record| record.number);
                let traces: Vec<_> = traces.iter().cloned().collect();
                (records.into(), traces.into())
            })
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_engine::Durability;

    #[test]
    fn rings_are_bounded_and_a_message_s_way_is_kept() {
        let mut recorder = Recorder::default();
        for n in 0..RECORDS as u64 + 3 {
            recorder.record(n, RecordKind::Note, String::new());
        }
        recorder.created(MessageTrace {
            id: "m".to_owned(),
            kind: "chat.message".to_owned(),
            channel: Channel::Chat,
            created: 1,
            saved: None,
            sent: None,
            acked: None,
            rendered: None,
            state: "saving",
            payload: None,
        });
        let id = MessageId::from("m");
        let state = |durability, delivery| SendState { durability, delivery };
        recorder.update(2, &id, &state(Durability::Durable, DeliveryState::Queued));
        recorder.update(3, &id, &state(Durability::Durable, DeliveryState::Sent));
        recorder.update(4, &id, &state(Durability::Durable, DeliveryState::Delivered));
        recorder.rendered(5, "m");
        let (records, traces) = recorder.lists();
        assert_eq!((records.len(), records[0].number), (RECORDS, 3));
        let trace = &traces[0];
        assert_eq!(
            (trace.saved, trace.sent, trace.acked, trace.rendered),
            (Some(2), Some(3), Some(4), Some(5))
        );
        assert_eq!(recorder.lists(), (records, traces));
    }

    #[test]
    fn a_busy_page_pushes_no_outage_out() {
        let mut recorder = Recorder::default();
        recorder.record(1, RecordKind::Send, "send m".to_owned());
        recorder.record(2, RecordKind::Reconnect, "attempt 1".to_owned());
        for n in 0..2 * RECORDS as u64 {
            recorder.record(n, RecordKind::Send, String::new());
        }
        recorder.record(3, RecordKind::State, "connected".to_owned());
        let (records, _) = recorder.lists();
        assert_eq!((records.len(), &*records[0].text), (RECORDS + 2, "attempt 1"));
        assert_eq!(records[RECORDS + 1].text, "connected", "in the order of what happened");
    }
}
