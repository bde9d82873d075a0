//! What a stream holds, in order, from a place on.

use super::Trouble;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt;
use tokio_tungstenite::tungstenite::Bytes;

/// A message of a stream.
pub(super) struct Read {
    pub seq: u64,
    pub subject: String,
    pub payload: Bytes,
    pub headers: Option<async_nats::HeaderMap>,
    /// Messages of the stream that were behind it when it was sent.
    pub pending: u64,
}

pub(super) struct Reader {
    messages: Ordered,
    name: String,
    consumer: String,
    /// Messages that are there and were not read, as far as is known.
    pub pending: u64,
}

impl Reader {
    /// Reads from `seq` on.
    pub(super) async fn start(stream: &Stream, seq: u64) -> Result<Self, Trouble> {
        let name = stream.cached_info().config.name.clone();
        let gone =
            |error: &dyn std::fmt::Display| Trouble::Gone(format!("stream {name} cannot be read: {error}"));
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: seq.max(1) },
            description: Some("sentinelops-gateway".to_owned()),
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| gone(&error))?;
        let pending = consumer.cached_info().num_pending;
        let consumer_name = consumer.cached_info().name.clone();
        let messages = consumer.messages().await.map_err(|error| gone(&error))?;
        Ok(Self { messages, name, consumer: consumer_name, pending })
    }

    pub(super) async fn next(&mut self) -> Result<Read, Trouble> {
        let gone = |text: String| Trouble::Gone(format!("stream {} cannot be read: {text}", self.name));
        let message = match self.messages.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(gone(error.to_string())),
            None => return Err(gone("it has ended".to_owned())),
        };
        let info = message.info().map_err(|error| gone(error.to_string()))?;
        if info.consumer != self.consumer {
            // The library made another one by itself, maybe of another stream of this name: whether it goes on where the
            // first one was is looked at again.
            return Err(gone(format!("its consumer {} is not there any more", self.consumer)));
        }
        let (seq, pending) = (info.stream_sequence, info.pending);
        self.pending = pending;
        let async_nats::Message { subject, payload, headers, .. } = message.message;
        Ok(Read { seq, subject: subject.to_string(), payload, headers, pending })
    }
}
