//! `gateway import`: records of another store, put into a log that has none.

use super::connect::connect;
use super::layout::{Layout, fingerprint, once, record};
use super::outcome::{Outcome, outcome};
use super::{NatsOptions, Trouble, streams};
use crate::Record;
use crate::core::key_of_record;
use std::io::BufRead;

/// Puts the records of `lines` (one JSON object each, as `gateway export` prints them) into the log, in order. Answers how
/// many there were.
///
/// # Errors
/// The log has records already, NATS cannot be reached, or a line is no record: a sentence.
pub async fn import(options: &NatsOptions, lines: impl BufRead) -> Result<u64, String> {
    put(options, lines).await.map_err(|trouble| trouble.to_string())
}

async fn put(options: &NatsOptions, lines: impl BufRead) -> Result<u64, Trouble> {
    let connection = connect(options).await?;
    let client = &connection.client;
    let layout = Layout::new(&options.namespace);
    let context = async_nats::jetstream::new(client.clone());
    let streams = streams::ensure(&context, &layout, options).await?;
    let log = streams::info(&streams.log).await?;
    // A gateway that was started before has left the message of its epoch.
    if log.state.last_sequence > 1 {
        return Err(Trouble::Unusable(format!(
            "stream {} is not new ({} messages so far): choose another --nats-namespace, or delete its three streams",
            layout.log(),
            log.state.last_sequence
        )));
    }
    let mut count = 0;
    for (number, line) in (1_u64..).zip(lines.lines()) {
        let failed = |text: String| Trouble::Unusable(format!("line {number}: {text}"));
        let line = line.map_err(|error| failed(error.to_string()))?;
        let record = record(line.as_bytes(), options.newest_layout).map_err(failed)?;
        let record = record.ok_or_else(|| failed("this is no record, as `export` prints it".to_owned()))?;
        let record = Record { v: options.layout, ..record };
        let body = serde_json::to_vec(&record).map_err(|error| failed(error.to_string()))?;
        let subject = layout.subject(&key_of_record(&record));
        let headers = once(&format!("import/{:016x}", fingerprint(&body)));
        let answer = client.request_with_headers(subject, headers, body.into()).await;
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        if let Outcome::Refused(text) | Outcome::Failed(text) = outcome(&answer.payload) {
            return Err(failed(text));
        }
        count += 1;
    }
    Ok(count)
}
