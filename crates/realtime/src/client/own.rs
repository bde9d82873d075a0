//! Channels of one's own on a basic server: the documented envelope, with payloads of one's own type.

use super::{Client, Subscription};
use crate::id::ulid;
use crate::{OwnSendError, PayloadError, RawEvent};
use sentinelops_engine::RawFrame;
use sentinelops_protocol::{Json, Problem, read_value};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A message on a channel of your own.
///
/// ```
/// use sentinelops_realtime::OwnMessage;
///
/// fn line(message: &OwnMessage<f64>) -> String {
///     format!("{}: {} degrees", message.kind, message.payload)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OwnMessage<T> {
    /// The envelope's `type`.
    pub kind: String,
    /// The envelope's `payload`.
    pub payload: T,
    /// The envelope's `timestamp`, ms since the epoch; `None` where it has none, or one that is no such number.
    pub timestamp: Option<u64>,
}

#[derive(Deserialize)]
struct Received {
    channel: String,
    #[serde(rename = "type")]
    kind: String,
    payload: Json,
    timestamp: Option<Json>,
}

#[derive(Serialize)]
struct Sent<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    channel: &'a str,
    payload: &'a Json,
    timestamp: u64,
}

impl Client {
    /// Calls back with each message that a basic server sends on a channel of its own, in order, until the subscription is
    /// dropped. One envelope a frame is understood, and arrays of them. A payload that does not fit `T` is an `Err` that says
    /// where; the messages after it go on.
    ///
    /// These messages are raw frames, with what [`Client::subscribe_raw`] says of these. Types of your own on a documented
    /// channel are ordinary messages: [`use_channel`](crate::use_channel).
    ///
    /// ```
    /// use sentinelops_realtime::{Client, Subscription};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Reading {
    ///     celsius: f64,
    /// }
    ///
    /// fn weather(client: &Client) -> Subscription {
    ///     client.subscribe_own("weather", |message| match message {
    ///         Ok(message) => {
    ///             let Reading { celsius } = message.payload;
    ///             log::info!("{celsius} degrees");
    ///         }
    ///         Err(why) => log::warn!("{why}"),
    ///     })
    /// }
    /// ```
    pub fn subscribe_own<T: DeserializeOwned + 'static>(
        &self,
        channel: impl Into<String>,
        on_message: impl Fn(Result<OwnMessage<T>, Problem>) + 'static,
    ) -> Subscription {
        let channel = channel.into();
        self.subscribe_raw(move |event| messages_in(&channel, event).for_each(&on_message))
    }

    /// Sends a message on a channel of the server's own, at once or not at all: see [`Client::send_raw`].
    ///
    /// # Errors
    /// Why it was not sent.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, OwnSendError};
    ///
    /// fn follow(client: &Client, place: &str) -> Result<(), OwnSendError> {
    ///     client.send_own("weather", "weather.follow", &[place])
    /// }
    /// ```
    pub fn send_own<T: Serialize + ?Sized>(
        &self,
        channel: &str,
        kind: &str,
        payload: &T,
    ) -> Result<(), OwnSendError> {
        let unwritable = |reason| PayloadError { kind: kind.to_owned(), reason };
        let payload = Json::from_value(payload).map_err(unwritable)?;
        let (timestamp, random) = (self.platform().wall(), self.platform().random());
        let id = ulid(timestamp, random);
        let sent = Sent { id: &id, kind, channel, payload: &payload, timestamp };
        let text = Json::from_value(&sent).map_err(unwritable)?;
        Ok(self.send_raw(RawFrame::Text(text.as_str().to_owned()))?)
    }
}

/// The messages of a channel in a raw frame.
#[allow(clippy::result_large_err, reason = "what callbacks of typed channels are called with")]
pub(crate) fn messages_in<'a, T: DeserializeOwned + 'a>(
    channel: &'a str,
    event: &RawEvent,
) -> impl Iterator<Item = Result<OwnMessage<T>, Problem>> + use<'a, T> {
    let envelopes = match event {
        RawEvent::Frame(frame) => match &**frame {
            RawFrame::Text(text) => envelopes_in(text),
            RawFrame::Binary(_) => Vec::new(),
        },
        RawEvent::Lost { .. } => Vec::new(),
    };
    envelopes.into_iter().filter(move |envelope| envelope.channel == channel).map(|envelope| {
        let Received { kind, payload, timestamp, .. } = envelope;
        let timestamp = timestamp.and_then(|timestamp| timestamp.read().ok());
        match read_value(&kind, &payload) {
            Ok(payload) => Ok(OwnMessage { kind, payload, timestamp }),
            Err(problem) => Err(*problem),
        }
    })
}

/// The envelopes of a frame; text that is none has none.
fn envelopes_in(text: &str) -> Vec<Received> {
    let Ok(json) = Json::parse(text) else { return Vec::new() };
    match json.read::<Vec<Json>>() {
        Ok(all) => all.iter().filter_map(|one| one.read().ok()).collect(),
        Err(_) => json.read().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn read(channel: &str, text: &str) -> Vec<Result<OwnMessage<u32>, Problem>> {
        let frame = RawEvent::Frame(Rc::new(RawFrame::Text(text.to_owned())));
        messages_in(channel, &frame).collect()
    }

    #[test]
    fn envelopes_of_the_channel_are_read_alone_and_in_arrays() {
        let five = r#"{"type":"weather.now","channel":"weather","payload":5,"timestamp":7}"#;
        let other = r#"{"type":"tide.now","channel":"tides","payload":6}"#;
        let read_five = OwnMessage { kind: "weather.now".to_owned(), payload: 5, timestamp: Some(7) };
        assert_eq!(read("weather", five), [Ok(read_five.clone())]);
        let expected = [Ok(read_five.clone()), Ok(read_five)];
        assert_eq!(read("weather", &format!("[{five},{other},{five}]")), expected);
        for nothing in [other, "21.5", "no JSON", "[1]", r#"{"channel":"weather"}"#] {
            assert_eq!(read("weather", nothing), []);
        }
        assert_eq!(messages_in::<u32>("weather", &RawEvent::Lost { frames: 1 }).count(), 0);
    }

    #[test]
    fn payload_that_does_not_fit_says_where() {
        let text = r#"{"type":"weather.now","channel":"weather","payload":"warm","timestamp":"today"}"#;
        let problems: Vec<String> =
            read("weather", text).into_iter().filter_map(Result::err).map(|why| why.to_string()).collect();
        assert_eq!(problems, ["weather.now: payload: expected a whole number, found string \"warm\""]);
    }
}
