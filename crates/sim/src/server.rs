//! The server: the gateway's real core, with what happens to a process round it.

use crate::clock::WALL_START;
use crate::disk::Disk;
use crate::lies::Lies;
use crate::script::{Rare, ServerKind, Setup};
use sentinelops_engine::mutant::{self, Mutant};
use sentinelops_gateway::{
    Auth, Bug, ConnId, Durable, Gateway, GatewayConfig, Identity, Mode, NewEvent, Now, Rights, TestConfig,
};
use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch,
    IncidentStatus, Patch, Presence, Severity,
};
use sentinelops_protocol::{Channel, Payload, Subject};
use std::collections::HashMap;

/// The user that the server takes every connection for.
pub const USER: &str = "ana";
/// How many conversations there are; what is published goes to one after the other.
pub const CONVERSATIONS: u16 = 3;
/// `high_water_bytes` of a server that hands little to a socket at once.
const SLOW_READS_BYTES: usize = 500;

/// A conversation with one old message.
const QUIET_CONVERSATION: &str = "quiet";
/// Incidents and alerts that are finished at once have numbers above this.
const FINISHED_FROM: u64 = 1_000_000;

/// What is wrong with a server for a while.
#[derive(Debug, Default)]
pub struct Faults {
    /// New connections are closed right after their welcome until then.
    pub flap_until: u64,
    /// What it sends of events is sent twice until then.
    pub twice_until: u64,
    /// Commands are nacked until then.
    pub nacks_until: u64,
    /// What is wrong in its welcomes.
    pub lies: Lies,
    /// Events whose envelopes arrive broken: how they begin.
    pub cursed: Vec<String>,
    /// Channels whose next event is to be cursed.
    pub curse_next: Vec<Channel>,
}

/// A server and its lives.
#[derive(Debug)]
pub struct Server {
    /// Which kind.
    pub kind: ServerKind,
    config: GatewayConfig,
    /// Nothing while it is down.
    pub gateway: Option<Gateway>,
    memory: Option<Durable>,
    /// Where its records go, in worlds where that takes time.
    pub disk: Option<Disk>,
    /// Counts its lives.
    pub life: u32,
    seed: u64,
    /// Which connection of the world a connection of the gateway is.
    pub conns: HashMap<u64, usize>,
    effects_seen: u64,
    /// What is wrong with it for a while.
    pub faults: Faults,
    /// Tokens give no right to write to `agents`.
    narrow_rights: bool,
    /// How long a token is good, ms.
    token_ms: Option<u64>,
    published: u64,
    /// So many incidents and alerts were finished at once: from then on there are others.
    finished: u64,
    /// What the process that ended knew.
    before: Option<Vec<(Subject, Vec<String>)>>,
    /// What it should not have forgotten.
    pub wrong: Option<String>,
}

impl Server {
    /// A server that has been running for a while.
    pub fn new(setup: &Setup) -> Self {
        let config = GatewayConfig {
            mode: if setup.server == ServerKind::V1 { Mode::V1 } else { Mode::Basic },
            history_events: setup.history,
            max_in_flight: setup.in_flight,
            reconnect_window_ms: setup.window_ms,
            test: TestConfig { effects_kept: 1_000_000, nack_retry_ms: 300, ..TestConfig::default() },
            ..GatewayConfig::default()
        };
        let gateway = Gateway::restore(config.clone(), setup.seed, Durable::default(), Self::now(0));
        let mut server = Self {
            kind: setup.server,
            config,
            gateway: Some(gateway),
            memory: None,
            disk: None,
            life: 1,
            seed: setup.seed,
            conns: HashMap::new(),
            effects_seen: 0,
            faults: Faults::default(),
            narrow_rights: false,
            token_ms: None,
            published: 0,
            finished: 0,
            before: None,
            wrong: None,
        };
        if server.kind == ServerKind::V1 {
            server.publish(0, Payload::Chat(chat(0, QUIET_CONVERSATION.to_owned(), WALL_START)));
            for n in 0..3 {
                server.publish(0, Payload::Incident(incident(n, IncidentChange::Created, 0)));
                server.publish(0, Payload::Alert(alert(n, AlertChange::Raised)));
            }
        }
        server
    }

    /// The same server with what few have, before anybody connects.
    #[must_use]
    pub fn with(mut self, rare: &Rare) -> Self {
        self.config.traffic.rate = rare.rate;
        let checks = self.kind == ServerKind::V1;
        self.token_ms = rare.token_ms.filter(|_| checks);
        self.narrow_rights = rare.narrow_rights;
        if self.narrow_rights || self.token_ms.is_some() {
            self.config.auth = Auth::Required;
        }
        if rare.slow_reads {
            self.config.high_water_bytes = SLOW_READS_BYTES;
        }
        self.config.test.bug = [
            (Mutant::ServerIgnoresRights, Bug::IgnoreRights),
            (Mutant::ServerSkipsMeantime, Bug::SkipMeantime),
            (Mutant::ServerCountsThrice, Bug::CountThrice),
            (Mutant::ServerAcksEarly, Bug::LeaveEarly),
        ]
        .into_iter()
        .find_map(|(planted, bug)| mutant::active(planted).then_some(bug));
        if mutant::active(Mutant::ServerForgets) {
            self.config.dedupe_ms = 0;
        }
        let memory = self.gateway.take().map(Gateway::into_durable).unwrap_or_default();
        let gateway = Gateway::restore(self.config.clone(), self.seed, memory, Self::now(0));
        self.gateway = Some(if rare.slow_disk { self.on_disk(gateway) } else { gateway });
        self
    }

    fn on_disk(&mut self, gateway: Gateway) -> Gateway {
        let disk = Disk::new(gateway.durable(), gateway.seq(), self.config.clone());
        self.disk = Some(disk.clone());
        gateway.with_store(Box::new(disk))
    }

    /// The server's clocks, which are right.
    pub fn now(time: u64) -> Now {
        Now { mono: time, wall: WALL_START + time }
    }

    /// Whether tokens give no right to write to `agents`.
    pub fn has_narrow_rights(&self) -> bool {
        self.narrow_rights
    }

    /// Whether little is handed to a socket at once.
    pub fn reads_slowly(&self) -> bool {
        self.config.high_water_bytes == SLOW_READS_BYTES
    }

    /// Who a token of this world is that is made at this time.
    pub fn identity(&self, time: u64) -> Identity {
        let all = Channel::ALL.map(Channel::as_str);
        let write = all.into_iter().filter(|name| *name != "agents" || !self.narrow_rights);
        Identity {
            rights: Rights::of(all, write.collect::<Vec<_>>()),
            expires_at_ms: self.token_ms.map(|ms| WALL_START + time + ms),
            ..Identity::open(USER)
        }
    }

    /// Id and type of what took effect since the last call.
    pub fn new_effects(&mut self) -> Vec<(String, String)> {
        let Some(gateway) = &self.gateway else { return Vec::new() };
        if let Some(disk) = &self.disk {
            return disk.new_effects();
        }
        let accepted = gateway.stats().accepted;
        let new = accepted - self.effects_seen;
        if new == 0 {
            return Vec::new();
        }
        self.effects_seen = accepted;
        let newest = gateway.effects().rev().take(new as usize);
        let mut ids: Vec<_> = newest.map(|e| (e.id.clone(), e.kind.clone())).collect();
        ids.reverse();
        ids
    }

    /// The process ends.
    pub fn stop(&mut self, forget: bool) {
        if let Some(gateway) = self.gateway.take() {
            // What a crash loses was promised to nobody.
            let loses = self.disk.as_ref().is_some_and(Disk::is_busy);
            self.before = (self.kind == ServerKind::V1 && !loses).then(|| remembered(&gateway));
            let memory = match &self.disk {
                Some(disk) => disk.durable(),
                None => gateway.into_durable(),
            };
            // Accepted ids are a promise: no restart forgets them.
            self.memory = Some(if forget { rewritten(&memory, &self.config) } else { memory });
        }
        self.conns.clear();
        self.effects_seen = 0;
    }

    /// A new process starts.
    pub fn start(&mut self, time: u64) {
        if self.gateway.is_some() {
            return;
        }
        self.life += 1;
        let seed = self.seed ^ (u64::from(self.life) << 32);
        let memory = self.memory.take().unwrap_or_default();
        let gateway = Gateway::restore(self.config.clone(), seed, memory, Self::now(time));
        if let Some(before) = self.before.take() {
            let mut now = remembered(&gateway).into_iter();
            let differs = before.into_iter().find(|before| now.next().as_ref() != Some(before));
            self.wrong = differs.map(|(subject, items)| {
                format!("a restart changed {subject}: it had {} items, {:?}", items.len(), items.last())
            });
        }
        self.gateway = Some(if self.disk.is_some() { self.on_disk(gateway) } else { gateway });
    }

    /// Whether more may be finished than it keeps.
    pub fn drops_finished(&self) -> bool {
        self.finished > 0
    }

    /// Incidents and alerts come and are over, each another one; the last incident is open.
    pub fn finish(&mut self, time: u64, count: u16) {
        for _ in 0..count {
            self.finished += 1;
            let n = FINISHED_FROM + self.finished;
            self.publish(time, Payload::Incident(incident(n, IncidentChange::Resolved, 0)));
            self.publish(time, Payload::Alert(alert(n, AlertChange::Cleared)));
        }
        self.publish(time, Payload::Incident(incident(2 * FINISHED_FROM, IncidentChange::Created, 0)));
    }

    /// The connection of the world behind one of the gateway.
    pub fn conn(&self, id: ConnId) -> Option<usize> {
        self.conns.get(&id.0).copied()
    }

    /// Something happens.
    pub fn publish(&mut self, time: u64, payload: Payload) {
        let Some(gateway) = &mut self.gateway else { return };
        let open = match &payload {
            Payload::Incident(event) if event.change != IncidentChange::Resolved => {
                Some(event.incident_id.clone())
            }
            _ => None,
        };
        let Some(event) = NewEvent::of(payload) else { return };
        let channel = event.channel;
        if self.kind == ServerKind::V1 {
            let seq = gateway.publish(Self::now(time), event);
            if let Some(id) = open
                && gateway.state(&Subject::topic(Channel::Incidents, id.clone())).is_empty()
            {
                self.wrong = Some(format!("{id} is open and not in the state"));
            }
            if let (Some(seq), Some(at)) = (seq, self.faults.curse_next.iter().position(|c| *c == channel)) {
                self.faults.curse_next.remove(at);
                self.faults.cursed.push(format!("\"id\":\"{}-{channel}-{seq}\",\"type\"", gateway.epoch()));
            }
        }
    }

    /// Something of a channel, the next in a row.
    pub fn payload(&mut self, time: u64, channel: Channel) -> Option<Payload> {
        self.published += 1;
        let n = self.published;
        let timestamp = WALL_START + time;
        Some(match channel {
            Channel::Incidents => {
                let change = match n % 4 {
                    0 => IncidentChange::Created,
                    1 => IncidentChange::Escalated,
                    2 => IncidentChange::Resolved,
                    _ => IncidentChange::Updated,
                };
                // What was finished may be forgotten: it does not come back with half of what it was.
                let first = if self.finished > 0 { 3 * FINISHED_FROM } else { 0 };
                Payload::Incident(incident(first + n % 7, change, n))
            }
            Channel::Agents => Payload::Agent(AgentStatus {
                agent_id: format!("agent-{}", n % 5),
                status: if n.is_multiple_of(2) { Presence::Busy } else { Presence::Online },
                last_seen: timestamp,
                name: None,
                extra: None,
            }),
            Channel::Chat => {
                Payload::Chat(chat(n, format!("conv-{}", n % u64::from(CONVERSATIONS)), timestamp))
            }
            Channel::Alerts => {
                let change = if n.is_multiple_of(3) { AlertChange::Cleared } else { AlertChange::Raised };
                Payload::Alert(alert(n % 6, change))
            }
            Channel::Activity => Payload::Activity(Activity {
                id: format!("activity-{n}"),
                actor: "ben".to_owned(),
                action: "looked".to_owned(),
                target: Some(format!("inc-{}", n % 3)),
                timestamp,
                extra: None,
            }),
            Channel::System | Channel::Timeline | Channel::Stats => return None,
        })
    }

    /// What the network makes of a frame: cursed events lose their type.
    pub fn spoil(&self, frame: &mut [u8]) -> bool {
        let mut spoilt = false;
        for mark in &self.faults.cursed {
            let mark = mark.as_bytes();
            if let Some(at) = frame.windows(mark.len()).position(|w| w == mark) {
                // `"type"` becomes `"tyke"`: still JSON, no longer an envelope.
                frame[at + mark.len() - 3] = b'k';
                spoilt = true;
            }
        }
        spoilt
    }
}

/// Everything that no restart may change, by subject.
fn remembered(gateway: &Gateway) -> Vec<(Subject, Vec<String>)> {
    let channels = [Channel::Incidents, Channel::Agents, Channel::Alerts, Channel::Activity];
    let conversations =
        (0..CONVERSATIONS).map(|n| format!("conv-{n}")).chain([QUIET_CONVERSATION.to_owned()]);
    let topics = conversations.map(|id| Subject::topic(Channel::Chat, id));
    let subjects = channels.into_iter().map(Subject::channel).chain(topics);
    let of = |subject: Subject| {
        let items = gateway.state(&subject);
        let mut items: Vec<String> =
            items.iter().map(|item| format!("{} {:?}", item.kind, item.payload)).collect();
        items.sort();
        (subject, items)
    };
    subjects.map(of).collect()
}

/// The memory without its history, as it is read back from the fewest records that lead to it.
fn rewritten(memory: &Durable, config: &GatewayConfig) -> Durable {
    let mut records = memory.records();
    if mutant::active(Mutant::ForgetQuietConversations) {
        let chat = records.iter().filter(|r| r.events.iter().any(|e| e.kind == "chat.message")).count();
        let mut old = chat.saturating_sub(200);
        records.retain(|record| {
            let drop = old > 0 && record.events.iter().any(|event| event.kind == "chat.message");
            old -= usize::from(drop);
            !drop
        });
    }
    let mut read = Durable::default();
    for record in records {
        read.replay(record, config.max_items);
    }
    read
}

fn chat(n: u64, conversation_id: String, timestamp: u64) -> ChatMessage {
    let (id, content) = (format!("chat-{n}"), format!("line {n}"));
    ChatMessage { id, conversation_id, sender_id: "ben".to_owned(), content, timestamp, extra: None }
}

fn incident(n: u64, change: IncidentChange, step: u64) -> IncidentEvent {
    let status = match change {
        IncidentChange::Created => IncidentStatus::New,
        IncidentChange::Updated => IncidentStatus::Investigating,
        IncidentChange::Resolved => IncidentStatus::Resolved,
        IncidentChange::Escalated => IncidentStatus::Escalated,
    };
    let data = match step % 3 {
        0 => IncidentPatch {
            title: Patch::Set(format!("incident {n} step {step}")),
            severity: Patch::Set(Severity::High),
            status: Patch::Set(status),
            ..IncidentPatch::default()
        },
        1 => IncidentPatch { status: Patch::Set(status), ..IncidentPatch::default() },
        _ => IncidentPatch { assigned_to: Patch::Set(format!("agent-{step}")), ..IncidentPatch::default() },
    };
    IncidentEvent { incident_id: format!("inc-{n}"), change, data }
}

fn alert(n: u64, change: AlertChange) -> Alert {
    Alert {
        id: format!("alert-{n}"),
        change,
        severity: Severity::Medium,
        title: format!("alert {n}"),
        source: None,
        incident_id: None,
        extra: None,
    }
}
