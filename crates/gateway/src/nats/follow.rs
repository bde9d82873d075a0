//! One connection after the other: what the core proposes goes in, what the log holds comes out.

use super::connect::{Connection, connect};
use super::epoch::{self, Mark};
use super::layout::{command_id, expect, fingerprint, once, record};
use super::outcome::{Outcome, Stop, outcome, unreadable};
use super::pump::Pump;
use super::reader::Reader;
use super::session::Session;
use super::streams::{self, Streams};
use super::{Ask, Event, Trouble, load};
use crate::{Durable, Place, Position, Record};
use async_nats::Client;
use async_nats::jetstream::Context;
use async_nats::jetstream::stream::Info;
use futures::{StreamExt, stream};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(500);

/// What a server may take to delete a stream.
const DELETION: Duration = Duration::from_millis(1_500);
/// How often is looked whether the log has everything that this gateway holds, once that was put in.
const MOST_ROUNDS: u32 = 8;
/// So many lost records are on their way into the log at once.
const PUT_AGAIN_AT_ONCE: usize = 64;

impl Session {
    /// Runs until nobody asks or listens any more.
    pub(super) async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            let (stop, was_up) = match self.once(&mut asks).await {
                Stop::Ended => return,
                Stop::Trouble(trouble) => (trouble, self.figures.up.swap(0, Ordering::Relaxed) == 1),
            };
            let event = match stop {
                Trouble::Unreadable(text) => Event::Broken(text),
                // What was right before is tried again.
                Trouble::Unusable(text) if self.position.is_none() => Event::Broken(text),
                trouble => Event::Down(trouble.to_string()),
            };
            let is_over = matches!(event, Event::Broken(_));
            if self.events.send(event).await.is_err() || is_over {
                return;
            }
            if !was_up {
                tokio::time::sleep(RETRY).await;
            }
            self.figures.reconnects.fetch_add(1, Ordering::Relaxed);
            // What was asked for meanwhile was refused for now by the core.
            while let Ok(ask) = asks.try_recv() {
                if let Ask::Probe(reply) = ask {
                    let _ = reply.send(Err("NATS cannot be reached".to_owned()));
                }
            }
        }
    }

    async fn once(&mut self, asks: &mut mpsc::UnboundedReceiver<Ask>) -> Stop {
        match self.connected(asks).await {
            Ok(()) => Stop::Ended,
            Err(stop) => stop,
        }
    }

    async fn connected(&mut self, asks: &mut mpsc::UnboundedReceiver<Ask>) -> Result<(), Stop> {
        let connection = connect(&self.options).await?;
        let context = async_nats::jetstream::new(connection.client.clone());
        if self.position.is_some() && !streams::is_there(&context, &self.layout).await {
            // It was deleted a moment ago: a server of version 2.9 still removes its files, those of one of the same name, too.
            tokio::time::sleep(DELETION).await;
        }
        let streams = streams::ensure(&context, &self.layout, &self.options).await?;
        let reader = self.open(&context, &connection, &streams).await?;
        Pump::run(self, connection, &streams, reader, asks).await
    }

    /// Settles the epoch and hands over everything that is not the continuation of what was handed over before.
    async fn open(
        &mut self,
        context: &Context,
        connection: &Connection,
        streams: &Streams,
    ) -> Result<Reader, Stop> {
        let client = &connection.client;
        loop {
            let log = streams::info(&streams.log).await?;
            let created = log.created.to_string();
            let server = client.server_info().server_id;
            let (mark, seq) = epoch::read(streams, &self.layout, &created).await?;
            let place = self.place(streams, &log, mark.as_ref()).await?;
            if let (Place::Continues, Some(mark), Some(position)) = (place, &mark, &self.position) {
                if mark.server != server {
                    let mark = Mark { server, ..mark.clone() };
                    // Where another gateway was first nothing is left to do.
                    epoch::write(client, &self.layout, &mark, seq).await?;
                }
                return Ok(Reader::start(&streams.log, position.seq + 1).await?);
            }
            let is_new_log = mark.is_none();
            let kept = match (mark, place) {
                (Some(mark), Place::Unknown) => self.kept(client, mark, &server).await?,
                (Some(mark), Place::Behind) => Some(mark),
                _ => None,
            };
            if let Some(mark) = kept {
                return self.load(client, streams, &mark, Vec::new(), place != Place::Unknown).await;
            }
            let epoch = format!("{:016x}", fastrand::u64(..));
            let mark = Mark { epoch, server, created };
            if !epoch::write(client, &self.layout, &mark, seq).await? {
                continue;
            }
            self.figures.epochs.fetch_add(1, Ordering::Relaxed);
            info!("the log goes on as epoch {}", mark.epoch);
            let mut old = Vec::new();
            if is_new_log {
                old = load::orphans(streams, &self.options, &self.config, (self.now)()).await?;
                if !old.is_empty() {
                    warn!("the log is new, its other streams are not: they are made again");
                    streams::renew(context, &self.layout, &self.options).await?;
                }
            }
            let old = if place == Place::Unknown { old } else { Vec::new() };
            return self.load(client, streams, &mark, old, place != Place::Unknown).await;
        }
    }

    /// Whether an epoch that this gateway has not followed may stay.
    async fn kept(&self, client: &Client, mark: Mark, server: &str) -> Result<Option<Mark>, Trouble> {
        let is_same = mark.server == server || self.options.replicas >= 3;
        let stays = is_same || epoch::is_vouched_for(client, &self.layout, &mark.epoch).await?;
        Ok(stays.then_some(mark))
    }

    /// What the log is to this gateway.
    async fn place(&self, streams: &Streams, log: &Info, mark: Option<&Mark>) -> Result<Place, Trouble> {
        let (first, last) = (log.state.first_sequence, log.state.last_sequence);
        let position = self.position.as_ref();
        let settled = Place::of(position, mark.map(|mark| &*mark.epoch), first, last);
        let (None, Some(position)) = (settled, position) else {
            return Ok(settled.unwrap_or(Place::Unknown));
        };
        match streams.log.get_raw_message(position.seq).await {
            Ok(message) => Ok(Place::with(position, fingerprint(&message.payload))),
            Err(error) => Err(Trouble::Gone(format!("the log cannot be read: {error}"))),
        }
    }

    /// Hands over everything that the log holds; where it has lost something that this gateway (`lost`) or another stream
    /// (`old`) holds, after that was put in again.
    async fn load(
        &mut self,
        client: &Client,
        streams: &Streams,
        mark: &Mark,
        old: Vec<(String, Record)>,
        lost: bool,
    ) -> Result<Reader, Stop> {
        let (mut all, mut reader) = self.read_all(streams, mark).await?;
        let mut missing = old;
        for _ in 0..MOST_ROUNDS {
            if lost {
                let (reply, answer) = oneshot::channel();
                self.send(Event::Missing { loaded: Box::new(all.durable.clone()), reply }).await?;
                missing = answer.await.map_err(|_| Stop::Ended)?;
            }
            if missing.is_empty() {
                break;
            }
            warn!("the log has lost records: {} are put in again", missing.len());
            let (newest, this) = (&all.newest, &*self);
            let puts = missing.drain(..).map(|(key, record)| async move {
                this.put_again(client, mark, newest, &key, &record).await
            });
            // In order: each is written to the connection before the next one begins.
            let mut puts = stream::iter(puts).buffered(PUT_AGAIN_AT_ONCE);
            while let Some(put) = puts.next().await {
                put?;
            }
            drop(puts);
            (all, reader) = self.read_all(streams, mark).await?;
        }
        self.send(Event::Loaded(Box::new(all.durable))).await?;
        Ok(reader)
    }

    /// Where two gateways do, the record is in the log once. Of what the state holds one of, another gateway may have put in
    /// a newer one meanwhile: then it is looked at once more.
    async fn put_again(
        &self,
        client: &Client,
        mark: &Mark,
        newest: &BTreeMap<String, u64>,
        key: &str,
        record: &Record,
    ) -> Result<(), Trouble> {
        let failed = |text: String| Trouble::Gone(format!("a lost record cannot be put in again: {text}"));
        let record = Record { v: self.options.layout, ..record.clone() };
        let body = serde_json::to_vec(&record).map_err(|error| failed(error.to_string()))?;
        // Another gateway may be sent the same command at this moment: the log takes one of the two.
        let again = || format!("again/{}/{:016x}", mark.epoch, fingerprint(&body));
        let id = command_id(&record).unwrap_or_else(again);
        let mut headers = once(&id);
        if !["chat/", "activity/", "timeline/", "none/"].iter().any(|many| key.starts_with(many)) {
            expect(&mut headers, newest.get(key).copied().unwrap_or(0));
        }
        let answer = client.request_with_headers(self.layout.subject(key), headers, body.into()).await;
        match outcome(&answer.map_err(|error| failed(error.to_string()))?.payload) {
            Outcome::Stored(_) | Outcome::Stale(_) => Ok(()),
            Outcome::Refused(text) | Outcome::Failed(text) => Err(failed(text)),
        }
    }

    /// Reads the log from its beginning; the reader goes on behind it.
    async fn read_all(&mut self, streams: &Streams, mark: &Mark) -> Result<(All, Reader), Stop> {
        let log = streams::info(&streams.log).await?;
        let (first, last) = (log.state.first_sequence.max(1), log.state.last_sequence);
        let now = (self.now)();
        let mut durable = load::before(streams, &self.options, first, &mark.epoch, &self.config, now).await?;
        let mut position = Position { epoch: mark.epoch.clone(), seq: first.saturating_sub(1), print: 0 };
        let mut reader = Reader::start(&streams.log, first).await?;
        let mut left = reader.pending > 0;
        let mut count = 0_u64;
        let mut newest = BTreeMap::new();
        while left {
            let read = reader.next().await?;
            left = read.pending > 0 && read.seq < last;
            if let Some(key) = self.layout.key(&read.subject) {
                let record = record(&read.payload, self.options.newest_layout)
                    .map_err(|error| unreadable(read.seq, &error))?;
                match record {
                    Some(record) => {
                        load::take(&mut durable, read.seq, &record, &self.config, now);
                        count += 1;
                    }
                    None => self.pass_over(read.seq, &read.subject),
                }
                newest.insert(key, read.seq);
            } else if read.subject != self.layout.epoch() {
                self.pass_over(read.seq, &read.subject);
            }
            position = Position { seq: read.seq, print: fingerprint(&read.payload), ..position };
        }
        durable.read_up_to(position.seq);
        info!("NATS {}: {count} records, epoch {}", self.options.shown(), mark.epoch);
        self.position = Some(position);
        Ok((All { durable, newest }, reader))
    }
}

/// Everything that the log holds.
struct All {
    durable: Durable,
    /// Of each key the newest message.
    newest: BTreeMap<String, u64>,
}
