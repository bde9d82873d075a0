//! What no worker could save outlives a reload: when the page goes, the unsaved messages are kept in the
//! tab's `sessionStorage`, and the next client of the same scope takes them back.
//!
//! For the failures that only a reload heals (a blocked worker, one of another build) this is all that
//! carries them over. What is kept belongs to the session it was written in: after a sign-out, also one
//! in another tab, it is dropped. Tokens are no messages and never get here.

use super::Client;
use crate::MessageId;
use crate::send_log::SendLog;
use sentinelops_engine::{OutboxOptions, SendRequest};

/// The messages as text: JSON, because a later build has to read it. `None`: there is nothing to keep,
/// or nothing may be.
fn write(send_log: &SendLog, outbox: &OutboxOptions, session: &str) -> Option<String> {
    let kept: Vec<&SendRequest> = send_log.lost_with_page().filter(|request| request.queue).collect();
    if kept.is_empty() || !(outbox.enabled && outbox.persist) {
        return None;
    }
    serde_json::to_string(&(session, kept)).ok()
}

/// What was written in this session, as what may have been sent already.
fn read(text: &str, session: &str) -> Vec<SendRequest> {
    match serde_json::from_str::<(String, Vec<SendRequest>)>(text) {
        Ok((of, kept)) if of == session => {
            kept.into_iter().map(|request| SendRequest { again: true, ..request }).collect()
        }
        _ => Vec::new(),
    }
}

impl Client {
    /// The page goes away, for now or for good. Where the session's name cannot be stored, nothing can.
    pub(super) fn keep_unsaved(&self) {
        let state = self.state();
        if let Some((scope, session)) = &state.session.name {
            let text = write(&state.sends.log, &self.0.settings.options.outbox, session);
            self.platform().keep(scope, text.as_deref());
        }
    }

    /// The page came back, or its session is over: what was kept is in memory still, or nobody's.
    pub(super) fn drop_kept(&self) {
        self.platform().keep(&self.0.settings.scope(&self.platform().base_path()), None);
    }

    /// An earlier life of this page left these, in their order.
    pub(super) fn take_back(&self) {
        let platform = self.platform();
        let scope = self.0.settings.scope(&platform.base_path());
        let session = platform.session(&scope);
        // Already now: a worker that cannot even be made is what this is for.
        self.name_session(&scope, &session);
        let Some(text) = platform.kept(&scope) else { return };
        platform.keep(&scope, None);
        for request in read(&text, &session) {
            let id = MessageId::from(request.id.as_str());
            self.state_mut().sends.log.add(&id, &request);
            self.show_at_once(&id, (request.channel, &request.kind), &request.payload, platform.wall());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn sent(send_log: &mut SendLog, id: &str, message: Message) {
        let id = MessageId::from(id);
        send_log.add(&id, &message.into_request(&id));
    }

    fn send_log() -> SendLog {
        let mut send_log = SendLog::default();
        sent(&mut send_log, "b", Message::chat("c", "first"));
        sent(&mut send_log, "t", Message::typing("c"));
        sent(&mut send_log, "n", Message::chat("c", "now or never").unqueued());
        sent(&mut send_log, "a", Message::chat("c", "\"second\""));
        send_log
    }

    #[test]
    fn what_may_wait_comes_back_in_order_as_it_was() {
        let outbox = OutboxOptions::default();
        let text = write(&send_log(), &outbox, "s").unwrap();
        let back = read(&text, "s");
        let wanted: Vec<SendRequest> = send_log().lost_with_page().filter(|r| r.queue).cloned().collect();
        assert_eq!(back.iter().map(|request| &*request.id).collect::<Vec<_>>(), ["b", "a"]);
        assert!(
            back.iter()
                .zip(&wanted)
                .all(|(back, sent)| { *back == SendRequest { again: true, ..sent.clone() } })
        );
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be() {
        let outbox = OutboxOptions::default();
        assert_eq!(write(&SendLog::default(), &outbox, "s"), None);
        for outbox in [
            OutboxOptions { persist: false, ..outbox.clone() },
            OutboxOptions { enabled: false, ..outbox.clone() },
        ] {
            assert_eq!(write(&send_log(), &outbox, "s"), None);
        }
    }

    #[test]
    fn another_session_and_damage_bring_nothing_back() {
        let text = write(&send_log(), &OutboxOptions::default(), "s").unwrap();
        for (text, session) in [(&*text, "t"), (&text[..text.len() - 2], "s"), ("", "s"), ("[\"s\",7]", "s")]
        {
            assert_eq!(read(text, session), []);
        }
    }
}
