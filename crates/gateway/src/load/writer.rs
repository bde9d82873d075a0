//! What one connection sends: messages when they are due, and pings.

use super::ledger::Sent;
use super::message::Mark;
use super::reader::PutOff;
use super::shared::{Phase, Role, Shared, lock};
use futures::SinkExt;
use futures::stream::SplitSink;
use sentinelops_protocol::system::{ClientSystem, Ping};
use sentinelops_protocol::{OutboundMeta, close, encode_client_system};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

pub(super) type Socket = WebSocketStream<TcpStream>;

/// A connection that says nothing for 75 s is closed.
const PING_EVERY: Duration = Duration::from_secs(25);

/// The writing half of a connection.
#[derive(Debug)]
pub(super) struct Writer {
    pub sink: SplitSink<Socket, Message>,
    pub role: Role,
    /// Which connection of all.
    pub place: usize,
    pub shared: Arc<Shared>,
    pub sent: Arc<Mutex<Sent>>,
}

impl Writer {
    /// Until the run is over. `publishing` is dropped when everything was sent.
    pub async fn run(
        mut self,
        mut phase: watch::Receiver<Phase>,
        mut put_off: mpsc::UnboundedReceiver<PutOff>,
        publishing: mpsc::Sender<()>,
    ) -> Result<(), Error> {
        let mut publishing = Some(publishing);
        let (mut next, mut again, mut again_at) = (0, BTreeSet::new(), Instant::now());
        // Not all of them at the same moment.
        let share = (self.place % 100) as f64 / 100.0;
        let mut pings = interval_at(Instant::now() + PING_EVERY.mul_f64(0.2 + 0.8 * share), PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pinged = 0;
        loop {
            let now = *phase.borrow_and_update();
            let due = self.due(now, next);
            match now {
                Phase::Over => break,
                Phase::Publishing | Phase::Settling if due.is_none() => drop(publishing.take()),
                Phase::Opening | Phase::Publishing | Phase::Settling => {}
            }
            tokio::select! {
                changed = phase.changed() => if changed.is_err() { break },
                () = sleep_until(due.unwrap_or(again_at)), if due.is_some() => {
                    self.publish(next).await?;
                    self.shared.counters.sent();
                    if let Some(due) = due {
                        self.shared.late.record(due.elapsed());
                    }
                    next += 1;
                }
                Some((number, after)) = put_off.recv() => {
                    again.insert(number);
                    again_at = again_at.max(Instant::now() + after);
                }
                // In the original order, as the protocol asks: the first of them frees the key of the others.
                () = sleep_until(again_at), if !again.is_empty() => {
                    for number in std::mem::take(&mut again) {
                        self.publish(number).await?;
                    }
                }
                _ = pings.tick() => {
                    pinged += 1;
                    let ping = ClientSystem::Ping(Ping { n: pinged, sent_at: wall_ms() });
                    let text = encode_client_system(&ping, OutboundMeta::default());
                    self.sink.send(Message::binary(text)).await?;
                }
            }
        }
        let frame = CloseFrame { code: close::NORMAL.into(), reason: "".into() };
        // A connection that has ended by now has done its part.
        let _ = self.sink.send(Message::Close(Some(frame))).await;
        Ok(())
    }

    /// When the next new message is due; `None` when there is none.
    fn due(&self, phase: Phase, next: u64) -> Option<Instant> {
        let Role::Publisher(publisher) = self.role else { return None };
        let is_left = phase == Phase::Publishing && self.shared.plan.schedule.has(publisher, next);
        if is_left { self.shared.due(publisher, next) } else { None }
    }

    async fn publish(&mut self, number: u64) -> Result<(), Error> {
        let Role::Publisher(publisher) = self.role else { return Ok(()) };
        // Before it leaves: the answer may be here before `send` returns.
        lock(&self.sent).sent(number);
        let plan = &self.shared.plan;
        let mark = Mark { run: self.shared.run, publisher, number };
        let text = mark.command(&plan.conversation, plan.bytes, wall_ms());
        self.sink.send(Message::binary(text)).await
    }
}

fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
