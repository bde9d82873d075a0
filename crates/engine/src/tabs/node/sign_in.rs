//! Signing in. Only the leader needs a token, and any tab may have it. Tokens never travel between tabs, so the lock does.

use super::Node;
use crate::tabs::link::LinkMessage;
use crate::{Cause, ConnectionState, Delivery, Now};

/// A provider's answer, or a token the page gives unasked.
type Token = Result<Option<String>, String>;

#[derive(Default)]
pub(super) struct SignIn {
    /// Given while this tab had no engine.
    token: Option<Token>,
    /// Last connection status the leader reported.
    leader_status: Option<(ConnectionState, Cause)>,
    /// This tab passed the lock on because it has no token. Only once, or tabs without one would do so without end.
    resigned: bool,
    /// The lock is being stolen, so the leader is not asked to reconnect.
    taking: bool,
}

impl SignIn {
    pub(super) fn give(&mut self, token: Token) {
        self.resigned = false;
        self.token = Some(token);
    }

    pub(super) fn take(&mut self) -> Option<Token> {
        self.taking = false;
        self.token.take()
    }

    pub(super) fn note(&mut self, items: &[Delivery]) {
        for item in items {
            if let Delivery::Status(status) = item {
                self.taking = false;
                self.leader_status = Some((status.state, status.cause.clone()));
                self.resigned &= status.state != ConnectionState::Connected;
            }
        }
    }

    /// Whether the leader waits for a sign-in.
    fn leader_waits(&self) -> bool {
        matches!(self.leader_status, Some((_, Cause::NeedsAuth)))
    }
}

impl Node {
    /// The user of a following tab asks for a connection now. If the leader waits for a sign-in, this tab replaces it: the
    /// user has probably signed in here.
    pub(super) fn urge(&mut self, now: Now) {
        self.sign_in.resigned = false;
        if self.sign_in.leader_waits() {
            self.replace_leader(now);
        } else if !self.sign_in.taking {
            self.broadcast(LinkMessage::Hint { hint: None });
        }
    }

    /// [`PageCommand::Connect`](super::PageCommand::Connect) leaves `Error`, also where another tab leads.
    pub(super) fn connect_again(&mut self, now: Now) {
        if matches!(self.sign_in.leader_status, Some((ConnectionState::Error, _))) {
            self.urge(now);
        }
    }

    /// A follower with a token steals the lock from a leader that waits for one. A leader whose page has none passes the
    /// lock on.
    pub(super) fn pass_the_lock(&mut self, now: Now) {
        match &self.leader {
            None if self.sign_in.leader_waits() && matches!(self.sign_in.token, Some(Ok(Some(_)))) => {
                self.replace_leader(now);
            }
            Some(leader) if leader.engine.lacks_token() && leader.others_connect() => {
                if leader.alone || self.term_check.is_some() || self.sign_in.resigned {
                    return;
                }
                self.sign_in.resigned = true;
                self.election.deposed(now);
            }
            _ => {}
        }
    }

    fn replace_leader(&mut self, now: Now) {
        (self.sign_in.leader_status, self.sign_in.taking) = (None, true);
        self.election.replace(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::Interest;
    use crate::tabs::{LinkTarget, LockEvent, LockRequest, NodeOutput, PageCommand, Role};
    use crate::{Batch, EngineOptions, Output, Status, StoreEvent};

    fn at(mono: u64) -> Now {
        Now { mono, wall: mono }
    }

    fn tab(name: &str) -> Node {
        let mut options =
            EngineOptions { tab: name.to_owned(), has_token_provider: true, ..EngineOptions::default() };
        options.connection.url = "ws://server/".to_owned();
        let mut node = Node::new(options, 1, at(0));
        node.handle_page(at(0), PageCommand::Connect);
        node.handle_store(at(1), StoreEvent::Opened(Box::default()));
        node
    }

    /// A follower whose leader says this of the connection.
    fn follower(state: ConnectionState, cause: Cause) -> Node {
        let mut node = tab("b");
        node.handle_link(at(4), LinkMessage::RollCall { term: 1 });
        deliver_status(&mut node, state, cause);
        node
    }

    fn deliver_status(node: &mut Node, state: ConnectionState, cause: Cause) {
        let status = Status { state, cause, ..Status::default() };
        let batch = Batch { number: 1, items: vec![Delivery::Status(Box::new(status))] };
        let attachment = node.attachment.id;
        node.handle_link(at(5), LinkMessage::Batch { term: 1, attachment, from: "leader".to_owned(), batch });
        outputs(node);
    }

    fn outputs(node: &mut Node) -> Vec<NodeOutput> {
        std::iter::from_fn(|| node.poll_output()).collect()
    }

    fn token(text: &str) -> PageCommand {
        PageCommand::Token(Ok(Some(text.to_owned())))
    }

    fn steals(outputs: &[NodeOutput]) -> bool {
        outputs.contains(&NodeOutput::Lock(LockRequest::Steal))
    }

    #[test]
    fn a_token_given_to_a_follower_brings_it_the_lock_of_a_leader_that_waits_for_one() {
        let mut node = follower(ConnectionState::Error, Cause::NeedsAuth);
        node.handle_page(at(6), token("new"));
        assert!(steals(&outputs(&mut node)));
        node.handle_lock(at(7), &LockEvent::Granted);
        node.handle_store(at(8), StoreEvent::Opened(Box::default()));
        let outputs = outputs(&mut node);
        assert!(
            outputs.iter().any(|output| matches!(output, NodeOutput::Engine(Output::Dial { .. }))),
            "{outputs:?}"
        );
    }

    #[test]
    fn a_token_given_before_it_is_known_that_one_is_needed_counts_once() {
        let mut node = follower(ConnectionState::Connected, Cause::None);
        node.handle_page(at(6), token("new"));
        assert!(!steals(&outputs(&mut node)), "nobody waits for it");
        let status = Status { state: ConnectionState::Error, cause: Cause::NeedsAuth, ..Status::default() };
        let batch = Batch { number: 2, items: vec![Delivery::Status(Box::new(status))] };
        let attachment = node.attachment.id;
        node.handle_link(at(7), LinkMessage::Batch { term: 1, attachment, from: "leader".to_owned(), batch });
        assert!(steals(&outputs(&mut node)));
        node.handle_lock(at(8), &LockEvent::Granted);
        node.handle_lock(at(9), &LockEvent::Lost);
        node.handle_link(at(10), LinkMessage::RollCall { term: 9 });
        deliver_status(&mut node, ConnectionState::Error, Cause::NeedsAuth);
        node.handle_timeout(at(1_000));
        assert!(!steals(&outputs(&mut node)), "its token was tried");
    }

    #[test]
    fn a_person_who_asks_a_follower_signed_in_there() {
        for command in [PageCommand::Reconnect, PageCommand::Connect] {
            let mut node = follower(ConnectionState::Error, Cause::NeedsAuth);
            node.handle_page(at(6), command);
            assert!(steals(&outputs(&mut node)));
            // The button says both.
            node.handle_page(at(6), PageCommand::Reconnect);
            assert_eq!(outputs(&mut node), [], "one dial is enough");
        }
        let hint = NodeOutput::Link(LinkTarget::All, LinkMessage::Hint { hint: None });
        let mut node = follower(ConnectionState::Error, Cause::Superseded);
        node.handle_page(at(6), PageCommand::Connect);
        let outputs_seen = outputs(&mut node);
        assert!(outputs_seen.contains(&hint) && !steals(&outputs_seen), "{outputs_seen:?}");
        // Where nothing is wrong, connecting is no dial.
        let mut node = follower(ConnectionState::Reconnecting, Cause::None);
        node.handle_page(at(6), PageCommand::Connect);
        assert!(!outputs(&mut node).contains(&hint));
    }

    #[test]
    fn a_leader_without_a_token_lets_the_next_one_try_once() {
        let mut node = tab("a");
        node.handle_lock(at(2), &LockEvent::Granted);
        node.handle_store(at(3), StoreEvent::Opened(Box::default()));
        assert!(
            outputs(&mut node).iter().any(|o| matches!(o, NodeOutput::Engine(Output::RequestToken { .. })))
        );
        let other = || LinkMessage::Attach {
            tab: "b".to_owned(),
            attachment: 1,
            interest: Interest { connect: true, ..Interest::default() },
        };
        node.handle_link(at(4), other());
        outputs(&mut node);
        node.handle_page(at(5), PageCommand::Token(Err("no session here".to_owned())));
        let outputs_seen = outputs(&mut node);
        assert_eq!(node.role(), Role::Follower);
        let locks: Vec<_> =
            outputs_seen.iter().filter(|output| matches!(output, NodeOutput::Lock(_))).collect();
        assert_eq!(
            locks,
            [&NodeOutput::Lock(LockRequest::Release), &NodeOutput::Lock(LockRequest::Request)],
            "behind those that wait"
        );
        // The others had none either.
        node.handle_lock(at(6), &LockEvent::Granted);
        node.handle_store(at(7), StoreEvent::Opened(Box::default()));
        node.handle_link(at(8), other());
        node.handle_page(at(9), PageCommand::Token(Err("no session here".to_owned())));
        assert_eq!(node.role(), Role::Leader);
    }
}
