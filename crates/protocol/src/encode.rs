//! From messages to the bytes of a frame.

use crate::system::{ClientSystem, ServerSystem};
use crate::{Channel, Event, Json, Priority, encode_payload};
use serde::Serialize;
use serde_json::json;

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    payload: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

impl Envelope<'_> {
    fn text(&self) -> String {
        // Text, numbers and already valid JSON: serde_json cannot refuse it.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A message of a client, before it becomes bytes. Rows of the outbox keep the bytes.
///
/// ```
/// use sentinelops_protocol::{Channel, Json, Outbound, Priority};
///
/// let payload = Json::parse(r#"{"conversationId":"c1","content":"hi"}"#)?;
/// let message = Outbound {
///     id: "m1",
///     kind: "chat.message",
///     channel: Channel::Chat,
///     payload: &payload,
///     timestamp: 5,
///     priority: Priority::Normal,
/// };
/// assert!(message.encode().starts_with(r#"{"id":"m1","type":"chat.message","channel":"chat""#));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Outbound<'a> {
    /// The idempotency key, 1 to 64 characters.
    pub id: &'a str,
    /// The dotted type.
    pub kind: &'a str,
    /// The channel.
    pub channel: Channel,
    /// The payload.
    pub payload: &'a Json,
    /// Ms since the epoch.
    pub timestamp: u64,
    /// How urgent.
    pub priority: Priority,
}

impl Outbound<'_> {
    /// The envelope as JSON text.
    ///
    /// ```
    /// use sentinelops_protocol::{Channel, Json, Outbound, Priority};
    ///
    /// let (kind, channel, payload) = ("a.b", Channel::Activity, &Json::null());
    /// let text = Outbound { id: "m1", kind, channel, payload, timestamp: 5, priority: Priority::High }.encode();
    /// assert!(text.ends_with(r#""timestamp":5,"priority":"high"}"#), "normal priority is left out");
    /// ```
    pub fn encode(&self) -> String {
        Envelope {
            id: Some(self.id),
            kind: self.kind,
            channel: self.channel,
            topic: None,
            payload: self.payload,
            timestamp: Some(self.timestamp),
            priority: (self.priority != Priority::Normal).then_some(self.priority),
            seq: None,
            prev: None,
            cause: None,
        }
        .text()
    }
}

/// Id and time of a system message. A v1 peer needs neither; the documented format shows both.
///
/// ```
/// use sentinelops_protocol::{OutboundMeta, encode_client_system, system::ClientSystem, system::Ping};
///
/// // As the documented format shows it, for servers that want both.
/// let meta = OutboundMeta { id: Some("p1"), timestamp: Some(17) };
/// let text = encode_client_system(&ClientSystem::Ping(Ping { n: 1, sent_at: 16 }), meta);
/// assert!(text.contains(r#""id":"p1""#) && text.contains(r#""timestamp":17"#));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboundMeta<'a> {
    /// The envelope's id.
    pub id: Option<&'a str>,
    /// Ms since the epoch.
    pub timestamp: Option<u64>,
}

fn system(kind: &str, payload: &impl Serialize, meta: OutboundMeta<'_>) -> String {
    let payload = Json::from_value(payload).unwrap_or_else(|_| Json::null());
    Envelope {
        id: meta.id,
        kind,
        channel: Channel::System,
        topic: None,
        payload: &payload,
        timestamp: meta.timestamp,
        priority: None,
        seq: None,
        prev: None,
        cause: None,
    }
    .text()
}

/// A system message of a client as JSON text.
///
/// ```
/// use sentinelops_protocol::system::{ClientSystem, Ping};
/// use sentinelops_protocol::{OutboundMeta, encode_client_system};
///
/// let ping = ClientSystem::Ping(Ping { n: 1, sent_at: 16 });
/// assert_eq!(
///     encode_client_system(&ping, OutboundMeta::default()),
///     r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":16}}"#
/// );
/// ```
pub fn encode_client_system(message: &ClientSystem, meta: OutboundMeta<'_>) -> String {
    match message {
        ClientSystem::Hello(hello) => system("hello", hello, meta),
        ClientSystem::Auth { token } => system("auth", &json!({ "token": token }), meta),
        ClientSystem::Ping(ping) => system("ping", ping, meta),
        ClientSystem::Subscribe(entries) => system("subscribe", &json!({ "channels": entries }), meta),
        ClientSystem::Unsubscribe(subjects) => {
            let entries: Vec<_> =
                subjects.iter().map(|s| Entry { channel: s.channel, topic: &s.topic }).collect();
            system("unsubscribe", &json!({ "channels": entries }), meta)
        }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: &'a Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(flatten)]
    subject: Option<Entry<'a>>,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// A system message of a server as JSON text.
///
/// ```
/// use sentinelops_protocol::{OutboundMeta, encode_server_system, system::ServerSystem};
///
/// let ack = ServerSystem::Ack { ids: vec!["m1".to_owned()] };
/// assert_eq!(
///     encode_server_system(&ack, OutboundMeta::default()),
///     r#"{"type":"ack","channel":"system","payload":{"ids":["m1"]}}"#
/// );
/// ```
pub fn encode_server_system(message: &ServerSystem, meta: OutboundMeta<'_>) -> String {
    match message {
        ServerSystem::Welcome(welcome) => system("welcome", welcome, meta),
        ServerSystem::Authed { expires_in_ms } => {
            system("authed", &json!({ "expiresInMs": expires_in_ms }), meta)
        }
        ServerSystem::Subscribed(subscribed) => system("subscribed", subscribed, meta),
        ServerSystem::Snapshot(snapshot) => system("snapshot", snapshot, meta),
        ServerSystem::Denied { subject, code, message } => {
            let subject = Some(Entry { channel: subject.channel, topic: &subject.topic });
            let refusal = Refusal { id: None, subject, code: code.as_str(), message, retry_after_ms: None };
            system("denied", &refusal, meta)
        }
        ServerSystem::Ack { ids } => system("ack", &json!({ "ids": ids }), meta),
        ServerSystem::Nack { id, code, message, retry_after_ms } => {
            let code = code.as_str();
            let retry_after_ms = *retry_after_ms;
            system("nack", &Refusal { id: Some(id), subject: None, code, message, retry_after_ms }, meta)
        }
        ServerSystem::Error { code, message, id } => {
            let (id, code) = (id.as_deref(), code.as_str());
            system("error", &Refusal { id, subject: None, code, message, retry_after_ms: None }, meta)
        }
        ServerSystem::Goodbye { reason, reconnect_window_ms } => {
            system("goodbye", &json!({ "reason": reason, "reconnectWindowMs": reconnect_window_ms }), meta)
        }
        ServerSystem::Pong(ping) => system("pong", ping, meta),
    }
}

impl Event {
    /// The envelope as JSON text, as a server sends it.
    ///
    /// ```
    /// use sentinelops_protocol::{Limits, ServerMessage, decode_server_frame};
    ///
    /// let frame = r#"{"type":"a.b","channel":"activity","payload":{"n":1},"seq":7}"#;
    /// let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client())?;
    /// let ServerMessage::Event(event) = &decoded.messages[0] else { panic!("not an event") };
    /// assert_eq!(event.encode(), frame);
    /// # Ok::<(), sentinelops_protocol::FrameError>(())
    /// ```
    pub fn encode(&self) -> String {
        Envelope {
            id: self.id.as_deref(),
            kind: &self.kind,
            channel: self.channel,
            topic: self.topic.as_deref(),
            payload: &encode_payload(&self.payload),
            timestamp: self.timestamp,
            priority: (self.priority != Priority::Normal).then_some(self.priority),
            seq: self.seq,
            prev: self.prev,
            cause: self.cause.as_deref(),
        }
        .text()
    }
}

/// One frame from several envelopes: the envelope itself when it is alone, else an array.
///
/// ```
/// use sentinelops_protocol::encode_batch;
///
/// assert_eq!(encode_batch(&["{}"]), "{}");
/// assert_eq!(encode_batch(&["{}", "{}"]), "[{},{}]");
/// ```
pub fn encode_batch<S: AsRef<str>>(envelopes: &[S]) -> String {
    if let [one] = envelopes {
        return one.as_ref().to_owned();
    }
    let length: usize = envelopes.iter().map(|e| e.as_ref().len() + 1).sum();
    let mut frame = String::with_capacity(length + 1);
    frame.push('[');
    for (at, envelope) in envelopes.iter().enumerate() {
        if at > 0 {
            frame.push(',');
        }
        frame.push_str(envelope.as_ref());
    }
    frame.push(']');
    frame
}
