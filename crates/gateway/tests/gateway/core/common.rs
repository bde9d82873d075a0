//! A gateway in simulated time, and clients that keep what they were sent.

use sentinelops_gateway::{
    Answer, ConnId, Durable, Gateway, GatewayConfig, NewEvent, Now, Output, Record, Store, TestConfig,
};
use sentinelops_protocol::domain::{
    AgentStatus, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Presence,
};
use sentinelops_protocol::system::{
    ClientSystem, Hello, Ping, ServerSystem, Since, Snapshot, SubscribeEntry, Subscribed,
};
use sentinelops_protocol::{
    Channel, Code, Event, Json, Limits, Outbound, OutboundMeta, Payload, Priority, ServerMessage, Subject,
    decode_server_frame, encode_client_system,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub const WALL: u64 = 1_700_000_000_000;

/// Everything that was sent to one connection and not looked at yet.
#[derive(Debug, Default)]
pub struct Inbox {
    pub messages: Vec<ServerMessage>,
    /// Envelopes per frame.
    pub frames: Vec<usize>,
    pub closed: Option<(u16, String)>,
}

pub struct World {
    pub gateway: Gateway,
    pub mono: u64,
    /// Tokens to check, oldest first.
    pub checks: Vec<(ConnId, String)>,
    /// Answers to requests, oldest first.
    pub answers: Vec<(u64, Answer)>,
    inboxes: HashMap<ConnId, Inbox>,
}

/// Commits on request.
#[derive(Clone, Debug, Default)]
pub struct SlowStore(Arc<Mutex<(Vec<Record>, u64)>>);

impl SlowStore {
    pub fn records(&self) -> Vec<Record> {
        self.0.lock().expect("one thread").0.clone()
    }

    pub fn commit(&self, seq: u64) {
        self.0.lock().expect("one thread").1 = seq;
    }

    pub fn commit_all(&self) {
        self.commit(self.records().len() as u64);
    }
}

impl Store for SlowStore {
    fn append(&mut self, record: Record) -> u64 {
        let (records, _) = &mut *self.0.lock().expect("one thread");
        records.push(record);
        records.len() as u64
    }

    fn committed(&self) -> u64 {
        self.0.lock().expect("one thread").1
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(GatewayConfig {
            test: TestConfig { effects_kept: 1_000, ..TestConfig::default() },
            ..GatewayConfig::default()
        })
    }

    pub fn with(config: GatewayConfig) -> Self {
        Self {
            gateway: Gateway::new(config, 7),
            mono: 1_000,
            checks: Vec::new(),
            answers: Vec::new(),
            inboxes: HashMap::new(),
        }
    }

    /// With a store that commits when the test says so.
    pub fn with_store(store: &SlowStore) -> Self {
        let mut world = Self::new();
        world.gateway = world.gateway.with_store(Box::new(store.clone()));
        world
    }

    pub fn now(&self) -> Now {
        Now { mono: self.mono, wall: WALL + self.mono }
    }

    /// A restart: every connection is gone, `keep` decides what is remembered.
    pub fn restart(&mut self, seed: u64, keep: impl FnOnce(Durable) -> Durable) {
        let durable = keep(self.gateway.durable());
        self.gateway = Gateway::restore(self.gateway.config().clone(), seed, durable, self.now());
        self.inboxes.clear();
    }

    pub fn carry_out(&mut self) {
        while let Some(output) = self.gateway.poll_output() {
            match output {
                Output::Send { conn, frame, .. } => {
                    let decoded =
                        decode_server_frame(&frame, &Limits::to_client()).expect("a readable frame");
                    assert_eq!(decoded.problems, [], "in {}", String::from_utf8_lossy(&frame));
                    let inbox = self.inboxes.entry(conn).or_default();
                    assert!(inbox.closed.is_none(), "a frame after the close");
                    inbox.frames.push(decoded.messages.len());
                    inbox.messages.extend(decoded.messages);
                }
                Output::Close { conn, code, reason } => {
                    let inbox = self.inboxes.entry(conn).or_default();
                    assert!(inbox.closed.replace((code, reason)).is_none(), "closed twice");
                }
                Output::CheckToken { conn, token } => self.checks.push((conn, token.as_str().to_owned())),
                Output::Answer { request, answer } => self.answers.push((request, answer)),
            }
        }
    }

    /// Lets time pass, with every timer at its moment.
    pub fn pass(&mut self, ms: u64) {
        let end = self.mono + ms;
        self.carry_out();
        while let Some(at) = self.gateway.poll_timeout().filter(|at| *at <= end) {
            self.mono = self.mono.max(at);
            self.gateway.timeout(self.now());
            self.carry_out();
        }
        self.mono = end;
    }

    /// What came for a connection since the last look.
    pub fn look(&mut self, conn: ConnId) -> Inbox {
        self.pass(20);
        self.inboxes.remove(&conn).unwrap_or_default()
    }

    /// The same without letting any time pass.
    pub fn taken(&mut self, conn: ConnId) -> Inbox {
        self.inboxes.remove(&conn).unwrap_or_default()
    }

    pub fn connect(&mut self, user: &str) -> ConnId {
        self.gateway.connect(self.now(), user)
    }

    /// Connected and welcomed.
    pub fn client(&mut self, user: &str) -> ConnId {
        let conn = self.connect(user);
        self.hello(conn, &format!("session of {user} {conn}"), 1);
        let inbox = self.look(conn);
        assert!(matches!(inbox.messages[..], [ServerMessage::System(ServerSystem::Welcome(_))]));
        conn
    }

    /// Welcomed and subscribed to the whole channels; the snapshots are looked at already.
    pub fn subscriber(&mut self, user: &str, channels: &[Channel]) -> ConnId {
        let conn = self.client(user);
        let entries = channels.iter().map(|channel| entry(Subject::channel(*channel), None)).collect();
        self.system(conn, &ClientSystem::Subscribe(entries));
        self.look(conn);
        conn
    }

    pub fn raw(&mut self, conn: ConnId, frame: &str) {
        self.gateway.receive(self.now(), conn, frame.as_bytes());
    }

    pub fn system(&mut self, conn: ConnId, message: &ClientSystem) {
        let frame = encode_client_system(message, OutboundMeta::default());
        self.raw(conn, &frame);
    }

    pub fn hello(&mut self, conn: ConnId, session: &str, term: u64) {
        let hello = Hello { protocol: 1, client: "test".into(), session: session.into(), term };
        self.system(conn, &ClientSystem::Hello(hello));
    }

    pub fn ping(&mut self, conn: ConnId, n: u64) {
        self.system(conn, &ClientSystem::Ping(Ping { n, sent_at: n * 10 }));
    }

    pub fn subscribe(&mut self, conn: ConnId, subject: Subject, since: Option<(&str, u64)>) {
        self.system(conn, &ClientSystem::Subscribe(vec![entry(subject, since)]));
    }

    pub fn send(&mut self, conn: ConnId, id: &str, kind: &str, payload: &str) {
        let channel = match kind.split('.').next() {
            Some("incident") => Channel::Incidents,
            Some("agent") => Channel::Agents,
            Some("chat") => Channel::Chat,
            Some("alert") => Channel::Alerts,
            _ => Channel::Activity,
        };
        let payload = Json::parse(payload).expect("JSON in the test");
        let message =
            Outbound { id, kind, channel, payload: &payload, timestamp: WALL, priority: Priority::Normal };
        self.raw(conn, &message.encode());
    }

    pub fn publish(&mut self, payload: Payload) -> u64 {
        let event = NewEvent::of(payload).expect("a typed payload");
        self.gateway.publish(self.now(), event).unwrap_or(0)
    }

    pub fn incident(&mut self, id: &str) -> u64 {
        self.publish(incident(id, IncidentChange::Created, IncidentStatus::New))
    }
}

pub fn entry(subject: Subject, since: Option<(&str, u64)>) -> SubscribeEntry {
    SubscribeEntry {
        channel: subject.channel,
        topic: subject.topic,
        since: since.map(|(epoch, seq)| Since { epoch: epoch.into(), seq }),
    }
}

pub fn incident(id: &str, change: IncidentChange, status: IncidentStatus) -> Payload {
    let data = IncidentPatch {
        title: Patch::Set(format!("title of {id}")),
        status: Patch::Set(status),
        updated_at: Patch::Set(WALL),
        ..IncidentPatch::default()
    };
    Payload::Incident(IncidentEvent { incident_id: id.into(), change, data })
}

pub fn agent(id: &str, status: Presence, last_seen: u64) -> Payload {
    Payload::Agent(AgentStatus { agent_id: id.into(), status, last_seen, name: None, extra: None })
}

pub fn chat(id: &str, conversation: &str, content: &str, timestamp: u64) -> Payload {
    Payload::Chat(ChatMessage {
        id: id.into(),
        conversation_id: conversation.into(),
        sender_id: "agent-1".into(),
        content: content.into(),
        timestamp,
        extra: None,
    })
}

impl Inbox {
    pub fn systems(&self) -> impl Iterator<Item = &ServerSystem> {
        self.messages.iter().filter_map(|message| match message {
            ServerMessage::System(system) => Some(system),
            ServerMessage::Event(_) => None,
        })
    }

    pub fn events(&self) -> Vec<&Event> {
        let events = self.messages.iter().filter_map(|message| match message {
            ServerMessage::Event(event) => Some(event),
            ServerMessage::System(_) => None,
        });
        events.collect()
    }

    pub fn acks(&self) -> Vec<String> {
        let ids = |system: &ServerSystem| match system {
            ServerSystem::Ack { ids } => ids.clone(),
            _ => Vec::new(),
        };
        self.systems().flat_map(ids).collect()
    }

    /// id, code, message, retry
    pub fn nacks(&self) -> Vec<(String, Code, String, Option<u64>)> {
        let nack = |system: &ServerSystem| match system {
            ServerSystem::Nack { id, code, message, retry_after_ms } => {
                Some((id.clone(), code.clone(), message.clone(), *retry_after_ms))
            }
            _ => None,
        };
        self.systems().filter_map(nack).collect()
    }

    /// The ids refused for now.
    pub fn deferred(&self) -> Vec<String> {
        self.nacks().into_iter().filter(|nack| nack.3.is_some()).map(|nack| nack.0).collect()
    }

    pub fn errors(&self) -> Vec<(Code, String, Option<String>)> {
        let error = |system: &ServerSystem| match system {
            ServerSystem::Error { code, message, id } => Some((code.clone(), message.clone(), id.clone())),
            _ => None,
        };
        self.systems().filter_map(error).collect()
    }

    pub fn subscribed(&self) -> &Subscribed {
        let found = self.systems().find_map(|system| match system {
            ServerSystem::Subscribed(subscribed) => Some(subscribed),
            _ => None,
        });
        found.expect("a subscribed")
    }

    pub fn snapshots(&self) -> Vec<&Snapshot> {
        let snapshots = self.systems().filter_map(|system| match system {
            ServerSystem::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        });
        snapshots.collect()
    }

    pub fn denied(&self) -> Vec<String> {
        let denied = |system: &ServerSystem| match system {
            ServerSystem::Denied { subject, code, message } => Some(format!("{subject} {code} {message}")),
            _ => None,
        };
        self.systems().filter_map(denied).collect()
    }
}

/// `prev`, then `seq`, of every event.
pub fn chain(events: &[&Event]) -> Vec<(u64, u64)> {
    events.iter().map(|e| (e.prev.expect("prev"), e.seq.expect("seq"))).collect()
}
