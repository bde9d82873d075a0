//! Sending: mints the id, adds the message to the send_log, hands it over.

use super::changes::Dependency;
use super::{Client, SentMessage};
use crate::bridge::ToWorker;
use crate::fold::OwnChat;
use crate::id::ulid;
use crate::recorder::{MessageTrace, RecordKind};
use crate::{IncidentEdit, Message, MessageId, SendState};
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageUpdate, SendRequest};
use sentinelops_protocol::domain::ChatMessage;
use sentinelops_protocol::{Channel, Fields, Json, Subject, decode_incident_create, decode_incident_update};
use std::rc::Rc;

/// Own chat messages a page keeps.
const OWN_CHAT: usize = 1_000;

/// Why a client that only shows sends nothing.
const READ_ONLY: &str = "this page only shows (`read_only`)";

/// All incidents.
pub(super) fn incidents() -> Subject {
    Subject::channel(Channel::Incidents)
}

impl Client {
    /// Sends a message. Never waits: it is queued on this device while there is no connection, and sent exactly in this
    /// order among those of its incident or conversation. Follow it with [`use_send_state`](crate::use_send_state), or
    /// await [`SentMessage::delivered`].
    ///
    /// ```
    /// use sentinelops_realtime::{Client, Message};
    ///
    /// fn greet(client: &Client) {
    ///     let sent = client.send(Message::chat("conv-1", "hello"));
    ///     log::info!("sent as {}", sent.id());
    /// }
    /// ```
    pub fn send(&self, message: impl Into<Message>) -> SentMessage {
        let platform = self.platform();
        let (wall, mono) = (platform.wall(), platform.mono());
        let id = MessageId::from(ulid(wall, platform.random()));
        let request = message.into().into_request(&id);
        let contents = self.sent_contents(request.payload.as_str());
        let line =
            format!("send {id}: {} on {} ({}){contents}", request.kind, request.channel, request.priority);
        self.record(RecordKind::Send, line);
        {
            let mut state = self.state_mut();
            state.sends.log.add(&id, &request);
            state.listeners.dirty.insert(Dependency::Send(id.clone()));
            if !request.ephemeral {
                let payload =
                    self.0.settings.options.debug_contents.then(|| request.payload.as_str().to_owned());
                state.recorder.created(trace(&request, wall, payload));
            }
        }
        let is_receipt = matches!(&*request.kind, "chat.delivered" | "chat.read");
        if !is_receipt && !request.ephemeral {
            self.note_own_send(mono);
        }
        self.show_at_once(&id, (request.channel, &request.kind), &request.payload, wall);
        if let Some(reason) = self.refusal(&request) {
            self.refuse(&id, reason, mono);
        } else {
            {
                let mut state = self.state_mut();
                if state.worker.port.is_some() {
                    state.sends.log.mark_handed_over(&id);
                }
            }
            self.post(ToWorker::Send(vec![request]));
        }
        self.schedule_flush();
        SentMessage::new(id, self.downgrade())
    }

    /// An id that no incident has: 48 bits of time and 30 of chance.
    pub(crate) fn new_incident_id(&self) -> String {
        let platform = self.platform();
        let id = ulid(platform.wall(), platform.random()).to_ascii_lowercase();
        format!("inc-{}", &id[..16])
    }

    /// Why no worker will accept the message. It is refused at once, because no answer would come.
    fn refusal(&self, request: &SendRequest) -> Option<FailReason> {
        if self.is_signed_out() || self.is_ending() {
            return Some(FailReason::SignedOut);
        }
        if self.0.settings.options.read_only {
            return Some(FailReason::Invalid { detail: READ_ONLY.to_owned() });
        }
        let queues = request.queue && self.0.settings.options.outbox.enabled;
        let lost = !queues && !request.ephemeral && self.state().worker.port.is_none();
        (lost || self.0.setup_error.is_some()).then_some(FailReason::NotConnected)
    }

    pub(super) fn refuse(&self, id: &MessageId, reason: FailReason, now: u64) {
        let delivery = DeliveryState::Failed(reason);
        let update = MessageUpdate { id: id.to_string(), durability: Durability::MemoryOnly, delivery };
        self.take_update(&update, now);
    }

    /// Own edits and chat messages are seen before the server has them.
    pub(super) fn show_at_once(
        &self,
        id: &MessageId,
        what: (Channel, &str),
        payload: &Json,
        created_at: u64,
    ) {
        let mut state = self.state_mut();
        match what {
            (Channel::Incidents, "incident.update") => {
                if let Ok(update) = decode_incident_update(payload) {
                    state.sends.edits.add(id.clone(), &IncidentEdit::from(update));
                    state.listeners.dirty.insert(Dependency::Subject(incidents()));
                }
            }
            (Channel::Incidents, "incident.create") => {
                if let Ok(new) = decode_incident_create(payload) {
                    state.sends.edits.create(id.clone(), &IncidentEdit::from(new), created_at);
                    state.listeners.dirty.insert(Dependency::Subject(incidents()));
                }
            }
            (Channel::Chat, "chat.message") => {
                let Ok(mut chat) = Fields::of("chat.message", payload) else { return };
                let (Ok(conversation_id), Ok(content)) = (chat.text("conversationId"), chat.text("content"))
                else {
                    return;
                };
                let subject = Subject::topic(Channel::Chat, conversation_id.as_str());
                let message = Rc::new(ChatMessage {
                    id: id.to_string(),
                    conversation_id,
                    sender_id: self.0.settings.options.user.clone().unwrap_or_default(),
                    content,
                    timestamp: created_at,
                    extra: None,
                });
                if state.sends.own_chat.len() >= OWN_CHAT {
                    let over = state.sends.own_chat.iter().position(|own| own.state.is_final()).unwrap_or(0);
                    state.sends.own_chat.remove(over);
                }
                state.sends.own_chat.push(OwnChat { id: id.clone(), message, state: SendState::default() });
                state.sends.own_chat_version += 1;
                state.listeners.dirty_subject(&subject);
            }
            _ => {}
        }
    }
}

fn trace(request: &SendRequest, created: u64, payload: Option<String>) -> MessageTrace {
    MessageTrace {
        id: request.id.clone(),
        kind: request.kind.clone(),
        channel: request.channel,
        created,
        saved: None,
        sent: None,
        acked: None,
        rendered: None,
        state: SendState::default().label(),
        payload,
    }
}
