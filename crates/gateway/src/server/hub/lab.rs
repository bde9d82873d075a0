//! `--test-admin`, over the WebSocket: faults and the count of effects for a page that its content security policy
//! allows no other connection. Messages `lab.*` on channel `system`, see docs/protocol.md.

use super::Hub;
use crate::server::input::Write;
use crate::{ConnId, Effect, Gateway, Now};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Bytes;

/// A request has at most so many bytes, so that larger frames are not looked through.
const REQUEST_BYTES: usize = 512;
/// Effects in one answer; the next request goes on behind them.
const EFFECTS: usize = 500;
/// Most events a second that are made up.
const MOST_EVENTS: f64 = 100_000.0;
/// Most colleagues.
const MOST_COLLEAGUES: u32 = 100;
/// How a connection is closed where the request names no code.
const CLOSE: u16 = 1012;

/// What of the server is at fault, for tests of the page that has to find out.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Plant {
    /// The next command is acked and never takes effect.
    Lose,
    /// The next command takes effect twice.
    Double,
    /// The next two commands take effect in the wrong order.
    Swap,
}

/// A message of channel `system` whose type begins with `lab.`.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(flatten)]
    request: Request,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "payload")]
enum Request {
    /// The effects of this user's commands from an index on, which the answer before named.
    #[serde(rename = "lab.effects")]
    Effects { from: u64 },
    /// Closes this connection.
    #[serde(rename = "lab.close")]
    Close { code: Option<u16> },
    /// Says goodbye to every connection, as a planned restart does.
    #[serde(rename = "lab.drain", rename_all = "camelCase")]
    Drain { window_ms: u64 },
    /// Refuses every n-th new command for now; 0: none.
    #[serde(rename = "lab.nack")]
    Nack { every: u32 },
    /// How much happens from now on; what is left out stays as it is.
    #[serde(rename = "lab.load", rename_all = "camelCase")]
    Load { events_per_second: Option<f64>, colleagues: Option<u32> },
    /// See [`Plant`]. `null`: none.
    #[serde(rename = "lab.plant")]
    Plant { fault: Option<Plant> },
}

/// What the hub keeps for it.
pub(in crate::server) struct Lab {
    /// Names this run of the gateway: effects are counted from 0 in each.
    life: u64,
    plant: Option<Plant>,
    /// The first of two frames that are swapped.
    first: Option<(ConnId, Bytes)>,
}

impl Lab {
    pub(in crate::server) fn new(life: u64) -> Self {
        Self { life, plant: None, first: None }
    }
}

impl Hub {
    /// A frame of a client.
    pub(super) fn receive(&mut self, now: Now, conn: ConnId, bytes: Bytes) {
        let Some(lab) = &mut self.lab else { return self.gateway.receive(now, conn, &bytes) };
        let may = self.gateway.connections().any(|(id, user)| id == conn && !user.is_empty());
        if may && is_for_lab(&bytes) {
            return self.answer(now, conn, &bytes);
        }
        let ids = lab.plant.map(|_| ids_in(&bytes)).unwrap_or_default();
        let plant = lab.plant.filter(|_| !ids.is_empty());
        match plant {
            None => self.gateway.receive(now, conn, &bytes),
            Some(Plant::Lose) => {
                lab.plant = None;
                self.put(conn, &json!({ "type": "ack", "channel": "system", "payload": { "ids": ids } }));
            }
            Some(Plant::Double) => {
                lab.plant = None;
                self.gateway.receive(now, conn, &bytes);
                self.gateway.forget_ids();
                self.gateway.receive(now, conn, &bytes);
            }
            Some(Plant::Swap) => match lab.first.take() {
                None => lab.first = Some((conn, bytes)),
                Some((before, first)) => {
                    lab.plant = None;
                    self.gateway.receive(now, conn, &bytes);
                    self.gateway.receive(now, before, &first);
                }
            },
        }
    }

    fn answer(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        let (id, payload) = match serde_json::from_slice::<Envelope>(bytes) {
            Ok(Envelope { id, request }) => (Some(id), self.carry_out_request(now, conn, request)),
            Err(error) => (None, json!({ "error": error.to_string() })),
        };
        self.put(conn, &json!({ "type": "lab.answer", "channel": "system", "id": id, "payload": payload }));
    }

    fn carry_out_request(&mut self, now: Now, conn: ConnId, request: Request) -> Value {
        let Some(lab) = &mut self.lab else { return Value::Null };
        match request {
            Request::Effects { from } => effects(&self.gateway, conn, lab.life, from),
            Request::Close { code } => {
                let code = code.unwrap_or(CLOSE);
                if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                    return json!({ "error": "code: one of 1000-1003, 1007-1014, 3000-4999" });
                }
                self.gateway.disconnected(now, conn);
                if let Some(link) = self.links.remove(&conn) {
                    link.put(Write::Close { code, reason: "closed by the laboratory".to_owned() });
                }
                Value::Null
            }
            Request::Drain { window_ms } => {
                self.gateway.drain(now, "a planned restart of the laboratory", window_ms);
                Value::Null
            }
            Request::Nack { every } => {
                self.gateway.set_nack_every((every > 0).then_some(every));
                json!({ "every": every })
            }
            Request::Load { events_per_second, colleagues } => self.load(now, events_per_second, colleagues),
            Request::Plant { fault } => {
                lab.plant = fault;
                if let Some((before, first)) = lab.first.take() {
                    self.gateway.receive(now, before, &first);
                }
                Value::Null
            }
        }
    }

    fn load(&mut self, now: Now, rate: Option<f64>, colleagues: Option<u32>) -> Value {
        let Some(scenario) = &mut self.scenario else {
            return json!({ "error": "this gateway makes nothing up: start it with --scenario" });
        };
        let is_possible = rate.is_none_or(|rate| (0.0..=MOST_EVENTS).contains(&rate));
        if !is_possible || colleagues.is_some_and(|count| count > MOST_COLLEAGUES) {
            let (events, people) = (MOST_EVENTS, MOST_COLLEAGUES);
            return json!({ "error": format!("eventsPerSecond: 0 to {events}, colleagues: 0 to {people}") });
        }
        if let Some(rate) = rate {
            scenario.set_rate(now, rate);
        }
        let changes = colleagues.map(|count| scenario.set_colleagues(now, count)).unwrap_or_default();
        let load = json!({ "eventsPerSecond": scenario.rate(), "colleagues": scenario.colleagues() });
        for event in changes {
            self.gateway.publish(now, event);
        }
        load
    }

    fn put(&self, conn: ConnId, message: &Value) {
        if let Some(link) = self.links.get(&conn) {
            link.put(Write::Frame { bytes: message.to_string().into_bytes(), binary: true });
        }
    }
}

/// Whether a page asks for something of this module.
fn is_for_lab(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        kind: String,
        channel: String,
    }
    bytes.len() <= REQUEST_BYTES
        && bytes.windows(5).any(|part| part == b"\"lab.")
        && serde_json::from_slice::<Head>(bytes)
            .is_ok_and(|head| head.channel == "system" && head.kind.starts_with("lab."))
}

/// The ids of what people sent in a frame; none if anything else is in it, which a fault leaves alone.
fn ids_in(bytes: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Command {
        id: String,
        #[serde(rename = "type")]
        kind: String,
    }
    let found = match bytes.first() {
        Some(b'[') => serde_json::from_slice::<Vec<Command>>(bytes),
        _ => serde_json::from_slice::<Command>(bytes).map(|command| vec![command]),
    };
    let commands = found.unwrap_or_default();
    let is_of_people =
        |kind: &str| kind == "chat.message" || kind.starts_with("incident.") && kind != "incident.viewing";
    if !commands.iter().all(|command| is_of_people(&command.kind)) {
        return Vec::new();
    }
    commands.into_iter().map(|command| command.id).collect()
}

/// The effects of one user, as many as an answer holds. `from` above what there is: those of another life.
fn effects(gateway: &Gateway, conn: ConnId, life: u64, from: u64) -> Value {
    let user = gateway.connections().find(|(id, _)| *id == conn).map_or("", |(_, user)| user);
    let accepted = gateway.stats().accepted;
    let oldest = gateway.effects().next().map_or(accepted, |effect| effect.index);
    let skipped = usize::try_from(from.saturating_sub(oldest)).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut next = accepted;
    for Effect { user: by, id, key, index, .. } in gateway.effects().skip(skipped) {
        if by != user {
            continue;
        }
        if rows.len() == EFFECTS {
            next = *index;
            break;
        }
        rows.push(json!([index, id, key]));
    }
    json!({ "life": format!("{life:016x}"), "oldest": oldest, "next": next, "isAll": next == accepted, "effects": rows })
}
