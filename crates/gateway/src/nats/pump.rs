//! A connection at work.
//!
//! What this gateway published takes effect when the log has it: when the server says so, if everything before it was handed
//! over, else when the log is read that far. So an own record need not wait for its way back.

use super::connect::Connection;
use super::delivery::{self, Delivery};
use super::layout::{fingerprint, headers, own, record};
use super::outcome::{Ended, Outcome, Stop, outcome, unreadable};
use super::reader::{Read, Reader};
use super::session::Session;
use super::stored::Stored;
use super::streams::{self, Streams};
use super::{Ask, Event, Gateway, Trouble};
use crate::{Position, Proposal, Record};
use async_nats::Client;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// A publish that is not answered within this ends the connection.
const ANSWER: Duration = Duration::from_secs(4);
const TICK: Duration = Duration::from_millis(250);

type Reply = oneshot::Sender<Result<(), String>>;

/// A record on its way.
struct Published {
    began: Instant,
    key: String,
    record: Record,
    /// Fingerprint of its message.
    print: u64,
}

pub(super) struct Pump<'a> {
    session: &'a mut Session,
    client: Client,
    /// Answers to publishes come here, under their number.
    inbox: String,
    /// Publishes without an answer, by their number.
    open: BTreeMap<u64, Published>,
    /// Publishes that the log has and that were not handed over, by `seq`; with their number.
    stored: Stored<(u64, Published)>,
    /// Those who wait until this message was handed over.
    probes: Vec<(u64, Reply)>,
    delivery: Delivery,
    up: bool,
}

impl<'a> Pump<'a> {
    pub(super) async fn run(
        session: &'a mut Session,
        connection: Connection,
        streams: &Streams,
        mut reader: Reader,
        asks: &mut mpsc::UnboundedReceiver<Ask>,
    ) -> Result<(), Stop> {
        let Connection { client, mut broken } = connection;
        let gone = |error: &dyn std::fmt::Display| Trouble::Gone(format!("NATS: {error}"));
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(format!("{inbox}.*")).await.map_err(|error| gone(&error))?;
        let notices = session.layout.notices();
        let mut notices = client.subscribe(notices).await.map_err(|error| gone(&error))?;
        let mut askers = client.subscribe(session.layout.who()).await.map_err(|error| gone(&error))?;
        let (probed, mut probes) = mpsc::unbounded_channel::<(Result<u64, String>, Reply)>();
        let delivery = Delivery::after(session.position.as_ref().map_or(0, |position| position.seq));
        let mut pump = Self {
            session,
            client,
            inbox,
            open: BTreeMap::new(),
            stored: Stored::new(),
            probes: Vec::new(),
            delivery,
            up: false,
        };
        if reader.pending == 0 {
            pump.is_up().await?;
        }
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                read = reader.next() => pump.read(read?).await?,
                Some(answer) = answers.next() => pump.answered(&answer).await?,
                ask = asks.recv() => match ask {
                    None => return Ok(()),
                    Some(Ask::Propose(proposal)) => pump.propose(proposal).await?,
                    Some(Ask::Tell(notice)) => {
                        let body = serde_json::to_vec(&notice).unwrap_or_default();
                        // A notice may be lost.
                        let _ = pump.client.publish(pump.session.layout.notices(), body.into()).await;
                    }
                    Some(Ask::Probe(reply)) => {
                        let (log, probed) = (streams.log.clone(), probed.clone());
                        tokio::spawn(async move {
                            let last = streams::info(&log).await.map(|info| info.state.last_sequence);
                            let _ = probed.send((last.map_err(|error| error.to_string()), reply));
                        });
                    }
                },
                Some((last, reply)) = probes.recv() => match last {
                    Ok(seq) => {
                        pump.probes.push((seq, reply));
                        pump.answer_probes();
                    }
                    Err(text) => drop(reply.send(Err(text))),
                },
                Some(notice) = notices.next() => {
                    if let Ok(notice) = serde_json::from_slice(&notice.payload) {
                        pump.session.send(Event::Told(notice)).await?;
                    }
                }
                Some(question) = askers.next() => pump.introduce(question.reply).await?,
                _ = broken.changed() => return Err(gone(&"the connection broke").into()),
                _ = tick.tick() => pump.tick()?,
            }
        }
    }

    async fn is_up(&mut self) -> Result<(), Ended> {
        self.up = true;
        self.session.figures.up.store(1, Ordering::Relaxed);
        self.session.send(Event::Up).await
    }

    async fn read(&mut self, read: Read) -> Result<(), Stop> {
        let Read { seq, pending, .. } = read;
        let session = &mut *self.session;
        session.figures.lag.store(pending, Ordering::Relaxed);
        self.delivery.sent(seq);
        // Else it was handed over when the server said that it is stored.
        if session.position.as_ref().is_none_or(|position| seq > position.seq) {
            self.take_in(read).await?;
        }
        if pending == 0 && !self.up {
            self.is_up().await?;
        }
        Ok(self.hand_over_stored().await?)
    }

    /// Hands over the next message of the log.
    async fn take_in(&mut self, read: Read) -> Result<(), Stop> {
        let Read { seq, subject, payload, headers, .. } = read;
        let session = &mut *self.session;
        let epoch = session.position.as_ref().map(|position| position.epoch.clone()).unwrap_or_default();
        let mut event = Event::Passed { seq };
        if let Some(key) = session.layout.key(&subject) {
            let record =
                record(&payload, session.options.newest_layout).map_err(|error| unreadable(seq, &error))?;
            match record {
                Some(record) => {
                    let own = own(&session.name, headers.as_ref());
                    event = Event::Record { seq, key, record, own };
                }
                None => session.pass_over(seq, &subject),
            }
        } else if subject == session.layout.epoch() {
            let mark: Option<super::epoch::Mark> = serde_json::from_slice(&payload).ok();
            if mark.is_none_or(|mark| mark.epoch != epoch) {
                return Err(Trouble::Gone("another gateway began a new epoch".to_owned()).into());
            }
        } else {
            session.pass_over(seq, &subject);
        }
        session.send(event).await?;
        session.position = Some(Position { epoch, seq, print: fingerprint(&payload) });
        Ok(())
    }

    /// Hands over the own records that come next in the log.
    async fn hand_over_stored(&mut self) -> Result<(), Ended> {
        while let Some(position) = &mut self.session.position
            && let Some((seq, (number, published))) = self.stored.next(position.seq)
        {
            let Published { key, record, print, .. } = published;
            (position.seq, position.print) = (seq, print);
            self.session.send(Event::Record { seq, key, record, own: Some(number) }).await?;
        }
        self.answer_probes();
        Ok(())
    }

    fn answer_probes(&mut self) {
        let read = self.session.position.as_ref().map_or(0, |position| position.seq);
        let (done, left) = std::mem::take(&mut self.probes).into_iter().partition(|(seq, _)| *seq <= read);
        self.probes = left;
        let done: Vec<(u64, Reply)> = done;
        for (_, reply) in done {
            // It fails when nobody waits any more.
            let _ = reply.send(if self.up { Ok(()) } else { Err("the log is being read".to_owned()) });
        }
    }

    async fn propose(&mut self, mut proposal: Proposal) -> Result<(), Stop> {
        proposal.record.v = self.session.options.layout;
        let number = proposal.number;
        let refused = |text: String| Event::Refused { number, text };
        let Ok(body) = serde_json::to_vec(&proposal.record) else {
            return Ok(self.session.send(refused("the record cannot be encoded".to_owned())).await?);
        };
        let subject = self.session.layout.subject(&proposal.key);
        let headers = headers(&self.session.name, &proposal);
        let reply = format!("{}.{number}", self.inbox);
        let Proposal { key, record, .. } = proposal;
        let published = Published { began: Instant::now(), key, record, print: fingerprint(&body) };
        match self.client.publish_with_reply_and_headers(subject, reply, headers, body.into()).await {
            Ok(()) => {
                self.open.insert(number, published);
                self.session.figures.published.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.session.send(refused(error.to_string())).await?,
        }
        Ok(())
    }

    async fn answered(&mut self, answer: &async_nats::Message) -> Result<(), Stop> {
        let number = answer.subject.rsplit('.').next().and_then(|number| number.parse().ok());
        let Some(number) = number else { return Ok(()) };
        let Some(published) = self.open.remove(&number) else { return Ok(()) };
        if answer.status.is_some() {
            return Err(Trouble::Gone("the log takes nothing: its stream is not there".to_owned()).into());
        }
        let us = u64::try_from(published.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.session.figures.publish_us.lock().unwrap_or_else(PoisonError::into_inner).observe(us);
        let event = match outcome(&answer.payload) {
            Outcome::Stored(seq) => {
                self.delivery.stored(seq, Instant::now());
                self.stored.insert(seq, (number, published));
                return Ok(self.hand_over_stored().await?);
            }
            Outcome::Stale(newest) => Event::Stale { number, newest },
            Outcome::Refused(text) => Event::Refused { number, text },
            Outcome::Failed(text) => {
                return Err(Trouble::Gone(format!("NATS stores nothing: {text}")).into());
            }
        };
        Ok(self.session.send(event).await?)
    }

    async fn introduce(&mut self, to: Option<async_nats::Subject>) -> Result<(), Stop> {
        let Some(to) = to.filter(|_| self.up) else { return Ok(()) };
        let (reply, answer) = oneshot::channel();
        self.session.send(Event::Who(reply)).await?;
        let client = self.client.clone();
        let name = self.session.name.to_string();
        tokio::spawn(async move {
            if let Ok(gateway) = answer.await {
                let gateway = Gateway { name, ..gateway };
                let body = serde_json::to_vec(&gateway).unwrap_or_default();
                // Whoever asked may be gone.
                let _ = client.publish(to, body.into()).await;
            }
        });
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Stop> {
        // Numbers rise.
        let oldest = self.open.first_key_value();
        if oldest.is_some_and(|(_, published)| published.began.elapsed() > ANSWER) {
            let text = format!("NATS did not answer a publish within {} s", ANSWER.as_secs());
            return Err(Trouble::Gone(text).into());
        }
        if self.delivery.is_late(Instant::now()) {
            let text =
                format!("NATS stored a record and did not send it within {} s", delivery::MOST.as_secs());
            return Err(Trouble::Gone(text).into());
        }
        Ok(())
    }
}
