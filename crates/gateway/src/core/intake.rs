//! A frame of a v1 client: decode, tell what is wrong with it, hand on what is right.

use super::Gateway;
use super::access::{MAX_FRAME_BYTES, MAX_FRAMES};
use super::types::{ConnId, Now};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{
    ClientMessage, Code, FrameError, Problem, ProblemKind, close, decode_client_frame,
};
use serde::Deserialize;

/// When a connection that flooded may come back.
const FLOOD_RETRY_S: u32 = 60;

impl Gateway {
    pub(super) fn receive_v1(&mut self, now: Now, conn: ConnId, frame: &[u8]) {
        if self.is_too_much(now, conn, frame.len()) {
            return;
        }
        let decoded = match decode_client_frame(frame, &self.config.limits()) {
            Ok(decoded) => decoded,
            Err(error) => return self.refuse_frame(now, conn, frame, &error),
        };
        for message in decoded.messages {
            // An earlier message of the frame may have closed the connection.
            let Some(state) = self.conns.get(&conn) else { return };
            let greeted = state.hello.is_some();
            if self.is_flood(now, conn) {
                return;
            }
            match message {
                ClientMessage::System(_, system) => self.system(now, conn, system),
                ClientMessage::Command(command) if greeted => self.command(now, conn, &command),
                ClientMessage::Command(command) => self.not_greeted(now, conn, Some(command.id)),
            }
        }
        for problem in decoded.problems {
            if self.is_flood(now, conn) {
                return;
            }
            self.refuse_message(now, conn, &problem);
        }
    }

    /// Before the welcome little is read; more than that closes the connection.
    fn is_too_much(&mut self, now: Now, conn: ConnId, bytes: usize) -> bool {
        let opening = self.conns.get_mut(&conn).and_then(|conn| conn.opening.as_mut());
        let Some(opening) = opening else { return false };
        opening.frames = opening.frames.saturating_add(1);
        let (code, message) = if bytes > MAX_FRAME_BYTES {
            let text =
                format!("{bytes} bytes before the welcome; at most {MAX_FRAME_BYTES} are read until then");
            (close::TOO_BIG, text)
        } else if opening.frames > MAX_FRAMES {
            (close::RATE_LIMITED, format!("more than {MAX_FRAMES} frames before the welcome"))
        } else {
            return false;
        };
        self.stats.bad += 1;
        self.close(now, conn, code, &message);
        true
    }

    /// Ten times above its rate a connection is closed.
    fn is_flood(&mut self, now: Now, conn: ConnId) -> bool {
        let (Some((_, most)), Some(state)) = (self.rates.per_connection, self.conns.get_mut(&conn)) else {
            return false;
        };
        if state.messages.take(most, now.mono).is_ok() {
            return false;
        }
        self.stats.drops.flood += 1;
        let rate = self.config.traffic.rate.unwrap_or_default();
        let reason = format!(
            "retry after {FLOOD_RETRY_S} s; more than ten times the {rate} messages a second allowed"
        );
        self.close(now, conn, close::RATE_LIMITED, &reason);
        true
    }

    /// The first message was not `hello`.
    pub(super) fn not_greeted(&mut self, now: Now, conn: ConnId, id: Option<String>) {
        self.stats.bad += 1;
        let message = "the first message must be hello; a client of the basic protocol needs a server started with --mock";
        self.send_system(
            now,
            conn,
            &ServerSystem::Error { code: Code::BadFrame, message: message.to_owned(), id },
        );
        self.close(now, conn, close::BAD_REQUEST, "the first message must be hello");
    }

    fn refuse_frame(&mut self, now: Now, conn: ConnId, frame: &[u8], error: &FrameError) {
        self.stats.bad += 1;
        let (code, number) = match error {
            FrameError::TooBig { .. } => (Code::TooBig, close::TOO_BIG),
            _ => (Code::BadFrame, close::BAD_REQUEST),
        };
        let message = error.to_string();
        self.send_system(
            now,
            conn,
            &ServerSystem::Error { code, message: message.clone(), id: blame(frame) },
        );
        self.close(now, conn, number, &message);
    }

    /// Something inside a frame that was otherwise fine: the socket stays.
    fn refuse_message(&mut self, now: Now, conn: ConnId, problem: &Problem) {
        if problem.kind == ProblemKind::BadField {
            return;
        }
        self.stats.bad += 1;
        let message = problem.to_string();
        let answer = match (problem.kind, problem.id.clone()) {
            // A channel of a later version: its sender can do nothing with it here.
            (ProblemKind::UnknownChannel, Some(id)) => {
                ServerSystem::Nack { id, code: Code::UnknownType, message, retry_after_ms: None }
            }
            (_, id) => ServerSystem::Error { code: Code::BadFrame, message, id },
        };
        self.send_system(now, conn, &answer);
    }
}

/// The id of the one message of a refused frame, so that its sender knows which row to give up.
/// Looks at four times the usual limit at most: more is not worth the time.
fn blame(frame: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyId {
        id: String,
    }
    if frame.len() > 256 * 1024 {
        return None;
    }
    let only: OnlyId = serde_json::from_slice(frame).ok()?;
    (1..=64).contains(&only.id.chars().count()).then_some(only.id)
}
