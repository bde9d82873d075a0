//! Carries out what the node asks for.

use super::super::clock;
use super::super::store::ReadUnreadable;
use super::{Core, Socket};
use crate::bridge::FromWorker;
use sentinelops_engine::tabs::{NodeOutput, Role};
use sentinelops_engine::{Generation, Output, RawFrame, SocketEvent};

impl Core {
    /// `true` if bytes were handed to the socket.
    pub(super) fn carry_out(&mut self, output: NodeOutput) -> bool {
        match output {
            NodeOutput::Engine(output) => return self.carry_out_engine(output),
            NodeOutput::Lock(request) => self.tabs.lock(request),
            NodeOutput::Link(target, message) => self.tabs.send(target, &message),
            NodeOutput::ProbeStore => self.store.probe(),
            NodeOutput::ReadMeta => self.read_meta(),
            NodeOutput::QueryTabs => self.tabs.query(),
            NodeOutput::Role(role) => {
                if matches!(role, Role::Follower | Role::Idle) {
                    self.store.stop_writing();
                }
                (self.reply)(FromWorker::Role(role));
            }
            NodeOutput::LeaveNotice(message) => {
                let leave_notice = message.and_then(|message| self.tabs.leave_notice(&message));
                (self.reply)(FromWorker::LeaveNotice(leave_notice));
            }
            NodeOutput::SignedOut { wipe } => self.signed_out = Some(wipe),
        }
        false
    }

    fn carry_out_engine(&mut self, output: Output) -> bool {
        match output {
            Output::Dial { generation, url } => self.dial(generation, &url),
            Output::Transmit { generation, text, binary } => {
                if let Some(socket) = self.current(generation) {
                    socket.send(&text, binary);
                    return true;
                }
            }
            Output::TransmitRaw { generation, frame } => {
                if let Some(socket) = self.current(generation) {
                    match &frame {
                        RawFrame::Text(text) => socket.send(text, false),
                        RawFrame::Binary(bytes) => socket.send_bytes(bytes),
                    }
                    return true;
                }
            }
            Output::Abandon { generation, code, reason } => {
                if let Some(socket) = self.socket.take_if(|socket| socket.generation() == generation) {
                    socket.abandon(code, &reason);
                }
            }
            Output::RequestToken { reason } => (self.reply)(FromWorker::TokenWanted(reason)),
            Output::Store(group) => self.store.write(group),
            Output::OpenStore => self.store.open(),
            Output::SetAsideUnreadable => self.store.set_aside_unreadable(),
            Output::Deliver { batch, .. } => (self.reply)(FromWorker::Batch(batch)),
            Output::Trace(trace) => self.traces.push(trace),
        }
        false
    }

    fn read_meta(&self) {
        let (me, meta) = (self.me.clone(), self.store.meta());
        wasm_bindgen_futures::spawn_local(async move {
            let meta = meta.await;
            if let Some(inner) = me.upgrade() {
                inner.input(|core, now| core.node.handle_meta(now, meta.as_ref()));
            }
        });
    }

    pub(super) fn answer_unreadable(&self, unreadable: ReadUnreadable) {
        let reply = self.reply.clone();
        wasm_bindgen_futures::spawn_local(async move {
            reply(FromWorker::Unreadable(unreadable.await));
        });
    }

    pub(super) fn answer_last_states(&self) {
        let (reply, records) = (self.reply.clone(), self.last_states.read());
        wasm_bindgen_futures::spawn_local(async move {
            reply(FromWorker::LastState(records.await));
        });
    }

    fn current(&self, generation: Generation) -> Option<&Socket> {
        self.socket.as_ref().filter(|socket| socket.generation() == generation)
    }

    fn dial(&mut self, generation: Generation, url: &str) {
        // The engine abandons before it dials; should it not, the old one goes first.
        self.socket = None;
        self.buffered = 0;
        #[cfg(feature = "lab")]
        let opened = Socket::open(generation, url, &self.protocols, &self.socket_listener, &self.relay);
        #[cfg(not(feature = "lab"))]
        let opened = Socket::open(generation, url, &self.protocols, &self.socket_listener);
        match opened {
            Ok(socket) => self.socket = Some(socket),
            Err(reason) => {
                let refused = SocketEvent::Refused { reason };
                self.node.handle_socket(clock::now(), generation, refused);
            }
        }
    }
}
