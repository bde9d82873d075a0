//! Frames of one's own, to and from a basic server.

use super::changes::{Changes, Dependency};
use super::{Client, Subscription};
use crate::bridge::ToWorker;
use crate::{RawError, RawEvent};
use sentinelops_engine::{ConnectionState, Mode, RawFrame};
use std::rc::Rc;

impl Client {
    /// Calls back with each frame of a basic server that is no message of the protocol, in order, until the subscription is
    /// dropped: text that is no JSON, JSON that is no envelope, an envelope of a channel of your own, binary frames. While
    /// somebody is subscribed such frames are no error. A server that speaks v1 has none.
    ///
    /// A frame has at most [`RawFrame::BYTES_MAX`] bytes; at most 10,000 frames and 8 MiB wait for a page that is slow, the
    /// oldest are dropped ([`RawEvent::Lost`]).
    ///
    /// ```
    /// use sentinelops_realtime::{Client, RawEvent, RawFrame, Subscription};
    ///
    /// fn readings(client: &Client) -> Subscription {
    ///     client.subscribe_raw(|event| match event {
    ///         RawEvent::Frame(frame) => match &**frame {
    ///             RawFrame::Text(text) => log::info!("{text}"),
    ///             RawFrame::Binary(bytes) => log::info!("{} bytes", bytes.len()),
    ///         },
    ///         RawEvent::Lost { frames } => log::warn!("{frames} frames came too fast"),
    ///     })
    /// }
    /// ```
    pub fn subscribe_raw(&self, on_event: impl Fn(&RawEvent) + 'static) -> Subscription {
        let listener = Rc::new(move |changes: &Changes| changes.raw.iter().for_each(&on_event));
        Subscription::of(self.watch(vec![Dependency::Raw], listener))
    }

    /// Sends a frame as it is to a basic server, at once or not at all, like `WebSocket.send`: it waits in no queue, survives
    /// no reload, and nothing says whether it arrived. What has to arrive is a [`Message`](crate::Message).
    ///
    /// # Errors
    /// Why it was not sent. A connection that breaks at this moment loses the frame without an error.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, RawError, RawFrame};
    ///
    /// fn follow(client: &Client) -> Result<(), RawError> {
    ///     client.send_raw(RawFrame::Text(r#"{"type":"follow","channel":"weather"}"#.to_owned()))
    /// }
    /// ```
    pub fn send_raw(&self, frame: RawFrame) -> Result<(), RawError> {
        if frame.len() > RawFrame::BYTES_MAX {
            return Err(RawError::TooBig { found: frame.len(), allowed: RawFrame::BYTES_MAX });
        }
        let status = self.status();
        match status.mode.filter(|_| status.state == ConnectionState::Connected) {
            _ if self.0.settings.options.read_only => Err(RawError::ReadOnly),
            _ if self.is_signed_out() || self.is_ending() => Err(RawError::NotConnected),
            None => Err(RawError::NotConnected),
            Some(Mode::V1) => Err(RawError::NotBasic),
            Some(Mode::Basic) => {
                self.post(ToWorker::SendRaw(frame));
                Ok(())
            }
        }
    }

    pub(super) fn take_raw(&self, event: RawEvent, changes: &mut Changes) {
        changes.raw.push(event);
        self.state_mut().listeners.dirty.insert(Dependency::Raw);
    }
}
