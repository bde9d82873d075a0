//! A driver: one engine, a store that works, a scripted server, and simulated time.
//!
//! Every helper drains the engine's outputs, carries them out, and notes them.

use sentinelops_engine::*;
use sentinelops_protocol::{Channel, Json, Subject};
use serde_json::{Value, json};

pub const PAGE: ConsumerId = ConsumerId(1);

pub struct Driver {
    pub engine: Engine,
    pub now: Now,
    /// Dials: when, and the URL.
    pub dials: Vec<(u64, String)>,
    /// Frames sent, with the generation they went to.
    pub sent: Vec<(Generation, Value)>,
    pub binary: Vec<bool>,
    /// Own frames sent.
    pub raw: Vec<RawFrame>,
    pub abandoned: Vec<(Generation, u16)>,
    pub tokens_wanted: Vec<TokenReason>,
    pub delivered: Vec<Delivery>,
    pub traces: Vec<Trace>,
    /// Debug text of every output, to search for secrets.
    pub debug: String,
    /// Debug text of everything the store was given, for the same.
    pub stored: String,
    /// What the store holds as meta, as last written.
    pub meta: Meta,
    /// The store answers.
    pub store_works: bool,
    /// Round trip of answered pings; `None`: they are not answered.
    pub pong_after: Option<u64>,
    /// What `bufferedAmount` says after each transmit.
    pub buffered: usize,
    pongs: Vec<(u64, Generation, Value)>,
    pub generation: Generation,
}

pub fn options() -> EngineOptions {
    EngineOptions { session: "s".into(), client: "test".into(), tab: "t".into(), ..EngineOptions::default() }
}

impl Driver {
    pub fn new(options: EngineOptions) -> Self {
        Self::with_meta(options, Meta::default())
    }

    pub fn with_meta(options: EngineOptions, meta: Meta) -> Self {
        Self::of_seed(options, meta, 7)
    }

    /// A reload: a new engine, now, over what the store of this one holds.
    pub fn reloaded(&self) -> Self {
        Self::at(options(), self.meta.clone(), 7, self.now)
    }

    fn of_seed(options: EngineOptions, meta: Meta, seed: u64) -> Self {
        Self::at(options, meta, seed, Now { mono: 1_000, wall: 1_700_000_000_000 })
    }

    fn at(options: EngineOptions, meta: Meta, seed: u64, now: Now) -> Self {
        let mut driver = Self {
            engine: Engine::new(options, seed, now),
            now,
            dials: Vec::new(),
            sent: Vec::new(),
            binary: Vec::new(),
            raw: Vec::new(),
            abandoned: Vec::new(),
            tokens_wanted: Vec::new(),
            delivered: Vec::new(),
            traces: Vec::new(),
            debug: String::new(),
            stored: String::new(),
            meta,
            store_works: true,
            pong_after: Some(20),
            buffered: 0,
            pongs: Vec::new(),
            generation: Generation(0),
        };
        driver.pump();
        driver.engine.attach(driver.now, PAGE);
        driver.pump();
        driver
    }

    /// Connected to a v1 server.
    pub fn v1(options: EngineOptions) -> Self {
        let mut driver = Self::new(options);
        driver.connect();
        driver.open();
        driver.welcome(json!({}));
        driver
    }

    /// Connected to a v1 server whose welcome says this, with other luck.
    pub fn lucky(seed: u64, welcome: Value) -> Self {
        let mut driver = Self::of_seed(options(), Meta::default(), seed);
        driver.connect();
        driver.open();
        driver.welcome(welcome);
        driver
    }

    /// One whose store does not answer until [`Driver::store_opens`].
    pub fn late_store(options: EngineOptions) -> Self {
        let mut driver = Self::new(options.clone());
        driver.store_works = false;
        driver.engine = Engine::new(options, 7, driver.now);
        driver
    }

    /// With this in it.
    pub fn store_opens(&mut self, meta: Meta) {
        let opened = StoreSnapshot { meta, ..StoreSnapshot::default() };
        self.engine.handle_store(self.now, StoreEvent::Opened(Box::new(opened)));
        self.pump();
    }

    /// Carries out what the engine asks for; `bufferedAmount` is read when everything is.
    pub fn pump(&mut self) {
        let mut dirty = None;
        while let Some(output) = self.engine.poll_output() {
            self.debug.push_str(&format!("{output:?}\n"));
            match output {
                Output::Dial { generation, url } => {
                    self.generation = generation;
                    self.dials.push((self.now.mono, url));
                }
                Output::Transmit { generation, text, binary } => {
                    let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
                    if let (Some(after), "ping") = (self.pong_after, frame["type"].as_str().unwrap_or("")) {
                        let pong = json!({"type":"pong","channel":"system","payload":frame["payload"]});
                        self.pongs.push((self.now.mono + after, generation, pong));
                    }
                    self.sent.push((generation, frame));
                    self.binary.push(binary);
                    dirty = Some(generation);
                }
                Output::Abandon { generation, code, .. } => self.abandoned.push((generation, code)),
                Output::RequestToken { reason } => self.tokens_wanted.push(reason),
                Output::OpenStore if self.store_works => {
                    let meta = self.meta.clone();
                    let opened = StoreSnapshot { meta, ..StoreSnapshot::default() };
                    self.engine.handle_store(self.now, StoreEvent::Opened(Box::new(opened)));
                }
                Output::Store(group) if self.store_works => {
                    for op in &group.ops {
                        self.stored.push_str(&format!("{op:?}\n"));
                        if let StoreOp::PutMeta(meta) = op {
                            self.meta = meta.clone();
                        }
                    }
                    self.engine.handle_store(self.now, StoreEvent::Committed { number: group.number });
                }
                Output::Deliver { consumer, batch } => {
                    self.delivered.extend(batch.items);
                    self.engine.credit(self.now, consumer, batch.number);
                }
                Output::Trace(trace) => self.traces.push(trace),
                Output::TransmitRaw { frame, .. } => self.raw.push(frame),
                Output::OpenStore | Output::Store(_) | Output::SetAsideUnreadable => {}
            }
        }
        if let Some(generation) = dirty {
            self.engine.handle_socket(self.now, generation, SocketEvent::Buffered(self.buffered));
            self.pump();
        }
    }

    pub fn connect(&mut self) {
        self.engine.connect(self.now);
        self.pump();
    }

    pub fn disconnect(&mut self) {
        self.engine.disconnect(self.now);
        self.pump();
    }

    pub fn socket(&mut self, event: SocketEvent<'_>) {
        self.engine.handle_socket(self.now, self.generation, event);
        self.pump();
    }

    pub fn open(&mut self) {
        self.socket(SocketEvent::Opened);
    }

    pub fn close(&mut self, code: u16, reason: &str) {
        self.socket(SocketEvent::Closed { code, reason: reason.into() });
    }

    pub fn frame(&mut self, frame: Value) {
        let text = frame.to_string();
        self.socket(SocketEvent::Frame { bytes: text.as_bytes(), binary: true });
    }

    pub fn system(&mut self, kind: &str, payload: Value) {
        self.frame(json!({"type": kind, "channel": "system", "payload": payload}));
    }

    /// `welcome`, with these fields instead of the usual ones.
    pub fn welcome(&mut self, change: Value) {
        let mut payload = json!({
            "protocol": 1, "session": "s", "user": "anna", "now": self.now.wall,
            "maxMessageBytes": 65536, "maxInFlight": 64, "reconnectWindowMs": 0,
        });
        for (key, value) in change.as_object().cloned().unwrap_or_default() {
            payload[key] = value;
        }
        self.system("welcome", payload);
    }

    pub fn hint(&mut self, hint: Hint) {
        self.engine.handle_hint(self.now, hint);
        self.pump();
    }

    pub fn token(&mut self, token: Result<Option<String>, String>) {
        self.engine.handle_token(self.now, token);
        self.pump();
    }

    pub fn subscribe(&mut self, channel: Channel) {
        self.engine.subscribe(self.now, PAGE, Subject::channel(channel));
        self.pump();
    }

    pub fn send(&mut self, id: &str) {
        self.engine.send(self.now, PAGE, request(id));
        self.pump();
    }

    /// Lets time pass on both clocks, timers and pongs in order.
    pub fn advance(&mut self, ms: u64) {
        let end = self.now.mono + ms;
        for _ in 0..1_000_000 {
            let timer = self.engine.poll_timeout().map(|at| at.max(self.now.mono));
            let pong = self.pongs.iter().map(|(at, ..)| (*at).max(self.now.mono)).min();
            let next = timer.into_iter().chain(pong).min().filter(|at| *at <= end);
            let Some(next) = next else { break };
            self.pass(next - self.now.mono);
            if pong == Some(next) {
                let at = self.pongs.iter().position(|(at, ..)| *at <= next).expect("it is there");
                let (_, generation, pong) = self.pongs.remove(at);
                let text = pong.to_string();
                let event = SocketEvent::Frame { bytes: text.as_bytes(), binary: true };
                self.engine.handle_socket(self.now, generation, event);
            } else {
                self.engine.handle_timeout(self.now);
            }
            self.pump();
        }
        self.pass(end - self.now.mono);
    }

    /// Time passes unseen: a machine that sleeps, or a worker that hangs.
    pub fn pass(&mut self, ms: u64) {
        self.now.mono += ms;
        self.now.wall += ms;
    }

    /// Calls timers that came due meanwhile.
    pub fn wake(&mut self) {
        self.engine.handle_timeout(self.now);
        self.pump();
    }

    pub fn state(&self) -> ConnectionState {
        self.engine.status().state
    }

    pub fn cause(&self) -> Cause {
        self.engine.status().cause
    }

    /// The types of the frames sent on the present socket.
    pub fn kinds(&self) -> Vec<String> {
        self.sent
            .iter()
            .filter(|(generation, _)| *generation == self.generation)
            .map(|(_, frame)| frame["type"].as_str().unwrap_or("?").to_owned())
            .collect()
    }

    pub fn sent_of(&self, kind: &str) -> Vec<&Value> {
        self.sent.iter().map(|(_, frame)| frame).filter(|frame| frame["type"] == kind).collect()
    }

    /// Every envelope sent of this id, arrays taken apart: the generations it went to.
    pub fn carried(&self, id: &str) -> Vec<Generation> {
        let holds = |frame: &Value| match frame {
            Value::Array(items) => items.iter().any(|item| item["id"] == id),
            one => one["id"] == id,
        };
        self.sent.iter().filter(|(_, frame)| holds(frame)).map(|(generation, _)| *generation).collect()
    }

    /// The last news of a message.
    pub fn news(&self, id: &str) -> Option<DeliveryState> {
        self.delivered.iter().rev().find_map(|delivery| match delivery {
            Delivery::Message(update) if update.id == id => Some(update.delivery.clone()),
            _ => None,
        })
    }

    /// The delay of the last planned dial.
    pub fn last_backoff(&self) -> Option<u64> {
        self.traces.iter().rev().find_map(|trace| match trace {
            Trace::Backoff { delay_ms, .. } => Some(*delay_ms),
            _ => None,
        })
    }
}

pub fn request(id: &str) -> SendRequest {
    let payload = Json::parse(&format!(r#"{{"id":"inc-{id}","status":"resolved"}}"#)).expect("JSON");
    SendRequest::new(id, "incident.update", Channel::Incidents, payload)
}
