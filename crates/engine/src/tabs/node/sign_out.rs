//! The end of a user's session: requested in one tab, carried out once, broadcast to all.

use super::Node;
use crate::Now;
use crate::tabs::election::Role;
use crate::tabs::link::LinkMessage;
use crate::tabs::types::{NodeOutput, SignOut};

/// State of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Session {
    #[default]
    Open,
    Closing(SignOut),
    /// The other tabs (if this one ended it) and the page are still to receive that.
    Ending {
        wipe: bool,
        to_broadcast: bool,
    },
    Closed,
}

impl Session {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Ending { .. } | Self::Closed)
    }
}

impl Node {
    /// The page, or a follower of this leader, requests the end of the session.
    pub(super) fn sign_out(&mut self, now: Now, how: SignOut) {
        if self.session.is_over() {
            return;
        }
        self.session = Session::Closing(how);
        let connects = how == SignOut::SendFirst && !self.outdated && !self.page.connects;
        self.page.connects |= connects;
        if let Some(leader) = self.leader.as_mut().filter(|_| connects) {
            leader.engine.connect(now);
        }
    }

    /// Asks the leader, which alone knows when everything is sent. Repeated to each new leader, and only after it has
    /// every message of this page.
    pub(super) fn ask_to_sign_out(&mut self) {
        let closing = self.session == Session::Closing(SignOut::SendFirst);
        if closing
            && self.role() == Role::Follower
            && self.sends.all_handed_on()
            && !self.attachment.asked_to_sign_out
        {
            self.attachment.asked_to_sign_out = true;
            self.broadcast(LinkMessage::SignOut);
        }
    }

    /// Another tab ended the session.
    pub(super) fn signed_out(&mut self) {
        if !self.session.is_over() {
            self.close_session(false, false);
        }
    }

    /// Whether the end of the session is pending.
    pub(super) fn is_closing(&self) -> bool {
        matches!(self.session, Session::Closing(_))
    }

    /// Ends the session once it is due. Runs before the role is applied: the step-down that follows stores what is left.
    pub(super) fn close_when_due(&mut self, now: Now) {
        let Session::Closing(how) = self.session else { return };
        let due = how != SignOut::SendFirst
            || self.leader.as_ref().filter(|_| !self.resuming).is_some_and(|leader| {
                let done =
                    leader.engine.counts().queued == [0; 4] && !leader.engine.outbox.has_pending_removals();
                leader.is_ready_to_sign_out(now) && done && !self.sends.wait()
            });
        if due {
            self.close_session(how == SignOut::Wipe, true);
            self.elect(now);
        }
    }

    /// Broadcasts the end after this leader's last updates, because tabs that received it ignore batches.
    pub(super) fn broadcast_end(&mut self) {
        if let Session::Ending { to_broadcast, .. } = &mut self.session
            && std::mem::take(to_broadcast)
        {
            self.broadcast(LinkMessage::SignedOut);
        }
    }

    /// Reports the end to the page, as the last output.
    pub(super) fn report_end(&mut self) {
        if let Session::Ending { wipe, .. } = self.session {
            self.session = Session::Closed;
            self.out.push_back(NodeOutput::SignedOut { wipe });
        }
    }

    fn close_session(&mut self, wipe: bool, to_broadcast: bool) {
        self.session = Session::Ending { wipe, to_broadcast };
        self.page.connects = false;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::request;
    use super::*;
    use crate::tabs::{Interest, LinkTarget, LockEvent, LockRequest, PageCommand};
    use crate::{EngineOptions, Generation, Output, SocketEvent, StoreEvent};
    use sentinelops_protocol::Priority;

    const WELCOME: &str = r#"{"type":"welcome","channel":"system","payload":{"protocol":1,"session":"s","user":"u",
        "now":6,"maxMessageBytes":65536,"maxInFlight":64,"reconnectWindowMs":0}}"#;

    fn at(mono: u64) -> Now {
        Now { mono, wall: mono }
    }

    fn tab(name: &str) -> Node {
        let mut options = EngineOptions { tab: name.to_owned(), ..EngineOptions::default() };
        options.connection.url = "ws://server/".to_owned();
        let mut node = Node::new(options, 1, at(0));
        node.handle_page(at(0), PageCommand::Connect);
        node.handle_store(at(1), StoreEvent::Opened(Box::default()));
        node
    }

    fn messages_of(node: &mut Node) -> Vec<LinkMessage> {
        let outputs = std::iter::from_fn(|| node.poll_output());
        let links = outputs.filter_map(|output| match output {
            NodeOutput::Link(LinkTarget::All, message) => Some(message),
            _ => None,
        });
        links.collect()
    }

    #[test]
    fn a_follower_asks_the_leader_sends_first_and_all_end() {
        let (mut leader, mut follower) = (tab("a"), tab("b"));
        leader.handle_lock(at(2), &LockEvent::Granted);
        leader.handle_store(at(3), StoreEvent::Opened(Box::default()));
        follower.handle_link(at(4), LinkMessage::RollCall { term: 1 });
        messages_of(&mut leader);
        messages_of(&mut follower);

        follower.handle_page(at(5), PageCommand::SignOut(SignOut::SendFirst));
        assert_eq!(messages_of(&mut follower), [LinkMessage::SignOut]);
        leader.handle_link(at(6), LinkMessage::SignOut);
        let outputs: Vec<_> = std::iter::from_fn(|| leader.poll_output()).collect();
        assert!(outputs.contains(&NodeOutput::Link(LinkTarget::All, LinkMessage::SignedOut)), "{outputs:?}");
        assert!(outputs.contains(&NodeOutput::Lock(LockRequest::Release)));
        assert_eq!(outputs.last(), Some(&NodeOutput::SignedOut { wipe: false }));
        follower.handle_link(at(7), LinkMessage::SignedOut);
        let outputs: Vec<_> = std::iter::from_fn(|| follower.poll_output()).collect();
        assert_eq!(outputs.last(), Some(&NodeOutput::SignedOut { wipe: false }));
        assert_eq!((leader.role(), follower.role()), (Role::Idle, Role::Idle));
    }

    #[test]
    fn a_follower_asks_when_the_leader_has_what_it_sent() {
        let mut follower = tab("b");
        follower.handle_link(at(4), LinkMessage::RollCall { term: 1 });
        follower.handle_page(at(5), PageCommand::Send(vec![request("m")]));
        follower.handle_page(at(6), PageCommand::SignOut(SignOut::SendFirst));
        let asks = |follower: &mut Node| {
            let messages = messages_of(follower).into_iter();
            let wanted =
                |message: &LinkMessage| matches!(message, LinkMessage::Send { .. } | LinkMessage::SignOut);
            messages.filter(wanted).collect::<Vec<_>>()
        };
        assert_eq!(asks(&mut follower), []);
        let answer = |follower: &mut Node, term| {
            let (attachment, from) = (follower.attachment.id, "a".to_owned());
            let batch = crate::Batch { number: 1, items: Vec::new() };
            follower.handle_link(at(7), LinkMessage::Batch { term, attachment, from, batch });
        };
        answer(&mut follower, 1);
        let send = |again| LinkMessage::Send {
            tab: "b".to_owned(),
            saved: Vec::new(),
            requests: vec![crate::SendRequest { again, ..request("m") }],
        };
        assert_eq!(asks(&mut follower), [send(false), LinkMessage::SignOut]);
        // A new leader is asked again.
        follower.handle_link(at(8), LinkMessage::RollCall { term: 2 });
        answer(&mut follower, 2);
        assert_eq!(asks(&mut follower), [send(true), LinkMessage::SignOut]);
    }

    /// Takes the outputs, and answers what is asked of the store, which holds nothing. Whether the end was broadcast.
    fn serve_store(node: &mut Node, now: Now) -> bool {
        let mut ended = false;
        while let Some(output) = node.poll_output() {
            match output {
                NodeOutput::Engine(Output::Store(group)) => {
                    node.handle_store(now, StoreEvent::Committed { number: group.number });
                }
                NodeOutput::Link(_, LinkMessage::SignedOut) => ended = true,
                _ => {}
            }
        }
        ended
    }

    #[test]
    fn session_ends_after_what_arrived_while_the_leader_slept() {
        let mut leader = tab("a");
        leader.handle_lock(at(2), &LockEvent::Granted);
        let row = crate::outbox::row_of(&request("m1"), 1, "b").expect("a row");
        let stored = crate::StoreSnapshot { rows: vec![row], ..crate::StoreSnapshot::default() };
        leader.handle_store(at(3), StoreEvent::Opened(Box::new(stored)));
        leader.handle_socket(at(5), Generation(1), SocketEvent::Opened);
        frame(&mut leader, at(6), WELCOME);
        leader.handle_page(at(7), PageCommand::SignOut(SignOut::SendFirst));
        assert!(!serve_store(&mut leader, at(8)), "m1 has no end yet");

        frame(&mut leader, at(60_000), r#"{"type":"ack","channel":"system","payload":{"ids":["m1"]}}"#);
        leader.handle_page(at(60_000), PageCommand::Send(vec![request("m2")]));
        leader.handle_meta(at(60_001), Some(&crate::Meta { term: 1, ..crate::Meta::default() }));
        assert!(!serve_store(&mut leader, at(60_002)), "m2 has no end yet");
        assert_eq!(leader.engine().map(|engine| engine.counts().in_flight), Some(1));
    }

    /// Takes the outputs, and keeps the numbers of what is written. Whether the end was broadcast.
    fn hold_writes(node: &mut Node, written: &mut Vec<u64>) -> bool {
        let mut ended = false;
        while let Some(output) = node.poll_output() {
            match output {
                NodeOutput::Engine(Output::Store(group)) => written.push(group.number),
                NodeOutput::Link(_, LinkMessage::SignedOut) => ended = true,
                _ => {}
            }
        }
        ended
    }

    fn frame(leader: &mut Node, now: Now, text: &str) {
        leader.handle_socket(now, Generation(1), SocketEvent::Frame { bytes: text.as_bytes(), binary: true });
    }

    fn ack(leader: &mut Node, now: Now, id: &str) {
        let ack = format!(r#"{{"type":"ack","channel":"system","payload":{{"ids":["{id}"]}}}}"#);
        frame(leader, now, &ack);
    }

    /// A connected leader that holds two messages at most, and sends one at a time. Tab `b` follows it.
    fn leader_of_two() -> Node {
        let mut options = EngineOptions { tab: "a".to_owned(), ..EngineOptions::default() };
        options.connection.url = "ws://server/".to_owned();
        (options.outbox.capacity, options.outbox.window) = (2, 1);
        let mut leader = Node::new(options, 1, at(0));
        leader.handle_page(at(0), PageCommand::Connect);
        leader.handle_store(at(1), StoreEvent::Opened(Box::default()));
        leader.handle_lock(at(2), &LockEvent::Granted);
        leader.handle_store(at(3), StoreEvent::Opened(Box::default()));
        leader.handle_socket(at(5), Generation(1), SocketEvent::Opened);
        serve_store(&mut leader, at(5));
        frame(&mut leader, at(6), WELCOME);
        serve_store(&mut leader, at(6));
        let interest = Interest::default();
        leader.handle_link(at(6), LinkMessage::Attach { tab: "b".to_owned(), attachment: 1, interest });
        leader.handle_link(at(6), LinkMessage::Credit { tab: "b".to_owned(), attachment: 1, number: 1 });
        leader
    }

    /// Tab `b` hands this in.
    fn of(id: &str, priority: Priority) -> LinkMessage {
        let requests = vec![crate::SendRequest { priority, ..request(id) }];
        LinkMessage::Send { tab: "b".to_owned(), saved: Vec::new(), requests }
    }

    #[test]
    fn tabs_hear_how_messages_ended_before_they_hear_that_the_session_has() {
        let mut leader = leader_of_two();
        leader.handle_link(at(7), of("m", Priority::Normal));
        serve_store(&mut leader, at(7));
        leader.handle_page(at(8), PageCommand::SignOut(SignOut::SendFirst));
        assert!(!serve_store(&mut leader, at(8)), "m has no end yet");
        ack(&mut leader, at(9), "m");
        let outputs: Vec<_> = std::iter::from_fn(|| leader.poll_output()).collect();
        let of_m = |item: &crate::Delivery| matches!(item, crate::Delivery::Message(update) if update.id == "m" && update.delivery.is_final());
        let news = |output: &NodeOutput| match output {
            NodeOutput::Link(_, LinkMessage::Batch { batch, .. }) => batch.items.iter().any(of_m),
            _ => false,
        };
        let over = |output: &NodeOutput| matches!(output, NodeOutput::Link(_, LinkMessage::SignedOut));
        let (news, over) = (outputs.iter().position(news), outputs.iter().position(over));
        assert!(news.is_some() && over.is_some() && news < over, "{news:?} {over:?} {outputs:?}");
    }

    /// It answers the first batch behind what it has to hand over.
    #[test]
    fn sign_out_waits_for_what_a_tab_that_just_attached_hands_over() {
        let mut leader = leader_of_two();
        let attach = |tab: &str| LinkMessage::Attach {
            tab: tab.to_owned(),
            attachment: 1,
            interest: Interest::default(),
        };
        leader.handle_link(at(7), attach("c"));
        leader.handle_page(at(8), PageCommand::SignOut(SignOut::SendFirst));
        assert!(!serve_store(&mut leader, at(8)), "c may have messages");
        leader.handle_link(at(9), LinkMessage::Credit { tab: "c".to_owned(), attachment: 1, number: 1 });
        assert!(serve_store(&mut leader, at(9)));

        let mut leader = leader_of_two();
        leader.handle_link(at(7), attach("frozen"));
        leader.handle_page(at(8), PageCommand::SignOut(SignOut::SendFirst));
        assert!(!serve_store(&mut leader, at(8)));
        leader.handle_timeout(at(1_500));
        leader.handle_timeout(at(2_100));
        assert!(serve_store(&mut leader, at(2_100)), "it had the time");
    }

    /// Until then it may have to be sent after all.
    #[test]
    fn session_ends_after_the_store_has_taken_in_how_messages_ended() {
        let mut leader = leader_of_two();
        leader.handle_link(at(7), of("flies", Priority::Normal));
        serve_store(&mut leader, at(7));
        let mut written = Vec::new();
        leader.handle_link(at(8), of("low", Priority::Low));
        hold_writes(&mut leader, &mut written);
        leader.handle_link(at(9), of("high", Priority::High));
        hold_writes(&mut leader, &mut written);
        leader.handle_page(at(9), PageCommand::SignOut(SignOut::SendFirst));
        hold_writes(&mut leader, &mut written);
        for id in ["flies", "high"] {
            ack(&mut leader, at(10), id);
            assert!(!hold_writes(&mut leader, &mut written), "`low` made room, and may come back");
        }
        assert_eq!(leader.engine().map(|engine| engine.counts().queued), Some([0; 4]));
        let mut ended = false;
        while let Some(number) = written.pop() {
            leader.handle_store(at(11), StoreEvent::Committed { number });
            ended |= hold_writes(&mut leader, &mut written);
        }
        assert!(ended);
    }

    #[test]
    fn to_keep_or_wipe_nobody_is_waited_for() {
        for (how, wipe) in [(SignOut::Keep, false), (SignOut::Wipe, true)] {
            let mut follower = tab("b");
            follower.handle_page(at(5), PageCommand::SignOut(how));
            let outputs: Vec<_> = std::iter::from_fn(|| follower.poll_output()).collect();
            assert!(outputs.contains(&NodeOutput::Link(LinkTarget::All, LinkMessage::SignedOut)));
            assert_eq!(outputs.last(), Some(&NodeOutput::SignedOut { wipe }));
        }
    }
}
