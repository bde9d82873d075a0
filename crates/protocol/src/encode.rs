//! From messages to the bytes of a frame.

use crate::system::{ClientSystem, Ping, ServerSystem, SnapshotItem, SubscribeEntry, Welcome};
use crate::write::{Object, array};
use crate::{Channel, Code, Event, Json, Payload, Priority, Subject, wire};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// Normal priority is left out.
fn named(priority: Priority) -> Option<&'static str> {
    (priority != Priority::Normal).then_some(priority.as_str())
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
/// # Ok::<(), sentinelops_protocol::JsonError>(())
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
        Object::new()
            .text("id", self.id)
            .text("type", self.kind)
            .text("channel", self.channel.as_str())
            .json("payload", self.payload.as_str())
            .number("timestamp", self.timestamp)
            .optional_text("priority", named(self.priority))
            .end()
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

fn system(kind: &str, payload: &str, meta: OutboundMeta<'_>) -> String {
    Object::new()
        .optional_text("id", meta.id)
        .text("type", kind)
        .text("channel", Channel::System.as_str())
        .json("payload", payload)
        .optional_number("timestamp", meta.timestamp)
        .end()
}

fn subject(subject: &Subject) -> Object {
    place(subject.channel, subject.topic.as_deref())
}

fn place(channel: Channel, topic: Option<&str>) -> Object {
    Object::new().text("channel", channel.as_str()).optional_text("topic", topic)
}

fn entry(entry: &SubscribeEntry) -> String {
    let object = place(entry.channel, entry.topic.as_deref());
    match &entry.since {
        None => object,
        Some(since) => {
            object.json("since", &Object::new().text("epoch", &since.epoch).number("seq", since.seq).end())
        }
    }
    .end()
}

/// An object whose one field is an array.
fn list(name: &str, items: &[String]) -> Object {
    Object::new().json(name, &array(items))
}

fn each<T>(items: &[T], write: impl Fn(&T) -> String) -> Vec<String> {
    items.iter().map(write).collect()
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
    let (kind, payload) = match message {
        ClientSystem::Hello(hello) => {
            let object =
                Object::new().number("protocol", hello.protocol.into()).text("client", &hello.client);
            ("hello", object.text("session", &hello.session).number("term", hello.term))
        }
        ClientSystem::Auth { token } => ("auth", Object::new().text("token", token)),
        ClientSystem::Ping(ping) => ("ping", self::ping(ping)),
        ClientSystem::Subscribe(entries) => ("subscribe", list("channels", &each(entries, entry))),
        ClientSystem::Unsubscribe(subjects) => {
            ("unsubscribe", list("channels", &each(subjects, |one| subject(one).end())))
        }
    };
    system(kind, &payload.end(), meta)
}

fn ping(ping: &Ping) -> Object {
    Object::new().number("n", ping.n).number("sentAt", ping.sent_at)
}

fn refusal(object: Object, code: &Code, message: &str) -> Object {
    object.text("code", code.as_str()).text("message", message)
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
    let (kind, payload) = match message {
        ServerSystem::Welcome(welcome) => ("welcome", self::welcome(welcome)),
        ServerSystem::Authed { expires_in_ms: None } => ("authed", Object::new().json("expiresInMs", "null")),
        ServerSystem::Authed { expires_in_ms: Some(ms) } => {
            ("authed", Object::new().number("expiresInMs", *ms))
        }
        ServerSystem::Subscribed(subscribed) => {
            let object = place(subscribed.channel, subscribed.topic.as_deref());
            let object = object.text("epoch", &subscribed.epoch).number("seq", subscribed.seq);
            ("subscribed", object.text("continuity", subscribed.continuity.as_str()))
        }
        ServerSystem::Snapshot(snapshot) => {
            let object = place(snapshot.channel, snapshot.topic.as_deref())
                .text("epoch", &snapshot.epoch)
                .number("seq", snapshot.seq)
                .number("part", snapshot.part.into())
                .json("last", if snapshot.last { "true" } else { "false" });
            ("snapshot", object.json("items", &array(&each(&snapshot.items, SnapshotItem::encode))))
        }
        ServerSystem::Denied { subject: denied, code, message } => {
            ("denied", refusal(subject(denied), code, message))
        }
        ServerSystem::Ack { ids } => {
            let ids = each(ids, |id| serde_json::to_string(id).unwrap_or_default());
            ("ack", list("ids", &ids))
        }
        ServerSystem::Nack { id, code, message, retry_after_ms } => {
            let object = refusal(Object::new().text("id", id), code, message);
            ("nack", object.optional_number("retryAfterMs", *retry_after_ms))
        }
        ServerSystem::Error { code, message, id } => {
            ("error", refusal(Object::new().optional_text("id", id.as_deref()), code, message))
        }
        ServerSystem::Goodbye { reason, reconnect_window_ms } => {
            let object = Object::new().text("reason", reason);
            ("goodbye", object.number("reconnectWindowMs", *reconnect_window_ms))
        }
        ServerSystem::Storage { available, message, retry_after_ms } => {
            let object = Object::new().json("available", if *available { "true" } else { "false" });
            ("storage", object.text("message", message).optional_number("retryAfterMs", *retry_after_ms))
        }
        ServerSystem::Pong(None) => return system("pong", "null", meta),
        ServerSystem::Pong(Some(ping)) => ("pong", self::ping(ping)),
    };
    system(kind, &payload.end(), meta)
}

fn welcome(welcome: &Welcome) -> Object {
    Object::new()
        .number("protocol", welcome.protocol.into())
        .text("session", &welcome.session)
        .text("user", &welcome.user)
        .number("now", welcome.now)
        .number("maxMessageBytes", welcome.max_message_bytes)
        .number("maxInFlight", welcome.max_in_flight.into())
        .number("reconnectWindowMs", welcome.reconnect_window_ms)
        .optional_float("rate", welcome.rate)
        .optional_number("expiresInMs", welcome.expires_in_ms)
}

impl SnapshotItem {
    /// The item as JSON text, as a snapshot holds it.
    ///
    /// ```
    /// use sentinelops_protocol::{Json, system::SnapshotItem};
    ///
    /// let item = SnapshotItem { kind: "a.b".to_owned(), payload: Json::parse("{}")?, timestamp: Some(5) };
    /// assert_eq!(item.encode(), r#"{"type":"a.b","payload":{},"timestamp":5}"#);
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn encode(&self) -> String {
        Object::new()
            .text("type", &self.kind)
            .json("payload", self.payload.as_str())
            .optional_number("timestamp", self.timestamp)
            .end()
    }
}

/// The JSON of [`SnapshotItem::encode`].
impl Serialize for SnapshotItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json::of(&self.encode()).serialize(serializer)
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
        let payload = match &self.payload {
            Payload::Raw(json) => Cow::Borrowed(json.as_str()),
            typed => Cow::Owned(wire::write(typed)),
        };
        Object::new()
            .optional_text("id", self.id.as_deref())
            .text("type", &self.kind)
            .text("channel", self.channel.as_str())
            .optional_text("topic", self.topic.as_deref())
            .json("payload", &payload)
            .optional_number("timestamp", self.timestamp)
            .optional_text("priority", named(self.priority))
            .optional_number("seq", self.seq)
            .optional_number("prev", self.prev)
            .optional_text("cause", self.cause.as_deref())
            .end()
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
    array(envelopes)
}
