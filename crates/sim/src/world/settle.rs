//! After the faults: everything must come to rest, and to the same state everywhere.

use super::{Happening, World};
use crate::check::{message_id, message_number};
use crate::fold::Fold;
use crate::internet::{Internet, Traffic};
use crate::net::End;
use crate::script::{QUIET, SETTLED_BY, ServerKind};
use crate::server::CONVERSATIONS;
use sentinelops_engine::{Bounds, ConnectionState, DeliveryState, Engine, Mode, StorageState};
use sentinelops_protocol::{Channel, Subject};

/// How long the world must be at rest before it is compared.
const REST_MS: u64 = 3_000;
/// A frame that came so recently may not be the last of a snapshot or a replay.
const STREAMS_MS: u64 = 200;

impl World {
    /// Somebody looks at the screen every few seconds, and helps where only a person can.
    pub(super) fn look(&mut self) {
        self.queue.push(self.now + 5_000, Happening::Look);
        let Some(state) = self.worker.engine.as_ref().map(|engine| engine.status().state) else { return };
        let stuck = match state {
            ConnectionState::Error => true,
            ConnectionState::Disconnected => !self.worker.away,
            _ => false,
        };
        self.worker.trouble = if stuck { self.worker.trouble + 1 } else { 0 };
        if self.worker.trouble >= 2 {
            self.worker.trouble = 0;
            self.help();
        }
    }

    fn help(&mut self) {
        self.log(|| "somebody helps".to_owned());
        self.check.wire.excuse(self.now);
        if self.script.setup.tokens {
            self.tokens += 1;
            let token = format!("token-{}", self.tokens);
            self.input(|engine, now| engine.handle_token(now, Ok(Some(token))));
        }
        self.check.wire.dial_anyway();
        self.check.standing.ask();
        self.input(|engine, now| engine.connect(now));
        self.reconnect();
    }

    /// Whatever was broken is whole again.
    pub(super) fn quiet(&mut self) {
        self.log(|| "everything is whole again".to_owned());
        self.check.wire.quiet();
        self.store.heal();
        self.tokens_bad_until = self.tokens_bad_until.min(self.now);
        self.net(Internet::heal);
        let silent = match self.internet.server.kind {
            ServerKind::V1 => false,
            ServerKind::Basic => !self.check.messages.pongs,
            ServerKind::Mute => true,
        };
        if let (true, Some(index)) = (silent, self.worker.thread.live) {
            // A server that answers nothing (or has not yet, as far as this worker knows) cannot be found dead by asking: the kernel gives up.
            self.queue.push(self.now, Happening::Net(Traffic::ClientReset(index)));
        }
        self.spawn();
        // Who missed an event so far must notice by these at the latest: also who looks at one conversation.
        for (channel, count) in [
            (Channel::Incidents, 1),
            (Channel::Agents, 1),
            (Channel::Chat, CONVERSATIONS),
            (Channel::Alerts, 1),
            (Channel::Activity, 1),
        ] {
            self.publish(channel, count);
        }
        self.queue.push(self.now + 5_000, Happening::Settle);
    }

    /// A v1 server that fell silent before its welcome is a basic one for a worker that knows nothing of
    /// it, and cannot be found dead by asking: the kernel gives up.
    fn give_up_silent(&mut self) {
        let Some(index) = self.worker.thread.live.filter(|_| self.internet.server.kind == ServerKind::V1)
        else {
            return;
        };
        let conn = &self.internet.conns[index];
        let mode = self.worker.engine.as_ref().and_then(|engine| engine.status().mode);
        let silent = !conn.seen.spoken && (conn.up.swallow || conn.down.swallow);
        if silent && mode == Some(Mode::Basic) {
            self.queue.push(self.now, Happening::Net(Traffic::ClientReset(index)));
        }
    }

    pub(super) fn settle(&mut self) {
        let link = self.script.setup.link;
        // What may kill the socket goes one at a time.
        let one_by_one = self.check.wire.suspected * 2 * (link.latency + link.jitter);
        if self.now >= SETTLED_BY + one_by_one {
            let state = self.unsettled().unwrap_or_default();
            return self.check.fail("settles", || {
                format!("not at rest {} s after the last fault: {state}", (SETTLED_BY - QUIET) / 1000)
            });
        }
        self.queue.push(self.now + 1_000, Happening::Settle);
        self.give_up_silent();
        let unsettled = self.unsettled();
        if unsettled.is_some() {
            self.settled_since = None;
            return;
        }
        let since = *self.settled_since.get_or_insert(self.now);
        if self.now - since >= REST_MS {
            self.over = true;
            self.compare();
        }
    }

    /// What is not at rest yet.
    fn unsettled(&self) -> Option<String> {
        let Some(engine) = &self.worker.engine else { return Some("no worker".to_owned()) };
        let status = engine.status();
        if status.state != ConnectionState::Connected {
            return Some(format!("{:?} ({:?})", status.state, status.cause));
        }
        let rest = if self.script.setup.rare.persist { StorageState::Durable } else { StorageState::Off };
        if status.storage != rest {
            return Some(format!("storage is {:?}", status.storage));
        }
        let counts = engine.counts();
        if counts.queued.iter().sum::<u32>() > 0 {
            let rows: Vec<String> = engine
                .messages()
                .iter()
                .filter(|row| !row.update.delivery.is_final())
                .map(|row| format!("{} {:?}", row.update.id, row.update.delivery))
                .take(5)
                .collect();
            return Some(format!("{counts:?} waiting, among them {rows:?}"));
        }
        if self.store.pending() > 0 {
            return Some("the store is busy".to_owned());
        }
        if !self.worker.outstanding.is_empty() {
            return Some("pages have not taken their batches".to_owned());
        }
        let busy = self.worker.thread.live.is_some_and(|index| {
            let conn = &self.internet.conns[index];
            // A connection that went silent unnoticed is not at rest: it has yet to be found out.
            let silent = conn.up.swallow || conn.down.swallow || conn.server != End::Open;
            // Where little is handed to a socket at once, the rest waits in the server between two frames.
            let streams = conn.seen.received_at + STREAMS_MS > self.now;
            conn.client == End::Open && (silent || streams || !conn.up.is_empty() || !conn.down.is_empty())
        });
        busy.then(|| "something is on its way".to_owned())
    }

    /// Everything is at rest: is it right?
    fn compare(&mut self) {
        self.compare_folds();
        let ends: Vec<Option<DeliveryState>> =
            (0..self.check.messages.all.len()).map(|n| self.bad_end(&message_id(n))).collect();
        let kept = |id: &str| message_number(id).and_then(|n| ends.get(n)?.clone());
        self.check.account(self.worker.instance, kept);
        self.compare_store();
    }

    /// How store or worker remember that a message ended; a short list may have dropped it since.
    pub(super) fn bad_end(&self, id: &str) -> Option<DeliveryState> {
        if !self.script.setup.rare.persist {
            let rows = self.worker.engine.as_ref().map(Engine::messages).unwrap_or_default();
            let row = rows.into_iter().find(|row| row.update.id == id);
            let kept = row.map(|row| row.update.delivery).filter(DeliveryState::is_final);
            let dropped = message_number(id).and_then(|n| self.check.ends.listed(n));
            return kept.or(dropped.filter(|_| self.failed_list_is_full()).cloned());
        }
        let short = self.script.setup.rare.bounds != Bounds::default();
        // Or before a full disk could take it in.
        let number = message_number(id);
        let unsaved = number.and_then(|n| self.check.ends.dropped(n));
        // Or while there was no store that could have kept it.
        let pushed_out =
            number.and_then(|n| self.check.ends.listed(n)).filter(|_| self.failed_list_is_full());
        let once = self.store.failed_once(id).or(unsaved).or(pushed_out).filter(|_| short);
        self.store.failed(id).map(|failed| &failed.state).or(once).cloned()
    }

    fn compare_store(&mut self) {
        let left: Vec<String> = self.store.row_ids().map(str::to_owned).take(3).collect();
        if !left.is_empty() {
            self.check.fail("store-drained", || format!("{left:?} are on the disk and in no outbox"));
        }
    }

    fn compare_folds(&mut self) {
        let subjects: Vec<(usize, Subject)> = self
            .pages
            .iter()
            .enumerate()
            .flat_map(|(index, page)| page.views.keys().map(move |subject| (index, subject.clone())))
            .collect();
        for (index, subject) in subjects {
            let view = &self.pages[index].views[&subject];
            let truth = match self.internet.server.kind {
                ServerKind::V1 => {
                    let Some(gateway) = &self.internet.server.gateway else { continue };
                    Fold::of_items(&gateway.state(&subject))
                }
                // A basic server shows its state by events only: what the worker folded is compared.
                _ => match self.worker.engine.as_ref().and_then(|engine| engine.fold_items(&subject)) {
                    Some((_, _, items)) => Fold::of(items.iter().map(|event| &event.payload)),
                    None => continue,
                },
            };
            let shared = subject.topic.is_some()
                && self
                    .pages
                    .iter()
                    .any(|page| page.views.keys().any(|s| *s != subject && s.covers(&subject)));
            let fold = self.as_kept(&view.fold, &truth);
            if fold != truth && !(shared && fold.ends_like(&truth)) {
                let text = fold.difference(&truth);
                self.check.fail("fold-equals-server", || format!("page {}, {subject}: {text}", index + 1));
            }
            if !shared {
                self.compare_engine_fold(&subject, &truth);
            }
        }
    }

    /// A fold without what a server may have dropped because more is finished than it keeps.
    fn as_kept(&self, fold: &Fold, server: &Fold) -> Fold {
        if self.internet.server.drops_finished() { fold.as_kept_by(server) } else { fold.clone() }
    }

    fn compare_engine_fold(&mut self, subject: &Subject, truth: &Fold) {
        let Some((_, _, items)) = self.worker.engine.as_ref().and_then(|e: &Engine| e.fold_items(subject))
        else {
            return;
        };
        let fold = self.as_kept(&Fold::of(items.iter().map(|event| &event.payload)), truth);
        if fold != *truth {
            let text = fold.difference(truth);
            self.check.fail("fold-equals-server", || format!("worker, {subject}: {text}"));
        }
    }
}
