//! What is listed: the newest rows, and which of them a filter leaves.

use crate::words::inspector as texts;
use sentinelops_protocol::{Event, encode_payload};
use sentinelops_realtime::{List, MessageTrace};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// Rows that are kept; above, the oldest are dropped.
pub const KEPT: usize = 2_000;

/// What a row is about.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The page received it.
    Event(Rc<Event>),
    /// The page sent it.
    Own(Rc<MessageTrace>),
    /// It passed the socket.
    #[cfg(feature = "lab")]
    Frame(super::frames::Head),
}

/// A message at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Counts the rows of this page.
    pub number: u64,
    /// Ms since the epoch.
    pub at: u64,
    pub what: What,
}

impl Row {
    /// Whether it goes to the server.
    pub fn way(&self) -> &'static str {
        let is_out = match &self.what {
            What::Event(_) => false,
            What::Own(_) => true,
            #[cfg(feature = "lab")]
            What::Frame(head) => head.out,
        };
        if is_out { texts::OUT } else { texts::IN }
    }

    pub fn channel(&self) -> &str {
        match &self.what {
            What::Event(event) => event.channel.as_str(),
            What::Own(trace) => trace.channel.as_str(),
            #[cfg(feature = "lab")]
            What::Frame(head) => &head.channel,
        }
    }

    pub fn kind(&self) -> &str {
        match &self.what {
            What::Event(event) => &event.kind,
            What::Own(trace) => &trace.kind,
            #[cfg(feature = "lab")]
            What::Frame(head) => &head.kind,
        }
    }

    /// Empty: it has none.
    pub fn id(&self) -> &str {
        match &self.what {
            What::Event(event) => event.id.as_deref().unwrap_or_default(),
            What::Own(trace) => &trace.id,
            #[cfg(feature = "lab")]
            What::Frame(head) => head.id.as_deref().unwrap_or_default(),
        }
    }

    /// Place in the server's history.
    pub fn seq(&self) -> Option<u64> {
        match &self.what {
            What::Event(event) => event.seq,
            What::Own(_) => None,
            #[cfg(feature = "lab")]
            What::Frame(head) => head.seq,
        }
    }

    /// Of its payload; of a frame, of the whole message. `None`: the page does not keep it.
    pub fn bytes(&self) -> Option<usize> {
        match &self.what {
            What::Event(event) => Some(encode_payload(&event.payload).as_str().len()),
            What::Own(trace) => trace.payload.as_ref().map(String::len),
            #[cfg(feature = "lab")]
            What::Frame(head) => Some(head.bytes),
        }
    }

    pub fn state(&self) -> &str {
        match &self.what {
            What::Event(_) => texts::RECEIVED,
            What::Own(trace) => trace.state,
            #[cfg(feature = "lab")]
            What::Frame(head) => &head.fate,
        }
    }

    /// For a page that may show them.
    pub fn contents(&self) -> Option<String> {
        match &self.what {
            What::Event(event) => Some(encode_payload(&event.payload).as_str().to_owned()),
            What::Own(trace) => trace.payload.clone(),
            #[cfg(feature = "lab")]
            What::Frame(head) => head.content.clone(),
        }
    }

    fn fits(&self, words: &[String]) -> bool {
        words.iter().all(|word| {
            let of = [self.way(), self.channel(), self.kind(), self.id(), self.state()];
            of.iter().any(|text| text.to_ascii_lowercase().contains(word.as_str()))
        })
    }
}

/// The newest rows, oldest first.
#[derive(Debug, Default)]
pub struct Log {
    rows: VecDeque<Rc<Row>>,
    next: u64,
    /// The newest own message that is listed.
    newest_own: Option<String>,
    /// Frames that the worker did not look into, of all time.
    pub more: u64,
    /// As they were shown last; `None`: they have changed.
    shown: Option<List<Rc<Row>>>,
}

impl Log {
    pub fn push(&mut self, at: u64, what: What) {
        if self.rows.len() == KEPT {
            self.rows.pop_front();
        }
        self.rows.push_back(Rc::new(Row { number: self.next, at, what }));
        self.next += 1;
        self.shown = None;
    }

    /// The ways of the page's newest messages, oldest first: new ones are listed, those listed are brought up to date.
    pub fn own(&mut self, traces: &[Rc<MessageTrace>]) {
        let known = traces.iter().rposition(|trace| Some(&trace.id) == self.newest_own.as_ref());
        let (old, new) = traces.split_at(known.map_or(0, |at| at + 1));
        let old: HashMap<&str, &Rc<MessageTrace>> = old.iter().map(|trace| (&*trace.id, trace)).collect();
        for row in &mut self.rows {
            if let What::Own(shown) = &row.what
                && let Some(trace) = old.get(&*shown.id).filter(|trace| !Rc::ptr_eq(trace, shown))
            {
                *row = Rc::new(Row { what: What::Own((*trace).clone()), ..**row });
                self.shown = None;
            }
        }
        for trace in new {
            self.push(trace.created, What::Own(trace.clone()));
        }
        self.newest_own = traces.last().map(|trace| trace.id.clone());
    }

    /// All rows, newest first; the same list until something has changed.
    pub fn rows(&mut self) -> List<Rc<Row>> {
        let Self { rows, shown, .. } = self;
        shown.get_or_insert_with(|| rows.iter().rev().cloned().collect::<Vec<_>>().into()).clone()
    }
}

/// Those that a filter leaves: each of its words stands somewhere in the row.
pub fn fitting(rows: &List<Rc<Row>>, filter: &str) -> List<Rc<Row>> {
    let words: Vec<_> = filter.split_whitespace().map(str::to_ascii_lowercase).collect();
    if words.is_empty() {
        return rows.clone();
    }
    rows.iter().filter(|row| row.fits(&words)).cloned().collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::Channel;
    use sentinelops_realtime::testing::chat_message;

    fn trace(id: &str, state: &'static str) -> Rc<MessageTrace> {
        Rc::new(MessageTrace {
            id: id.to_owned(),
            kind: "chat.message".to_owned(),
            channel: Channel::Chat,
            created: 5,
            saved: None,
            sent: None,
            acked: None,
            rendered: None,
            state,
            payload: None,
        })
    }

    fn event(id: &str) -> What {
        What::Event(Rc::new(Event {
            id: Some(id.to_owned()),
            ..chat_message("c1", id, "ann", "secret words")
        }))
    }

    fn states(log: &mut Log, filter: &str) -> Vec<String> {
        fitting(&log.rows(), filter)
            .iter()
            .map(|row| format!("{} {} {}", row.way(), row.id(), row.state()))
            .collect()
    }

    #[test]
    fn rows_are_bounded_and_the_newest_come_first() {
        let mut log = Log::default();
        for n in 0..KEPT + 3 {
            log.push(n as u64, event(&n.to_string()));
        }
        let rows = log.rows();
        assert_eq!((rows.len(), rows[0].number, rows[KEPT - 1].number), (KEPT, 2_002, 3));
        assert_eq!(log.rows(), rows, "the same list");
        log.push(0, event("x"));
        assert_ne!(log.rows(), rows);
    }

    #[test]
    fn own_messages_are_listed_once_and_brought_up_to_date() {
        let mut log = Log::default();
        log.own(&[trace("a", "saving")]);
        log.own(&[trace("a", "sent"), trace("b", "saving")]);
        log.own(&[trace("a", "delivered"), trace("b", "saving")]);
        assert_eq!(states(&mut log, ""), ["out b saving", "out a delivered"]);
        log.own(&[trace("c", "sent")]);
        assert_eq!(
            states(&mut log, ""),
            ["out c sent", "out b saving", "out a delivered"],
            "200 others came in between"
        );
    }

    #[test]
    fn every_word_of_the_filter_stands_in_a_row_and_contents_are_not_looked_at() {
        let mut log = Log::default();
        log.push(1, event("m1"));
        log.own(&[trace("a", "delivered")]);
        assert_eq!(states(&mut log, "OUT chat"), ["out a delivered"]);
        assert_eq!(states(&mut log, "in"), ["in m1 received"]);
        assert_eq!(states(&mut log, "delivered in"), [""; 0]);
        assert_eq!(states(&mut log, "secret"), [""; 0]);
    }

    #[test]
    fn bytes_are_of_the_payload() {
        let mut log = Log::default();
        log.push(1, event("m1"));
        log.own(&[trace("a", "sent")]);
        let rows = log.rows();
        assert_eq!((rows[0].bytes(), rows[1].bytes()), (None, rows[1].contents().map(|text| text.len())));
    }
}
