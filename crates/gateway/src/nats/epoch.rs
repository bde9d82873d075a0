//! Whose history it is: the epoch, and whether the log may be taken for what it was.
//!
//! A server that acknowledges before it flushes may come back without its newest messages, and a stream may be deleted and
//! made again: `seq`s are given twice then. So the epoch stays only when somebody can tell that nothing is missing:
//! a gateway that finds the message it read last where it was, or the very server process (its id) that was there when the
//! epoch was confirmed last. Streams of three copies and more keep what they acknowledged.

use super::layout::{Layout, expect};
use super::outcome::{Outcome, outcome};
use super::streams::Streams;
use super::{Gateway, Trouble};
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use async_nats::{Client, HeaderMap};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long gateways get to say that they have read the log all along.
const ANSWER_WAIT: Duration = Duration::from_millis(400);
/// How often they are asked: they may be about to connect as well.
const ASK_TIMES: u32 = 5;

/// The message that names the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub epoch: String,
    /// The id of the server process at which it was confirmed last.
    pub server: String,
    /// When the log was made: another one made in its place is another log.
    pub created: String,
}

/// The mark in force, and the `seq` of its message in the log (0 when it has aged out).
pub(super) async fn read(
    streams: &Streams,
    layout: &Layout,
    created: &str,
) -> Result<(Option<Mark>, u64), Trouble> {
    let of_log = last(&streams.log, layout).await?;
    let seq = of_log.as_ref().map_or(0, |(_, seq)| *seq);
    let mark = match of_log {
        Some((mark, _)) => Some(mark),
        None => last(&streams.state, layout).await?.map(|(mark, _)| mark),
    };
    Ok((mark.filter(|mark| mark.created == created), seq))
}

async fn last(stream: &Stream, layout: &Layout) -> Result<Option<(Mark, u64)>, Trouble> {
    match stream.get_last_raw_message_by_subject(&layout.epoch()).await {
        Ok(message) => Ok(serde_json::from_slice(&message.payload).ok().map(|mark| (mark, message.sequence))),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(Trouble::Gone(format!("the epoch cannot be read: {error}"))),
    }
}

/// Writes the mark after the message `seq`. `false`: another gateway wrote one first.
pub(super) async fn write(client: &Client, layout: &Layout, mark: &Mark, seq: u64) -> Result<bool, Trouble> {
    let failed = |text: String| Trouble::Gone(format!("the epoch cannot be written: {text}"));
    let body = serde_json::to_vec(mark).map_err(|error| failed(error.to_string()))?;
    let mut headers = HeaderMap::new();
    expect(&mut headers, seq);
    let answer = client.request_with_headers(layout.epoch(), headers, body.into()).await;
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    match outcome(&answer.payload) {
        Outcome::Stored(_) => Ok(true),
        Outcome::Stale(_) => Ok(false),
        Outcome::Refused(text) | Outcome::Failed(text) => Err(failed(text)),
    }
}

/// Whether a gateway that reads the log all along says that it goes on in this epoch.
pub(super) async fn is_vouched_for(client: &Client, layout: &Layout, epoch: &str) -> Result<bool, Trouble> {
    for _ in 0..ASK_TIMES {
        if ask(client, layout, ANSWER_WAIT).await?.iter().any(|gateway| gateway.epoch == epoch) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the gateways that are connected say of themselves.
pub(super) async fn ask(client: &Client, layout: &Layout, wait: Duration) -> Result<Vec<Gateway>, Trouble> {
    let failed = |text: String| Trouble::Gone(format!("the gateways cannot be asked: {text}"));
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| failed(error.to_string()))?;
    client
        .publish_with_reply(layout.who(), inbox, Vec::new().into())
        .await
        .map_err(|error| failed(error.to_string()))?;
    let mut gateways = Vec::new();
    let collect = async {
        while let Some(answer) = answers.next().await {
            // Nobody listens.
            if answer.status.is_some() {
                tokio::time::sleep(wait).await;
                return;
            }
            gateways.extend(serde_json::from_slice::<Gateway>(&answer.payload).ok());
        }
    };
    // Its end is the ordinary way out.
    let _ = tokio::time::timeout(wait, collect).await;
    Ok(gateways)
}
