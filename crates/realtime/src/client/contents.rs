//! Contents of messages in logs: none, unless the provider sets `debug_contents`.

use super::Client;
use super::state::State;
use crate::recorder::RecordKind;
use crate::{ClientError, console_log};
use sentinelops_protocol::{Event, Payload, Problem, ProblemKind, Subject, encode_payload};
use std::rc::Rc;

/// Different places that are warned of; a server that gets everything wrong fills no console.
const WARNINGS: usize = 100;
/// The last problems; what they are about comes right behind them.
const PROBLEMS: usize = 100;
/// Characters of one message's contents in a line.
const SHOWN: usize = 1_000;

impl Client {
    /// A message that is not what its type says, or no message at all: for the recorder and `on_error` each time, and
    /// for the log once for each type and path.
    pub(super) fn take_problem(&self, problem: Problem) {
        // A problem that waited for its message is logged with it again.
        if problem.id.is_some() && self.state().view.problems.iter().any(|known| **known == problem) {
            return;
        }
        let shown = self.shown_problem(&problem);
        self.error_line(&ClientError::Problem(shown.clone()));
        // With `debug` the line above is in the log already.
        if !self.0.settings.options.debug && self.first_of_its_place(&problem) {
            console_log::install(log::LevelFilter::Warn);
            let outcome = match problem.kind {
                ProblemKind::PayloadMismatch => "it is delivered raw",
                ProblemKind::BadField => "the field's default is taken",
                _ => "it is not delivered",
            };
            log::warn!(target: "sentinelops", "{shown}; {outcome}. Logged once for this type and path.");
        }
        let mut state = self.state_mut();
        if problem.kind == ProblemKind::PayloadMismatch {
            state.view.problems.truncate(PROBLEMS - 1);
            state.view.problems.push_front(Rc::new(problem.clone()));
        }
        state.errors.push(ClientError::Problem(problem));
    }

    /// As it may stand in records and logs.
    fn shown_problem(&self, problem: &Problem) -> Problem {
        if self.0.settings.options.debug_contents { problem.clone() } else { problem.redacted() }
    }

    fn first_of_its_place(&self, problem: &Problem) -> bool {
        let warned = &mut self.state_mut().warned;
        warned.len() < WARNINGS && warned.insert((problem.message_type.clone(), problem.path.clone()))
    }

    /// What was received, where the provider asks for readable lines with contents.
    pub(super) fn show_contents(&self, subject: &Subject, event: &Event) {
        if self.0.settings.options.debug && self.0.settings.options.debug_contents {
            let line =
                format!("{subject}: {} {}", event.kind, short(encode_payload(&event.payload).as_str()));
            self.record(RecordKind::Receive, line);
        }
    }

    /// The contents of what is sent, to follow in its line; nothing unless asked for.
    pub(super) fn sent_contents(&self, payload: &str) -> String {
        if self.0.settings.options.debug_contents { format!(" {}", short(payload)) } else { String::new() }
    }
}

impl State {
    /// The problem of this event, if it does not fit its type.
    pub(super) fn problem_of(&self, event: &Event) -> Option<Rc<Problem>> {
        let raw = matches!(event.payload, Payload::Raw(_));
        let about = |problem: &&Rc<Problem>| problem.id == event.id && problem.message_type == event.kind;
        self.view.problems.iter().filter(|_| raw).find(about).cloned()
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::super::{Dependency, TokenSource};
    use super::*;
    use crate::Message;
    use crate::testing::{FakeConnection, chat_message, incident, raw};
    use sentinelops_protocol::{Channel, Json, decode_payload};
    use std::cell::RefCell;
    use std::rc::Rc;

    thread_local! {
        static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    struct Keep;

    impl log::Log for Keep {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            LOGGED.with_borrow_mut(|lines| lines.push(format!("{} {}", record.level(), record.args())));
        }

        fn flush(&self) {}
    }

    /// A client, and the lines logged from now on (of this test's thread).
    fn open(connection: &FakeConnection, debug: bool, debug_contents: bool) -> Client {
        if log::set_logger(&Keep).is_ok() {
            log::set_max_level(log::LevelFilter::Info);
        }
        LOGGED.take();
        let mut settings = settings();
        (settings.options.debug, settings.options.debug_contents) = (debug, debug_contents);
        Client::open(settings, connection.port(), TokenSource::None, None)
    }

    fn problem(json: &str) -> Problem {
        decode_payload("agent.status", &Json::parse(json).expect("JSON")).1.expect("it does not fit")
    }

    fn texts(client: &Client) -> Vec<String> {
        client.diagnostics().0.iter().map(|record| record.text.clone()).collect()
    }

    #[test]
    fn a_mismatch_is_warned_of_once_for_each_place_without_contents_and_without_debug() {
        let connection = FakeConnection::new();
        let client = open(&connection, false, false);
        for n in 0..3 {
            connection
                .problem(problem(&format!(r#"{{"agentId":"a","status":"x","lastSeen":"secret {n}"}}"#)));
        }
        connection.problem(problem(r#"{"agentId":{"secret":1}}"#));
        connection.paint();
        let hint = "it is delivered raw. Logged once for this type and path.";
        assert_eq!(
            LOGGED.take(),
            [
                format!(
                    "WARN agent.status: payload.lastSeen: expected a whole number, found a string; {hint}"
                ),
                format!("WARN agent.status: payload.agentId: expected a string, found an object; {hint}"),
            ]
        );
        // The recorder has each of them, and its export holds no contents either.
        assert_eq!(texts(&client).iter().filter(|text| text.contains("payload.lastSeen")).count(), 3);
        assert!(!client.export_diagnostics().contains("secret"));
    }

    #[test]
    fn a_server_that_gets_everything_wrong_fills_no_log() {
        let connection = FakeConnection::new();
        let _client = open(&connection, false, false);
        for n in 0..WARNINGS * 2 {
            let path = format!("payload.n{n}");
            connection.problem(Problem { path, ..problem("7") });
        }
        connection.paint();
        assert_eq!(LOGGED.take().len(), WARNINGS);
    }

    #[test]
    fn contents_stand_in_lines_only_when_asked_for() {
        for (debug, contents, expected) in [(true, true, true), (true, false, false), (false, true, false)] {
            let connection = FakeConnection::new();
            let client = open(&connection, debug, contents);
            let chat = Subject::topic(Channel::Chat, "c1");
            let _watch = client.watch(vec![Dependency::Subject(chat)], Rc::new(|_| {}));
            connection.deliver(chat_message("c1", "1", "ann", "the received words"));
            connection.problem(problem(r#"{"agentId":"a","status":"x","lastSeen":"the wrong words"}"#));
            connection.paint();
            client.send(Message::chat("c1", "the sent words"));
            for words in ["the received words", "the wrong words"] {
                let logged = LOGGED.with_borrow(|lines| lines.iter().any(|line| line.contains(words)));
                assert_eq!(
                    logged,
                    expected || (contents && words.contains("wrong")),
                    "{debug} {contents} {words}"
                );
            }
            // Who asks for contents has them in the recorder too, also of what is sent.
            assert_eq!(texts(&client).iter().any(|text| text.contains("the sent words")), contents);
            assert!(!client.export_diagnostics().contains("?secret"), "the token is in no line");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_by_the_state_of_its_channel_until_the_next_snapshot() {
        let connection = FakeConnection::new();
        let client = open(&connection, false, false);
        let subject = Subject::channel(Channel::Incidents);
        let _watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(|_| {}));
        let json = r#"{"incidentId":"a","data":{"status":9}}"#;
        connection.deliver(raw(Channel::Incidents, "incident.updated", json));
        connection.paint();
        let found = client.problem(&subject).expect("named");
        assert_eq!((&*found.path, &*found.expected), ("payload.data.status", "a string"));
        connection.snapshot(subject.clone(), [incident("a").into()]);
        connection.paint();
        assert_eq!(client.problem(&subject), None);
    }
}
