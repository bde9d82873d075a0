//! Everything that the streams hold, as the memory of a gateway.

use super::layout::{record, source_seq};
use super::outcome::unreadable;
use super::reader::{Read, Reader};
use super::streams::{self, Streams};
use super::{NatsOptions, Trouble};
use crate::core::key_of_record;
use crate::{Durable, GatewayConfig, Loaded, Now, Record};
use async_nats::jetstream::stream::Stream;
use std::collections::BTreeMap;

/// What is left of the time before the log's message `first`.
pub(super) async fn before(
    streams: &Streams,
    options: &NatsOptions,
    first: u64,
    epoch: &str,
    config: &GatewayConfig,
    now: Now,
) -> Result<Durable, Trouble> {
    let mut records = BTreeMap::new();
    if first > 1 {
        for stream in [&streams.state, &streams.tail] {
            read_before(stream, options, first, &mut records).await?;
        }
    }
    let gone = first.saturating_sub(1);
    let mut loaded = Loaded { epoch: epoch.to_owned(), seq: gone, gone, ..Loaded::default() };
    for record in records.into_values() {
        loaded.accepted.extend(record.accepted);
        loaded.progress.extend(record.progress);
        loaded.state.extend(record.events);
    }
    Ok(Durable::loaded(loaded, config, now))
}

/// What streams hold that were filled from another log: the records that lead to it, each with its key.
pub(super) async fn orphans(
    streams: &Streams,
    options: &NatsOptions,
    config: &GatewayConfig,
    now: Now,
) -> Result<Vec<(String, Record)>, Trouble> {
    let mut records = BTreeMap::new();
    for stream in [&streams.state, &streams.tail] {
        read_before(stream, options, u64::MAX, &mut records).await?;
    }
    let mut durable = Durable::default();
    for (seq, record) in records {
        take(&mut durable, seq, &record, config, now);
    }
    Ok(durable.records().into_iter().map(|record| (key_of_record(&record), record)).collect())
}

async fn read_before(
    stream: &Stream,
    options: &NatsOptions,
    first: u64,
    records: &mut BTreeMap<u64, Record>,
) -> Result<(), Trouble> {
    if streams::info(stream).await?.state.messages == 0 {
        return Ok(());
    }
    let mut reader = Reader::start(stream, 1).await?;
    let mut left = reader.pending > 0;
    while left {
        let Read { headers, payload, pending, .. } = reader.next().await?;
        left = pending > 0;
        // One of the epoch is no record.
        if let Some(seq) = source_seq(headers.as_ref()).filter(|seq| *seq < first) {
            let record = record(&payload, options.newest_layout).map_err(|error| unreadable(seq, &error))?;
            records.extend(record.map(|record| (seq, record)));
        }
    }
    Ok(())
}

/// Takes in the next record of the log.
pub(super) fn take(durable: &mut Durable, seq: u64, record: &Record, config: &GatewayConfig, now: Now) {
    let age = now.wall.saturating_sub(record.at);
    let now = Now { mono: now.mono.saturating_sub(age), ..now };
    durable.take(seq, record, config, now);
}
