//! Basic mode: what the documented mock server does, and nothing else.

use super::Gateway;
use super::types::{ConnId, Now, Output};
use sentinelops_protocol::Json;
use serde::{Deserialize, Deserializer};
use serde_json::json;

/// When the one incident comes after a connect.
pub(super) const INCIDENT_AFTER_MS: u64 = 2_000;

/// The mock's incident: the same id on every connection, no seq.
pub(super) fn incident(wall: u64) -> String {
    json!({
        "id": "123",
        "type": "incident.created",
        "channel": "incidents",
        "payload": {
            "incidentId": "inc-999",
            "type": "created",
            "data": { "title": "Test Incident", "severity": "high", "status": "new" },
        },
        "timestamp": wall,
    })
    .to_string()
}

/// All the mock looks at. The channel does not matter to it, and a pong has no id.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    /// `None` when absent; `null` is a payload like any other.
    #[serde(default, deserialize_with = "present")]
    payload: Option<Json>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl Gateway {
    pub(super) fn receive_basic(&mut self, now: Now, conn: ConnId, frame: &[u8]) {
        // The mock would stop at a frame that is not JSON; here it is counted and passed over.
        let Ok(message) = serde_json::from_slice::<Message>(frame) else {
            self.stats.bad += 1;
            return;
        };
        if message.kind != "ping" {
            return;
        }
        // A ping without payload gets a pong without one, as JSON.stringify leaves it out.
        let payload = message.payload.map_or(String::new(), |json| format!("\"payload\":{},", json.as_str()));
        let wall = now.wall;
        let pong = format!("{{\"type\":\"pong\",\"channel\":\"system\",{payload}\"timestamp\":{wall}}}");
        self.stats.frames_out += 1;
        self.output(Output::Send { conn, frame: pong.into_bytes(), binary: false });
    }
}
